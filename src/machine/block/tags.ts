// Tag allocation of one hardware queue: a bitmap of free tags (lib/sbitmap.c), lowest free first.
// Left out: sharing of tags between CPUs; one host agent owns one queue, so plain loads and stores suffice.
import { HostQueue } from "../layout/queue";

export const NO_TAG: i32 = -1;

/** Takes a free tag, or NO_TAG. */
@inline
export function tagGet(queue: HostQueue): i32 {
  const first = <usize>queue.tagWords;
  const end = first + (<usize>queue.tagWordCount << 3);
  for (let word = first; word < end; word += 8) {
    const free = load<u64>(word);
    if (free != 0) {
      store<u64>(word, free & (free - 1));
      return <i32>(((word - first) << 3) + <usize>ctz(free));
    }
  }
  return NO_TAG;
}

/** Whether tagGet would find one. */
export function tagFree(queue: HostQueue): bool {
  const end = <usize>queue.tagWords + (<usize>queue.tagWordCount << 3);
  for (let word = <usize>queue.tagWords; word < end; word += 8) {
    if (load<u64>(word) != 0) return true;
  }
  return false;
}

/** Gives a tag back. */
@inline
export function tagPut(queue: HostQueue, tag: u32): void {
  const word = <usize>queue.tagWords + (<usize>(tag >> 6) << 3);
  store<u64>(word, load<u64>(word) | (<u64>1 << (tag & 63)));
}
