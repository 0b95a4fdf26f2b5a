// An array of 32-bit values by 32-bit index as a tree of 64-slot nodes that grows upwards with the largest index:
// xa_load and xa_store of lib/xarray.c (and the radix tree before it). Slots here are 4 bytes, 8 in Linux; 0 is empty.
// Nodes come from the memory behind the head, given at set-up. Readers need no lock: a node is complete before its parent
// or the head points to it. Of two writers at once one may lose its entry, which only makes a cache fill twice.
// Left out: removal, marks, entries of several slots.

const SLOT_BITS: u32 = 6;
const SLOT_MASK: u32 = 63;
/** Most levels of a 32-bit index. */
const MOST_LEVELS: u32 = 6;

/** struct xarray, and where its next node comes from. */
@unmanaged
class XArray {
  /** Root node; it knows its own height. */
  root: u32;
  /** wasm address of the next free node, and of the end of the node memory. */
  next: u32;
  end: u32;
  pad12: u32;
}

/** struct xa_node: bits of the index below this level; the slots follow. */
@unmanaged
class XaNode {
  shift: u32;
  pad4: u32;
}

const NODE_BYTES: u32 = 8 + (64 << 2);

/** Bytes that an array with `entries` entries far apart may need: the first node, growth to full height, a path each. */
export function xaBytes(entries: u32): u32 {
  return <u32>offsetof<XArray>() + NODE_BYTES * (1 + (MOST_LEVELS - 1) * (1 + entries));
}

/** Makes an empty array in zeroed memory. */
export function xaInit(array: usize, bytes: u32): void {
  const head = changetype<XArray>(array);
  head.root = <u32>array + <u32>offsetof<XArray>();
  head.next = head.root + NODE_BYTES;
  head.end = <u32>array + bytes;
}

/** xa_load: the value at `index`, 0 when there is none. */
@inline
export function xaLoad(array: usize, index: u32): u32 {
  let node = changetype<XArray>(array).root;
  let shift = changetype<XaNode>(<usize>node).shift;
  if (<u64>index >> (shift + SLOT_BITS) != 0) return 0;
  while (shift > 0) {
    node = load<u32>(slotOf(node, index, shift));
    if (node == 0) return 0;
    shift -= SLOT_BITS;
  }
  return load<u32>(slotOf(node, index, 0));
}

/** xa_store. False when the node memory is used up. */
export function xaStore(array: usize, index: u32, value: u32): bool {
  const head = changetype<XArray>(array);
  let node = head.root;
  let shift = changetype<XaNode>(<usize>node).shift;
  while (<u64>index >> (shift + SLOT_BITS) != 0) {
    const above = newNode(array, shift + SLOT_BITS);
    if (above == 0) return false;
    store<u32>(slotOf(above, 0, 0), node);
    head.root = above;
    node = above;
    shift += SLOT_BITS;
  }
  for (; shift > 0; shift -= SLOT_BITS) {
    const slot = slotOf(node, index, shift);
    let child = load<u32>(slot);
    if (child == 0) {
      child = newNode(array, shift - SLOT_BITS);
      if (child == 0) return false;
      store<u32>(slot, child);
    }
    node = child;
  }
  store<u32>(slotOf(node, index, 0), value);
  return true;
}

@inline
function slotOf(node: u32, index: u32, shift: u32): usize {
  return <usize>node + offsetof<XaNode>() + (<usize>((index >> shift) & SLOT_MASK) << 2);
}

function newNode(array: usize, shift: u32): u32 {
  // Meets newNode of other agents: no two of them get the same node.
  const node = atomic.add<u32>(array + offsetof<XArray>("next"), NODE_BYTES);
  if (node + NODE_BYTES > changetype<XArray>(array).end) return 0;
  changetype<XaNode>(<usize>node).shift = shift;
  return node;
}
