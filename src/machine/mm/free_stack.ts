// A bounded stack of free objects: last in, first out, as the kernel's per-CPU slabs, bio caches and DMA pools hand
// them out. The stack holds wasm addresses (u32); the count lives in its owner's structure.

/** Address popped from a stack of `count` (> 0) entries. The caller stores count - 1. */
@inline
export function peekFree(stack: u32, count: u32): usize {
  return <usize>load<u32>(<usize>stack + (<usize>(count - 1) << 2));
}

/** Pushes `object` as entry number `count`; gives the new count. */
@inline
export function pushFree(stack: u32, count: u32, object: usize): u32 {
  store<u32>(<usize>stack + (<usize>count << 2), <u32>object);
  return count + 1;
}
