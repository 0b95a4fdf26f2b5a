// From a physical address to its provider, without a page: the three structures that were proposed. A hash of the upper
// bits and an interval tree (Jason Gunthorpe, 2019-06-26/27: "BAR info" looked up at dma_map time), and a radix tree over
// sections (Logan Gunthorpe's RFC of 2017-05-24; v4.12 found its pgmaps the same way).
// Besides the machine's BAR they hold the BARs of OTHER_PROVIDERS other drives, because a structure with a single entry
// measures nothing; nothing is ever sent there. Written at set-up, read-only afterwards.
import { counters } from "../base/counting";
import { Machine } from "../layout/machine";
import { takeState } from "../mm/scheme_state";
import { xaBytes, xaInit, xaLoad, xaStore } from "../mm/xarray";
import { initProvider, P2pdmaProvider } from "./provider";

/** A box of eight drives with a CMB each. */
const OTHER_PROVIDERS: u32 = 7;
/** Where their BARs are: 16 MiB each, every 64 GiB from 1 TiB on, without those that would meet the machine's. */
const OTHER_BAR_BYTES: u64 = 1 << 24;
const OTHER_FIRST: u64 = 1 << 40;
const OTHER_DISTANCE: u64 = 1 << 36;

/** One provider's physical addresses, `last` inclusive. */
@unmanaged
class Range {
  start: u64;
  last: u64;
  provider: u32;
  pad20: u32;
}

/** All ranges, by address, in memory taken from the machine; returns their number. */
function makeRanges(machine: Machine): usize {
  const ranges = takeState(machine, <u64>offsetof<Range>() * (OTHER_PROVIDERS + 2));
  const providers = takeState(machine, <u64>offsetof<P2pdmaProvider>() * (OTHER_PROVIDERS + 1));
  let count: u32 = 0;
  let provider = changetype<P2pdmaProvider>(providers);
  initProvider(machine, provider);
  count = addRange(ranges, count, machine.barPhys, machine.barBytes, provider);
  for (let i: u32 = 1; i <= OTHER_PROVIDERS; i++) {
    const start = OTHER_FIRST + <u64>i * OTHER_DISTANCE;
    if (start < machine.barPhys + machine.barBytes && machine.barPhys < start + OTHER_BAR_BYTES) continue;
    provider = changetype<P2pdmaProvider>(providers + <usize>i * offsetof<P2pdmaProvider>());
    provider.owner = <u64>i + 1;
    count = addRange(ranges, count, start, OTHER_BAR_BYTES, provider);
  }
  return ranges;
}

/** Inserts in order; the list ends with a range without provider. */
function addRange(ranges: usize, count: u32, start: u64, bytes: u64, provider: P2pdmaProvider): u32 {
  let at = count;
  while (at > 0 && rangeAt(ranges, at - 1).start > start) {
    memory.copy(changetype<usize>(rangeAt(ranges, at)), changetype<usize>(rangeAt(ranges, at - 1)), offsetof<Range>());
    at--;
  }
  const range = rangeAt(ranges, at);
  range.start = start;
  range.last = start + bytes - 1;
  range.provider = <u32>changetype<usize>(provider);
  return count + 1;
}

@inline
function rangeAt(ranges: usize, index: u32): Range {
  return changetype<Range>(ranges + <usize>index * offsetof<Range>());
}

function countRanges(ranges: usize): u32 {
  let count: u32 = 0;
  while (rangeAt(ranges, count).provider != 0) count++;
  return count;
}

// ---- hash of the upper bits

/** Addresses that share a hash key: 1 GiB. */
const GRANULE_SHIFT: u64 = 30;
const BUCKET_BITS: u64 = 8;
const GOLDEN_RATIO_64: u64 = 0x61c8864680b583eb;

/** One granule of one range, in its bucket's chain. */
@unmanaged
class HashEntry {
  start: u64;
  last: u64;
  provider: u32;
  next: u32;
}

/** Bytes of the hash for a BAR alone: one entry for each granule, and the buckets. */
export function hashBytes(barBytes: f64): f64 {
  return <f64>(4 << BUCKET_BITS) + Math.ceil(barBytes / <f64>(<u64>1 << GRANULE_SHIFT)) * <f64>offsetof<HashEntry>();
}

/** Builds the hash; its address. */
export function buildHash(machine: Machine): usize {
  const ranges = makeRanges(machine);
  const buckets = takeState(machine, 4 << BUCKET_BITS);
  for (let i: u32 = 0; rangeAt(ranges, i).provider != 0; i++) {
    const range = rangeAt(ranges, i);
    for (let key = range.start >> GRANULE_SHIFT; key <= range.last >> GRANULE_SHIFT; key++) {
      const entry = changetype<HashEntry>(takeState(machine, offsetof<HashEntry>()));
      const bucket = buckets + (<usize>hashOf(key) << 2);
      entry.start = range.start;
      entry.last = range.last;
      entry.provider = range.provider;
      entry.next = load<u32>(bucket);
      store<u32>(bucket, <u32>changetype<usize>(entry));
    }
  }
  return buckets;
}

