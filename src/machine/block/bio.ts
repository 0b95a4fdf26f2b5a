// Life of a bio: allocation, adding memory with the merge test, advancing, splitting off a front part, completion chain.
// Mirrors block/bio.c of 6.12 (bio_alloc_bioset, bio_add_page -> bvec_try_merge_page, bio_advance_iter, bio_split,
// bio_chain). One set of functions for every scheme: a scheme only answers `sameOwner` and reads the places back.
// Left out: cgroups, integrity, write streams.
import { must } from "../base/must";
import { Bio, BIO_CHAIN, BIO_INLINE_VECS, BIO_MAX_VECS, BLK_STS_OK, vecAt } from "../layout/bio";
import { BIO_VECS_AT, HostQueue } from "../layout/queue";
import { peekFree, pushFree } from "../mm/free_stack";

/**
 * Answers of a scheme's hook `joins`, which says whether a bio may take more memory: bio_add_page adds it, or answers 0 and
 * its caller begins another bio. An errno, negative, fails the I/O.
 */
export const JOINS: i32 = 1;
export const OWN_BIO: i32 = 0;

/** The rule of kernels whose P2P bios bear a mark: memory of the bio's own kind only. */
@inline
export function joinsMarked(bio: Bio, mark: u32, isMarked: bool): i32 {
  return ((bio.bi_opf & mark) != 0) == isMarked ? JOINS : OWN_BIO;
}

/** bio_alloc: an empty bio with its inline vectors. The set-up gives a queue enough bios for its iodepth and splits. */
@inline
export function bioAlloc(queue: HostQueue, opf: u32, sector: u64): Bio {
  must(queue.bioFree > 0);
  const bio = changetype<Bio>(peekFree(queue.bioStack, queue.bioFree));
  queue.bioFree -= 1;
  // Whole words, as a compiler writes a zeroed structure: flags, priority and status start at 0, one part remains.
  const at = changetype<usize>(bio);
  bio.bi_next = 0;
  store<u64>(at, <u64>opf, offsetof<Bio>("bi_opf"));
  store<u64>(at, (<u64>1 << 32) | ((<u64>BLK_STS_OK) << 16), offsetof<Bio>("bi_write_hint"));
  bio.bi_sector = sector;
  store<u64>(at, 0, offsetof<Bio>("bi_size"));
  store<u64>(at, 0, offsetof<Bio>("bi_bvec_done"));
  bio.bi_private = 0;
  store<u64>(at, <u64>BIO_INLINE_VECS << 16, offsetof<Bio>("bi_vcnt"));
  bio.bi_io_vec = <u64>(at + BIO_VECS_AT);
  return bio;
}

/** bio_put: gives the bio and its slab vectors back. */
@inline
export function bioFree(queue: HostQueue, bio: Bio): void {
  if (bio.bi_max_vecs > <u16>BIO_INLINE_VECS && (bio.bi_flags & BIO_CHAIN) == 0) {
    queue.biovecFree = pushFree(queue.biovecStack, queue.biovecFree, <usize>bio.bi_io_vec);
  }
  queue.bioFree = pushFree(queue.bioStack, queue.bioFree, changetype<usize>(bio));
}

/**
 * bio_add_page / bio_add_dma_addr: appends memory, growing the last vector when the new piece follows it on the address
 * that the scheme carries and belongs to the same owner. `address` is that address, for the contiguity test.
 * Returns false when the bio is full.
 */
@inline
export function bioAdd<S>(queue: HostQueue, scheme: S, bio: Bio, place: u64, offset: u32, len: u32): bool {
  const count = <u32>bio.bi_vcnt;
  if (count > 0) {
    const last = vecAt(bio, count - 1);
    if (
      scheme.address(queue, last.place, last.bv_offset) + last.bv_len == scheme.address(queue, place, offset) &&
      scheme.sameOwner(last.place, place)
    ) {
      last.bv_len += len;
      bio.bi_size += len;
      return true;
    }
  }
  return bioAppend(queue, bio, place, offset, len);
}

/** __bio_add_page: a new vector, whatever is before it. */
@inline
export function bioAppend(queue: HostQueue, bio: Bio, place: u64, offset: u32, len: u32): bool {
  const count = <u32>bio.bi_vcnt;
  if (count == <u32>bio.bi_max_vecs && !growVecs(queue, bio)) return false;
  const vec = vecAt(bio, count);
  vec.place = place;
  vec.bv_len = len;
  vec.bv_offset = offset;
  bio.bi_vcnt = <u16>(count + 1);
  bio.bi_size += len;
  return true;
}

/** Moves from the inline vectors to the slab of BIO_MAX_VECS. Linux picks the slab at allocation; the memory is the same. */
function growVecs(queue: HostQueue, bio: Bio): bool {
  if (<u32>bio.bi_max_vecs == BIO_MAX_VECS) return false;
  must(queue.biovecFree > 0);
  const vecs = peekFree(queue.biovecStack, queue.biovecFree);
  queue.biovecFree -= 1;
  memory.copy(vecs, <usize>bio.bi_io_vec, <usize>bio.bi_vcnt << 4);
  bio.bi_io_vec = <u64>vecs;
  bio.bi_max_vecs = <u16>BIO_MAX_VECS;
  return true;
}

/** bio_advance_iter: moves the start of what is left by `bytes`. */
export function bioAdvance(bio: Bio, bytes: u32): void {
  bio.bi_sector += <u64>(bytes >> 9);
  bio.bi_size -= bytes;
  let idx = bio.bi_idx;
  let done = bio.bi_bvec_done + bytes;
  while (done > 0 && done >= vecAt(bio, idx).bv_len) {
    done -= vecAt(bio, idx).bv_len;
    idx++;
  }
  bio.bi_idx = idx;
  bio.bi_bvec_done = done;
}

/**
 * bio_split + bio_chain: a new bio for the first `bytes`, sharing the vectors; `bio` keeps the rest and completes only
 * after it.
 */
export function bioSplitFront(queue: HostQueue, bio: Bio, bytes: u32): Bio {
  const front = bioAlloc(queue, bio.bi_opf, bio.bi_sector);
  front.bi_flags = BIO_CHAIN;
  front.bi_size = bytes;
  front.bi_idx = bio.bi_idx;
  front.bi_bvec_done = bio.bi_bvec_done;
  front.bi_vcnt = bio.bi_vcnt;
  front.bi_max_vecs = bio.bi_max_vecs;
  front.bi_io_vec = bio.bi_io_vec;
  front.bi_private = <u64>changetype<usize>(bio);
  bio.__bi_remaining += 1;
  bioAdvance(bio, bytes);
  return front;
}
