// Pinning of user buffers: iov_iter_extract_pages -> pin_user_pages_fast with FOLL_PCI_P2PDMA (mm/gup.c, 6.12).
// The user maps the provider's whole p2pmem (or host memory) linearly, so a buffer's pages follow one another.
// Left out: the walk of the user's page tables. It is the price of a virtual address, not of struct page: any scheme
// that is handed user memory pays it, and adding it to the page alone would charge the page for something else.
import { PAGE_SHIFT, PAGE_SIZE } from "../layout/page";
import { folioTryGet, pageFolio, pinFolioFast } from "./page";

/** Pages that a buffer at `offset` (bytes) of `len` bytes covers. */
@inline
export function pagesCovered(offset: u64, len: u32): u32 {
  return (<u32>(offset & (PAGE_SIZE - 1)) + len + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/** gup_fast_pte_range for one page: find the folio, take the pin. With FOLL_PCI_P2PDMA no P2P test is made. */
@inline
export function pinUserPage(place: u64, locked: bool): bool {
  return pinFolioFast(pageFolio(place), locked);
}

/** gup_pte_range of 5.2 for one page (try_get_compound_head): find the head, take a reference. No pin bias before 5.7. */
@inline
export function getUserPage(place: u64, locked: bool): bool {
  return folioTryGet(pageFolio(place), locked) != 0;
}
