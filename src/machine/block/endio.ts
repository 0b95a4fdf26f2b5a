// The end of a request and of its bios: blk_mq_end_request, bio_endio with its chain of split parts (6.12). What a bio's end
// means is its submitter's: bi_end_io, here the hook `ended` of the flow F.
import { Bio, BIO_CHAIN, BLK_STS_OK } from "../layout/bio";
import { dioOf, HostQueue } from "../layout/queue";
import { Request } from "../layout/request";
import { bioFree } from "./bio";
import { tagPut } from "./tags";

/** Ends the request with a block status: ends its bios and frees its tag. */
@inline
export function endRequest<S, F>(queue: HostQueue, scheme: S, request: Request, status: u8): void {
  let at = <usize>request.bio;
  request.bio = 0;
  tagPut(queue, <u32>request.tag);
  do {
    const bio = changetype<Bio>(at);
    at = <usize>bio.bi_next;
    if (status != BLK_STS_OK) bio.bi_status = status;
    bioEndio<S, F>(queue, scheme, bio);
  } while (at != 0);
}

/** The end that hardly ever comes, out of the way of the other. */
export function failRequest<S, F>(queue: HostQueue, scheme: S, request: Request, status: u8): void {
  endRequest<S, F>(queue, scheme, request, status);
}

/** bio_endio: a front part passes its status to its parent; the parent ends when all parts have. */
@inline
export function bioEndio<S, F>(queue: HostQueue, scheme: S, bio: Bio): void {
  let current = bio;
  if (current.bi_flags & BIO_CHAIN) {
    const parent = changetype<Bio>(<usize>current.bi_private);
    if (current.bi_status != BLK_STS_OK) parent.bi_status = current.bi_status;
    bioFree(queue, current);
    current = parent;
  }
  const remaining = current.__bi_remaining - 1;
  current.__bi_remaining = remaining;
  if (remaining == 0) changetype<F>(0).ended<S>(queue, scheme, current);
}

/** Identity of the I/O that a request serves (its first bio's), for the counting build. */
@inline
export function requestIo(request: Request): u32 {
  let bio = changetype<Bio>(<usize>request.bio);
  if (bio.bi_flags & BIO_CHAIN) bio = changetype<Bio>(<usize>bio.bi_private);
  return dioOf(bio).ioId;
}
