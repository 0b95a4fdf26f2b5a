// Host RAM in schemes that leave it as it was: struct pages in the bio, as the kernels before the P2P pages had them. No
// test for P2P is left in their way, because no page is P2P in these schemes.
import { Bio } from "../layout/bio";
import { PAGE_SIZE } from "../layout/page";
import { Dio, HostQueue, machineOf } from "../layout/queue";
import { BUFFERS_USER } from "../layout/stream";
import { physToPage } from "../mm/page";
import { addKernelBuffer, addUserBuffer } from "./page_bio";

/** bio_add_page of a kernel buffer or bio_iov_iter_get_pages of a user's. 0 or an errno, negative. */
export function addHostRam<S>(queue: HostQueue, scheme: S, bio: Bio, dio: Dio): i32 {
  const machine = machineOf(queue);
  const phys = machine.ramPhys + dio.bufferOffset;
  if (machine.buffers == BUFFERS_USER) return addUserBuffer(queue, scheme, bio, phys, dio.lenBytes);
  addKernelBuffer(queue, scheme, bio, physToPage(machine, phys), <u32>(phys & (PAGE_SIZE - 1)), dio.lenBytes);
  return 0;
}
