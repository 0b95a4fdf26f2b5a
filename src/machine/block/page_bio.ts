// Bios of memory that has struct pages: how the kernel fills and releases them, whoever's memory it is (6.12).
// In-kernel buffers: bio_add_page on a scatterlist entry. User buffers: bio_iov_iter_get_pages, which pins a run of
// pages, then adds them one by one, and bio_release_pages, which unpins every page. A scheme may take references in
// another way (hooks pin, unpin) and put something else than the page into the vector (placeOfPinned, pageOf).
// Left out: bio_set_pages_dirty's folio lock for O_DIRECT reads (the reference counts do not contain it), the order of
// folios larger than a page (P2P pages are order 0).
import { Bio, BIO_MAX_VECS, BIO_PAGE_PINNED, BioVec } from "../layout/bio";
import { EFAULT, EINVAL } from "../layout/errno";
import { PAGE_SHIFT, PAGE_SIZE, PAGE_STRUCT_SHIFT, PAGE_STRUCT_SIZE } from "../layout/page";
import { HostQueue, machineOf } from "../layout/queue";
import { Scatterlist } from "../layout/scatterlist";
import { pagesCovered, pinUserPage } from "../mm/gup";
import { pageFolio, pageToPhys, physToPage, unpinFolio } from "../mm/page";
import { mappingLost } from "../pci/p2pmem";
import { bioAdd, bioAppend } from "./bio";
import { inOnePage } from "./limits";


/** bio_add_page of one physically contiguous kernel buffer. */
@inline
export function addKernelBuffer<S>(queue: HostQueue, scheme: S, bio: Bio, page: u64, offset: u32, bytes: u32): void {
  bioAdd(queue, scheme, bio, page, offset, bytes);
}

/**
 * bio_iov_iter_get_pages: pins and adds the pages of a user buffer. 0, or -EFAULT when a page cannot be pinned, or
 * -EINVAL when the bio's vectors do not suffice.
 */
@inline
export function addUserBuffer<S>(queue: HostQueue, scheme: S, bio: Bio, phys: u64, bytes: u32): i32 {
  bio.bi_flags |= BIO_PAGE_PINNED;
  return inOnePage(phys, bytes) ? addUserPage(queue, scheme, bio, phys, bytes) : addUserPages(queue, scheme, bio, phys, bytes);
}

/** What addUserPages does, for one page: V8 does not see through loops that end at once. */
@inline
function addUserPage<S>(queue: HostQueue, scheme: S, bio: Bio, phys: u64, bytes: u32): i32 {
  const machine = machineOf(queue);
  const page = physToPage(machine, phys);
  if (!pin(scheme, page, machine.refcountAtomic != 0)) {
    undoPins(queue, scheme, bio, phys, page);
    return -EFAULT;
  }
  if (mappingLost(machine, phys)) {
    undoPins(queue, scheme, bio, phys, page + PAGE_STRUCT_SIZE);
    return -EFAULT;
  }
  const place = placeOfPinned(queue, scheme, page);
  return bioAppend(queue, bio, place, <u32>(phys & (PAGE_SIZE - 1)), bytes) ? 0 : -EINVAL;
}

