// Memory of the schemes' own structures (providers, lookup tables, lists of DMA addresses), taken once at set-up behind
// everything else of the machine. A scheme's fields lie there too: its agents' instances find them through a table of
// addresses, one slot for each variant of each scheme. No Linux counterpart.
import { Machine } from "../layout/machine";

/** Nothing that two schemes write shares a line. */
const ALIGN: u64 = 128;
const WASM_PAGE_SHIFT: u64 = 16;
/** wasm32 addresses; the last page stays unused, as in the lab's plan. */
const ADDRESSABLE: u64 = (1 << 32) - (1 << 16);

/** Takes `bytes` of zeroed memory for the machine's life. The memory grows where the lab's plan has not reserved it. */
export function takeState(machine: Machine, bytes: u64): usize {
  const at = (<u64>machine.stateNext + ALIGN - 1) & ~(ALIGN - 1);
  const end = at + bytes;
  if (machine.stateNext == 0 || end > ADDRESSABLE) unreachable();
  const missing = <i64>((end + (1 << WASM_PAGE_SHIFT) - 1) >> WASM_PAGE_SHIFT) - <i64>memory.size();
  if (missing > 0 && memory.grow(<i32>missing) < 0) unreachable();
  memory.fill(<usize>at, 0, <usize>bytes);
  machine.stateNext = <u32>end;
  return <usize>at;
}

/** The fields of the scheme variant with this slot, zeroed. */
export function newSchemeState(machine: Machine, slot: u32, bytes: u32): usize {
  const at = takeState(machine, <u64>bytes);
  store<u32>(<usize>machine.schemeStates + (<usize>slot << 2), <u32>at);
  return at;
}

/** Where newSchemeState put them. */
@inline
export function schemeState(machine: Machine, slot: u32): u32 {
  return load<u32>(<usize>machine.schemeStates + (<usize>slot << 2));
}
