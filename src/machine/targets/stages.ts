// stages.wasm: single stages of the path, for tests of their rules and for benches of their cost.
import { Machine } from "../layout/machine";
import { commandOf, iodOf, NvmeCommand, NvmeIod } from "../layout/nvme";
import { DeviceQueue, HostQueue, requestAt } from "../layout/queue";
import { prpAdd, prpBegin, prpFree } from "../nvme/prp";
import { mapType } from "../pci/map_types";
import { route as routeAddress } from "../pci/routing";

/** Writes the PRPs of one segment into the command of request `tag`; returns the wasm address of the command. */
export function writePrps(queue: usize, tag: u32, address: f64, bytes: u32): usize {
  const host = changetype<HostQueue>(queue);
  const request = requestAt(host, tag);
  const iod: NvmeIod = iodOf(request);
  const command: NvmeCommand = commandOf(request);
  prpBegin(host, iod, command, <u64>address, bytes);
  prpAdd(host, iod, command, <u64>address, bytes);
  return changetype<usize>(command);
}

/** Gives back what writePrps took. */
export function freePrps(queue: usize, tag: u32): void {
  const host = changetype<HostQueue>(queue);
  prpFree(host, iodOf(requestAt(host, tag)));
}

/** wasm address behind a bus address as the controller of `queue` sees it; 0 when no window claims it. */
export function route(queue: usize, busAddress: f64, bytes: u32): usize {
  return routeAddress(changetype<DeviceQueue>(queue), <u64>busAddress, bytes);
}

/** The provider's map type for a client, through its cache. */
export function mapTypeOf(machine: usize, key: u32): u32 {
  return mapType(changetype<Machine>(machine), key);
}
