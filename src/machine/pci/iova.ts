// Ranges of I/O virtual addresses: alloc_iova and free_iova (drivers/iommu/iova.c, 6.12): top down below a limit, aligned
// to the range's size rounded up to a power of two, kept in a red-black tree under one lock.
// In front of it are the caches of iova_rcache.ts. Left out: putting a domain away.
import { must } from "../base/must";
import { IommuDomain, IovaNode, IovaTree } from "../layout/iommu";
import { peekFree, pushFree } from "../mm/free_stack";
import { rbErase, rbInsert, rbNext, rbPrev } from "../mm/rbtree";
import { spinLock, spinUnlock } from "../mm/spinlock";

/** Page number of the anchor (IOVA_ANCHOR), and the first one handed out: page 0 means that there is none. */
const ANCHOR_PFN: u64 = u64.MAX_VALUE;
const START_PFN: u64 = 1;
/** Pages below 4 GiB (dma_32bit_pfn). */
export const DMA_32BIT_PFN: u64 = 1 << 20;
/** Pages that four levels of tables translate: 48-bit addresses. */
export const DMA_48BIT_PFN: u64 = 1 << 36;

@inline
function treeOf(domain: IommuDomain): IovaTree {
  return changetype<IovaTree>(<usize>domain.tree);
}

@inline
function node(at: usize): IovaNode {
  return changetype<IovaNode>(at);
}

/** init_iova_domain, with the slab of nodes filled. */
export function initIovaTree(domain: IommuDomain, anchor: usize): void {
  const tree = treeOf(domain);
  node(anchor).pfn_lo = ANCHOR_PFN;
  node(anchor).pfn_hi = ANCHOR_PFN;
  tree.anchor = <u32>anchor;
  tree.root = <u32>rbInsert(0, anchor, 0, true);
  tree.cached32Node = <u32>anchor;
  tree.cachedNode = <u32>anchor;
  tree.max32AllocPages = <u32>DMA_32BIT_PFN;
  tree.tries32 = 1;
}

/** alloc_iova: first page of a free range of `pages` whose last page is at most `limitPfn`; 0 when there is none. */
export function allocIova(domain: IommuDomain, pages: u64, limitPfn: u64): u64 {
  const tree = treeOf(domain);
  const lock = changetype<usize>(tree);
  spinLock(lock);
  const first = tree.nodesFree == 0 ? 0 : findAndInsert(tree, pages, limitPfn + 1);
  spinUnlock(lock);
  return first;
}

/** __alloc_and_insert_iova_range. `limit` is the first page above. */
function findAndInsert(tree: IovaTree, pages: u64, limit: u64): u64 {
  const is32 = limit <= DMA_32BIT_PFN;
  if (is32 && pages >= <u64>tree.max32AllocPages) return 0;
  const alignMask = ~((<u64>1 << (64 - clz<u64>(pages - 1))) - 1);
  const mask = pages == 1 ? ~(<u64>0) : alignMask;
  let at = is32 ? <usize>tree.cached32Node : <usize>tree.cachedNode;
  const retryPfn = node(at).pfn_hi;
  let low = START_PFN;
  let high = limit;
  for (;;) {
    let candidate: u64 = 0;
    let above: usize = 0;
    do {
      high = min(high, node(at).pfn_lo);
      candidate = high < pages ? 0 : (high - pages) & mask;
      above = at;
      at = rbPrev(at);
    } while (at != 0 && candidate <= node(at).pfn_hi && candidate >= low);
    if (high >= pages && candidate >= low) return insertBelow(tree, above, candidate, pages);
    if (low != START_PFN || retryPfn >= limit) break;
    // The search began in the middle: once more from the top, down to where it began.
    high = limit;
    low = retryPfn + 1;
    at = firstAtOrAbove(tree, limit);
  }
  if (is32) tree.max32AllocPages = <u32>pages;
  return 0;
}

/** iova_find_limit: the lowest range that begins at or above `limit`. */
function firstAtOrAbove(tree: IovaTree, limit: u64): usize {
  let found = <usize>tree.anchor;
  let at = <usize>tree.root;
  while (at != 0) {
    if (node(at).pfn_lo >= limit) {
      found = at;
      at = <usize>node(at).left;
    } else {
      at = <usize>node(at).right;
    }
  }
  return found;
}

