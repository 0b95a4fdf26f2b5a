// Host RAM in schemes that live beside struct-page P2P in kernels of 6.18 and later: pages in the bio, with the tests that
// those kernels make of every page since any page may be P2P (nvmet_bdev_execute_rw, __bio_add_page, nvme's single-segment
// path, blk_rq_dma_map_iter_start). The page scheme of 6.17 but for the bio's flag, which 6.18 removed.
import { Bio, REQ_NOMERGE } from "../layout/bio";
import { Dio, HostQueue, machineOf } from "../layout/queue";
import { Request } from "../layout/request";
import { BUFFERS_USER } from "../layout/stream";
import { isPciP2pdmaPage, physToPage } from "../mm/page";
import { physToDma } from "../pci/dma_direct";
import { addHostRam } from "./host_page_bio";
import { isSimple, mapMarkedPages, markP2pPages } from "./page_state";

/** bio_add_page or bio_iov_iter_get_pages, with the submitter's test and that of each new vector. 0 or -errno. */
@inline
export function addTestedRam<S>(queue: HostQueue, scheme: S, bio: Bio, dio: Dio): i32 {
  const machine = machineOf(queue);
  if (machine.buffers != BUFFERS_USER && isPciP2pdmaPage(physToPage(machine, machine.ramPhys + dio.bufferOffset))) {
    bio.bi_opf |= REQ_NOMERGE;
  }
  const error = addHostRam(queue, scheme, bio, dio);
  markP2pPages(bio);
  return error;
}

/** DMA address of host memory at `phys`: nvme_pci_setup_data_simple, else the first segment's page is asked. */
@inline
export function mapTestedRam(queue: HostQueue, request: Request, place: u64, phys: u64, first: bool): u64 {
  if (first && !isSimple(request, place, phys)) return mapMarkedPages(queue, phys, true);
  return physToDma(phys);
}