/** The vector being grown is kept in registers, as a compiler would. */
function addUserPages<S>(queue: HostQueue, scheme: S, bio: Bio, phys: u64, bytes: u32): i32 {
  const machine = machineOf(queue);
  const locked = machine.refcountAtomic != 0;
  let page = physToPage(machine, phys);
  let offset = <u32>(phys & (PAGE_SIZE - 1));
  let left = bytes;
  let place: u64 = 0;
  let placeOffset: u32 = 0;
  let length: u32 = 0;
  let end: u64 = 0;
  do {
    // __bio_iov_iter_get_pages: at most as many pages at a time as one bio can hold vectors.
    const run = min(pagesCovered(offset, left), BIO_MAX_VECS);
    const behind = page + <u64>run * PAGE_STRUCT_SIZE;
    for (let each = page; each < behind; each += PAGE_STRUCT_SIZE) {
      if (pin(scheme, each, locked)) continue;
      undoPins(queue, scheme, bio, phys, each);
      return -EFAULT;
    }
    // gup_fast_pte_range reads each PTE again once it has the page. Pages before the first that is left are gone too.
    if (mappingLost(machine, pageToPhys(machine, page))) {
      undoPins(queue, scheme, bio, phys, behind);
      return -EFAULT;
    }
    for (; page < behind; page += PAGE_STRUCT_SIZE) {
      const take = min(PAGE_SIZE - offset, left);
      const added = placeOfPinned(queue, scheme, page);
      const address = scheme.address(queue, added, offset);
      left -= take;
      // bvec_try_merge_page.
      if (address == end && length > 0 && scheme.sameOwner(place, added)) {
        length += take;
      } else {
        if (length > 0 && !bioAppend(queue, bio, place, placeOffset, length)) return -EINVAL;
        place = added;
        placeOffset = offset;
        length = take;
      }
      end = address + take;
      offset = 0;
    }
  } while (left > 0);
  return bioAppend(queue, bio, place, placeOffset, length) ? 0 : -EINVAL;
}

/** Gives back the pins of a buffer from its first page to the one before `end`, whether they are in the bio or not. */
function undoPins<S>(queue: HostQueue, scheme: S, bio: Bio, phys: u64, end: u64): void {
  const machine = machineOf(queue);
  bio.bi_flags &= ~BIO_PAGE_PINNED;
  for (let page = physToPage(machine, phys); page < end; page += PAGE_STRUCT_SIZE) {
    unpin(scheme, page, machine.refcountAtomic != 0);
  }
}

@inline
function pin<S>(scheme: S, page: u64, locked: bool): bool {
  if (isDefined(scheme.pin)) return scheme.pin(page, locked);
  return pinUserPage(page, locked);
}

@inline
function placeOfPinned<S>(queue: HostQueue, scheme: S, page: u64): u64 {
  if (isDefined(scheme.placeOfPinned)) return scheme.placeOfPinned(queue, page);
  return pageFolio(page);
}

/** bio_release_pages: unpins each page of a pinned bio. */
@inline
export function releasePages<S>(queue: HostQueue, scheme: S, bio: Bio): void {
  if (bio.bi_flags & BIO_PAGE_PINNED) unpinAll(queue, scheme, bio);
}

function unpinAll<S>(queue: HostQueue, scheme: S, bio: Bio): void {
  const locked = machineOf(queue).refcountAtomic != 0;
  let at = <usize>bio.bi_io_vec;
  const end = at + <usize>bio.bi_vcnt * offsetof<BioVec>();
  do {
    const vec = changetype<BioVec>(at);
    let page = pageOf(queue, scheme, vec.place);
    const count = pagesCovered(vec.bv_offset, vec.bv_len);
    const behind = page + <u64>count * PAGE_STRUCT_SIZE;
    do {
      unpin(scheme, page, locked);
      page += PAGE_STRUCT_SIZE;
    } while (page < behind);
    at += offsetof<BioVec>();
  } while (at < end);
}

@inline
function unpin<S>(scheme: S, page: u64, locked: bool): void {
  if (isDefined(scheme.unpin)) scheme.unpin(page, locked);
  else unpinFolio(page, locked);
}

/** The first page behind a vector's place: once for each vector, whatever the number of pages. */
@inline
function pageOf<S>(queue: HostQueue, scheme: S, place: u64): u64 {
  if (isDefined(scheme.pageOf)) return scheme.pageOf(queue, place);
  return place;
}

/** blk_bvec_map_sg: page and in-page offset of a place that may lie pages behind the vector's first. */
@inline
export function setSgPage(sg: Scatterlist, place: u64, offset: u32, bytes: u32): void {
  sg.page_link = place + (<u64>(offset >> PAGE_SHIFT) << PAGE_STRUCT_SHIFT);
  sg.offset = offset & (PAGE_SIZE - 1);
  sg.length = bytes;
}