function insertBelow(tree: IovaTree, above: usize, first: u64, pages: u64): u64 {
  const added = peekFree(tree.nodes, tree.nodesFree);
  tree.nodesFree -= 1;
  node(added).pfn_lo = first;
  node(added).pfn_hi = first + pages - 1;
  link(tree, added, above);
  // __cached_rbnode_insert_update.
  if (node(added).pfn_hi < DMA_32BIT_PFN) tree.cached32Node = <u32>added;
  else tree.cachedNode = <u32>added;
  return first;
}

/** Hangs a range into the tree, searching from `from` (0: the root): everything between them is in its left subtree. */
function link(tree: IovaTree, added: usize, from: usize): void {
  let parent: usize = 0;
  let isLeft = true;
  let at = from == 0 ? <usize>tree.root : from;
  while (at != 0) {
    parent = at;
    isLeft = node(added).pfn_lo < node(at).pfn_lo;
    at = <usize>(isLeft ? node(at).left : node(at).right);
  }
  tree.root = <u32>rbInsert(<usize>tree.root, added, parent, isLeft);
}

/** free_iova: the range that begins at `first` is free again. False when there is none. */
export function freeIova(domain: IommuDomain, first: u64): bool {
  const tree = treeOf(domain);
  const lock = changetype<usize>(tree);
  spinLock(lock);
  const found = findIova(tree, first);
  if (found != 0) remove(tree, found);
  spinUnlock(lock);
  must(found != 0);
  return found != 0;
}

/** private_find_iova. */
function findIova(tree: IovaTree, pfn: u64): usize {
  let at = <usize>tree.root;
  while (at != 0) {
    if (pfn < node(at).pfn_lo) at = <usize>node(at).left;
    else if (pfn > node(at).pfn_hi) at = <usize>node(at).right;
    else return at;
  }
  return 0;
}

/** remove_iova with __cached_rbnode_delete_update. */
function remove(tree: IovaTree, at: usize): void {
  const cached32 = <usize>tree.cached32Node;
  const first = node(at).pfn_lo;
  if (at == cached32 || (node(at).pfn_hi < DMA_32BIT_PFN && first >= node(cached32).pfn_lo)) {
    tree.cached32Node = <u32>rbNext(at);
  }
  if (first < DMA_32BIT_PFN) tree.max32AllocPages = <u32>DMA_32BIT_PFN;
  if (first >= node(<usize>tree.cachedNode).pfn_lo) tree.cachedNode = <u32>rbNext(at);
  tree.root = <u32>rbErase(<usize>tree.root, at);
  tree.nodesFree = pushFree(tree.nodes, tree.nodesFree, at);
}

/** reserve_iova of [firstPfn, lastPfn], at set-up: ranges that are reserved already are left as they are. */
export function reserveIova(domain: IommuDomain, firstPfn: u64, lastPfn: u64): void {
  const tree = treeOf(domain);
  let first = firstPfn;
  while (first <= lastPfn) {
    // Up to the next range that is in use, then behind it.
    const next = firstEndingAtOrAbove(tree, first);
    const end = min(lastPfn + 1, node(next).pfn_lo);
    if (first < end) {
      const added = peekFree(tree.nodes, tree.nodesFree);
      tree.nodesFree -= 1;
      node(added).pfn_lo = first;
      node(added).pfn_hi = end - 1;
      link(tree, added, 0);
      domain.permanentRanges += 1;
    }
    if (node(next).pfn_lo > lastPfn) break;
    first = node(next).pfn_hi + 1;
  }
}

function firstEndingAtOrAbove(tree: IovaTree, pfn: u64): usize {
  let found = <usize>tree.anchor;
  let at = <usize>tree.root;
  while (at != 0) {
    if (node(at).pfn_hi >= pfn) {
      found = at;
      at = <usize>node(at).left;
    } else {
      at = <usize>node(at).right;
    }
  }
  return found;
}

/** Ranges in the tree, the anchor not counted. */
export function countRanges(domain: IommuDomain): u32 {
  const tree = treeOf(domain);
  let count: u32 = 0;
  for (let at = rbPrev(<usize>tree.anchor); at != 0; at = rbPrev(at)) count++;
  return count;
}
