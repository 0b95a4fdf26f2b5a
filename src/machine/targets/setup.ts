// setup.wasm: what the lab calls once to bring a machine's memory into its first state. Never runs in a timed region.
import { fillMedia as fillMediaOf } from "../agents/verify";
import { Machine } from "../layout/machine";
import { HostQueue } from "../layout/queue";
import { poolAlloc, poolAvail as poolAvailOf, poolFree, poolInit } from "../mm/gen_pool";
import { initRamMemmap } from "../mm/memmap";
import { initP2pmem } from "../pci/p2pmem";
import { mapTypeTreeBytes as treeBytes, mapTypeTreeInit } from "../pci/map_types";

/** Struct pages of host RAM. */
export function setupRam(machine: usize): void {
  initRamMemmap(changetype<Machine>(machine));
}

/** An empty gen_pool over the BAR, its header at machine.pool and its chunk at `chunk`. */
export function setupPool(machine: usize, chunk: usize): void {
  const m = changetype<Machine>(machine);
  initP2pmem(m);
  poolInit(<usize>m.pool, chunk, m.barBus, m.barBytes);
}

export function poolAvail(machine: usize): f64 {
  return <f64>poolAvailOf(<usize>changetype<Machine>(machine).pool);
}

/** Offset in the BAR, or -1 when nothing fits. */
export function allocate(machine: usize, bytes: u32): f64 {
  const at = poolAlloc(<usize>changetype<Machine>(machine).pool, bytes);
  return at == u64.MAX_VALUE ? -1 : <f64>at;
}

export function free(machine: usize, offset: f64, bytes: u32): void {
  poolFree(<usize>changetype<Machine>(machine).pool, <u64>offset, bytes);
}

export function mapTypeTreeBytes(clients: u32): u32 {
  return treeBytes(clients);
}

export function setupMapTypes(tree: usize, bytes: u32): void {
  mapTypeTreeInit(tree, bytes);
}

/** Fills a queue's media window with generation 0 for payload verification. */
export function fillMedia(queue: usize): void {
  fillMediaOf(changetype<HostQueue>(queue));
}