/** hash_64. */
@inline
function hashOf(key: u64): u32 {
  return <u32>((key * GOLDEN_RATIO_64) >> (64 - BUCKET_BITS));
}

/** wasm address of the P2pdmaProvider at `phys`, 0 when there is none. */
@inline
export function findByHash(buckets: usize, phys: u64): u32 {
  if (COUNTING) counters().providerLookups += 1;
  let at = load<u32>(buckets + (<usize>hashOf(phys >> GRANULE_SHIFT) << 2));
  while (at != 0) {
    const entry = changetype<HashEntry>(<usize>at);
    if (entry.start <= phys && phys <= entry.last) return entry.provider;
    at = entry.next;
  }
  return 0;
}

// ---- interval tree

/** struct interval_tree_node, 48 bytes, in front of what it stands for. */
@unmanaged
class IntervalNode {
  parent_color: u64;
  right: u64;
  left: u64;
  start: u64;
  last: u64;
  subtree_last: u64;
  provider: u32;
  pad52: u32;
}

/** Bytes of one range in the tree. */
export function treeBytes(): f64 {
  return <f64>offsetof<IntervalNode>();
}

/** Builds the tree; its root. Balanced at once instead of by rotations: the ranges are known. */
export function buildTree(machine: Machine): usize {
  const ranges = makeRanges(machine);
  return buildSubtree(machine, ranges, 0, countRanges(ranges));
}

function buildSubtree(machine: Machine, ranges: usize, from: u32, to: u32): usize {
  if (from >= to) return 0;
  const middle = (from + to) >> 1;
  const range = rangeAt(ranges, middle);
  const node = changetype<IntervalNode>(takeState(machine, offsetof<IntervalNode>()));
  node.start = range.start;
  node.last = range.last;
  node.provider = range.provider;
  node.left = <u64>buildSubtree(machine, ranges, from, middle);
  node.right = <u64>buildSubtree(machine, ranges, middle + 1, to);
  node.subtree_last = max(node.last, max(subtreeLast(node.left), subtreeLast(node.right)));
  return changetype<usize>(node);
}

function subtreeLast(node: u64): u64 {
  return node == 0 ? 0 : changetype<IntervalNode>(<usize>node).subtree_last;
}

/** interval_tree_iter_first(phys, phys): wasm address of the P2pdmaProvider, 0 when there is none. */
@inline
export function findInTree(root: usize, phys: u64): u32 {
  if (COUNTING) counters().providerLookups += 1;
  let node = changetype<IntervalNode>(root);
  if (node.subtree_last < phys) return 0;
  for (;;) {
    if (node.left != 0 && changetype<IntervalNode>(<usize>node.left).subtree_last >= phys) {
      node = changetype<IntervalNode>(<usize>node.left);
      continue;
    }
    if (node.start > phys) return 0;
    if (phys <= node.last) return node.provider;
    if (node.right == 0) return 0;
    node = changetype<IntervalNode>(<usize>node.right);
    if (node.subtree_last < phys) return 0;
  }
  return 0;
}

// ---- radix tree over sections

/** 128 MiB (PA_SECTION_SHIFT). */
const SECTION_SHIFT: u64 = 27;

/** Bytes of the radix tree's nodes for a BAR alone, slots of 8 bytes as in Linux. */
export function radixBytes(barBytes: f64): f64 {
  return Math.ceil(barBytes / <f64>((<u64>64) << SECTION_SHIFT)) * 576 + 2 * 576;
}

/** Builds the radix tree; its address. A section with several ranges belongs to the first of them. */
export function buildRadix(machine: Machine): usize {
  const ranges = makeRanges(machine);
  const sections = <u32>(machine.barBytes >> SECTION_SHIFT) + 2 * (OTHER_PROVIDERS + 1);
  const bytes = xaBytes(sections / 8 + 4 * (OTHER_PROVIDERS + 1));
  const tree = takeState(machine, <u64>bytes);
  xaInit(tree, bytes);
  for (let i: u32 = 0; rangeAt(ranges, i).provider != 0; i++) {
    const range = rangeAt(ranges, i);
    for (let section = range.start >> SECTION_SHIFT; section <= range.last >> SECTION_SHIFT; section++) {
      if (xaLoad(tree, <u32>section) != 0) continue;
      if (!xaStore(tree, <u32>section, range.provider)) unreachable();
    }
  }
  return tree;
}

/** radix_tree_lookup: wasm address of the P2pdmaProvider, 0 when there is none. */
@inline
export function findInRadix(tree: usize, phys: u64): u32 {
  if (COUNTING) counters().providerLookups += 1;
  return xaLoad(tree, <u32>(phys >> SECTION_SHIFT));
}

/** Bytes that any of the structures takes in the lab's memory, for reserving it. */
export function rangesStateBytes(barBytes: f64): f64 {
  return 65536 + Math.ceil(barBytes / <f64>(<u64>1 << GRANULE_SHIFT)) * 128 + Math.ceil(barBytes / <f64>(<u64>1 << SECTION_SHIFT)) * 256;
}
