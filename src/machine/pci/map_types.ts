// The provider's cache of map types, keyed by client (pci_p2pdma.map_types, an xarray), filled on first use.
// Mirrors pci_p2pdma_map_type -> xa_load(map_types, map_types_idx(client)) and calc_map_type_and_dist on a miss (6.12).
// The calculation itself is the lab's (topology); the machine asks its table of answers.
import { Machine, MAP_NOT_SUPPORTED, MAP_UNKNOWN, MapTypeAnswer } from "../layout/machine";

const SLOT_BITS: u32 = 6;
const SLOT_MASK: u32 = 63;
/** Bytes of one node: 64 slots of 4 bytes (8 in Linux; a slot here holds a wasm address or a map type). */
const NODE_BYTES: usize = 256;
/** Levels for a 32-bit key. */
const LEVELS: i32 = 6;

/** Head of the tree: bump allocator of nodes, then the root node. */
@unmanaged
class MapTypeTree {
  /** wasm address of the next free node and of the end of the node space. */
  next: u32;
  end: u32;
  root: u32;
}

/** Bytes that a tree for `clients` clients may need. */
export function mapTypeTreeBytes(clients: u32): u32 {
  return <u32>offsetof<MapTypeTree>() + 4 + <u32>NODE_BYTES * (1 + clients * <u32>LEVELS);
}

/** Makes an empty tree in zeroed memory. */
export function mapTypeTreeInit(tree: usize, bytes: u32): void {
  const head = changetype<MapTypeTree>(tree);
  head.root = <u32>tree + 16;
  head.next = head.root + <u32>NODE_BYTES;
  head.end = <u32>tree + bytes;
}

/** enum pci_p2pdma_map_type for the client `key` (domain << 16 | bus << 8 | devfn). */
@inline
export function mapType(machine: Machine, key: u32): u32 {
  const cached = lookup(changetype<MapTypeTree>(<usize>machine.mapTypes), key);
  return cached != MAP_UNKNOWN ? cached : calculate(machine, key);
}

function lookup(tree: MapTypeTree, key: u32): u32 {
  let node = tree.root;
  for (let level = LEVELS - 1; level > 0; level--) {
    node = load<u32>(slotOf(node, key, level));
    if (node == 0) return MAP_UNKNOWN;
  }
  return load<u32>(slotOf(node, key, 0));
}

@inline
function slotOf(node: u32, key: u32, level: i32): usize {
  return <usize>node + (<usize>((key >> (<u32>level * SLOT_BITS)) & SLOT_MASK) << 2);
}

function calculate(machine: Machine, key: u32): u32 {
  const answer = mapTypeAnswer(machine, key);
  insert(changetype<MapTypeTree>(<usize>machine.mapTypes), key, answer);
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

function insert(tree: MapTypeTree, key: u32, answer: u32): void {
  let node = tree.root;
  for (let level = LEVELS - 1; level > 0; level--) {
    const slot = slotOf(node, key, level);
    let child = load<u32>(slot);
    if (child == 0) {
      if (tree.next + <u32>NODE_BYTES > tree.end) return;
      child = tree.next;
      tree.next += <u32>NODE_BYTES;
      store<u32>(slot, child);
    }
    node = child;
  }
  store<u32>(slotOf(node, key, 0), answer);
}
