// What kernels of 6.17 and later ask struct pages: __bio_add_page marks bios of P2P pages, nvme's single-segment path and
// blk_rq_dma_map_iter_start ask once more. Bios are wholly P2P memory of one device or hold none (commit "block: don't
// merge different kinds of P2P transfers in a single bio").
// bio_add_page's refusal of a page with another pgmap is the page scheme's hook `joins`.
import { Bio, REQ_NOMERGE, REQ_P2PDMA, vecAt } from "../layout/bio";
import { NVME_CTRL_PAGE_SIZE } from "../layout/nvme";
import { PciP2pdmaPagemap, PGMAP_IN_P2PDMA } from "../layout/page";
import { clientOf, HostQueue, machineOf } from "../layout/queue";
import { Request } from "../layout/request";
import { isPciP2pdmaPage, pagePgmap, physToPage } from "../mm/page";
import { physToDma } from "../pci/dma_direct";
import { enterProvider, p2pAddress } from "../pci/map_state";
import { bioAdd } from "./bio";

/** __bio_add_page's test of every new vector. */
@inline
export function markP2pPages(bio: Bio): void {
  for (let i: u32 = 0; i < <u32>bio.bi_vcnt; i++) {
    if (isPciP2pdmaPage(vecAt(bio, i).place)) bio.bi_opf |= REQ_P2PDMA | REQ_NOMERGE;
  }
}

/** bio_add_page of one more page: __bio_add_page's test when it becomes a vector of its own. */
export function addMarkedPage<S>(queue: HostQueue, scheme: S, bio: Bio, phys: u64, bytes: u32): void {
  const count = bio.bi_vcnt;
  const page = physToPage(machineOf(queue), phys);
  bioAdd(queue, scheme, bio, page, 0, bytes);
  if (bio.bi_vcnt != count && isPciP2pdmaPage(page)) bio.bi_opf |= REQ_P2PDMA | REQ_NOMERGE;
}

/** nvme_pci_setup_data_simple: the test in front of dma_map_bvec, for what two PRPs reach. */
@inline
export function isSimple(request: Request, place: u64, phys: u64): bool {
  if (request.nr_phys_segments != 1) return false;
  if (<u32>(phys & (NVME_CTRL_PAGE_SIZE - 1)) + request.__data_len > NVME_CTRL_PAGE_SIZE * 2) return false;
  return !isPciP2pdmaPage(place);
}

/** blk_rq_dma_map_iter_start and _next for a request whose bio is marked: the page of the first segment decides. */
@inline
export function mapMarkedPages(queue: HostQueue, phys: u64, first: bool): u64 {
  if (first) {
    const machine = machineOf(queue);
    const page = physToPage(machine, phys);
    if (!isPciP2pdmaPage(page)) return physToDma(phys);
    const busOffset = changetype<PciP2pdmaPagemap>(<usize>pagePgmap(page) - PGMAP_IN_P2PDMA).bus_offset;
    enterProvider(queue, clientOf(queue), busOffset);
  }
  return p2pAddress(queue, phys);
}
