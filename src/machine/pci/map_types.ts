// The provider's cache of map types, keyed by client (pci_p2pdma.map_types, an xarray), filled on first use.
// Mirrors pci_p2pdma_map_type -> xa_load(map_types, map_types_idx(client)) and calc_map_type_and_dist on a miss (6.12).
// The calculation itself is the lab's (topology); the machine asks its table of answers.
import { Machine, MAP_NOT_SUPPORTED, MAP_UNKNOWN, MapTypeAnswer } from "../layout/machine";
import { xaBytes, xaInit, xaLoad, xaStore } from "../mm/xarray";

/** Bytes that a cache for `clients` clients may need. */
export function mapTypeTreeBytes(clients: u32): u32 {
  return xaBytes(clients);
}

/** Makes an empty cache in zeroed memory. */
export function mapTypeTreeInit(tree: usize, bytes: u32): void {
  xaInit(tree, bytes);
}

/** enum pci_p2pdma_map_type for the client `key` (domain << 16 | bus << 8 | devfn). */
@inline
export function mapType(machine: Machine, key: u32): u32 {
  const cached = xaLoad(<usize>machine.mapTypes, key);
  return cached != MAP_UNKNOWN ? cached : calculate(machine, key);
}

function calculate(machine: Machine, key: u32): u32 {
  const answer = mapTypeAnswer(machine, key);
  xaStore(<usize>machine.mapTypes, key, answer);
  return answer;
}

/** What calc_map_type_and_dist says about the client, past the cache: for set-up. */
export function mapTypeAnswer(machine: Machine, key: u32): u32 {
  let answer = MAP_NOT_SUPPORTED;
  for (let i: u32 = 0; i < machine.mapTypeAnswerCount; i++) {
    const entry = changetype<MapTypeAnswer>(<usize>machine.mapTypeAnswers + <usize>i * offsetof<MapTypeAnswer>());
    if (entry.key == key) answer = entry.mapType;
  }
  return answer;
}
