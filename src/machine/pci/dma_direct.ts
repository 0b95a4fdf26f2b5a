// DMA mapping of host memory without an IOMMU (kernel/dma/direct.h): the physical address, seen by the client's inbound
// window, which is identity in the lab's host bridges.
import { Machine } from "../layout/machine";
import { Scatterlist } from "../layout/scatterlist";
import { pageToPhys } from "../mm/page";

/** phys_to_dma. */
@inline
export function physToDma(phys: u64): u64 {
  return phys;
}

/** dma_direct_map_sg over entries that are known to be host pages. */
export function dmaMapHostSg(machine: Machine, sgl: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const sg = changetype<Scatterlist>(sgl + <usize>i * offsetof<Scatterlist>());
    sg.dma_address = physToDma(pageToPhys(machine, sg.page_link) + sg.offset);
    sg.dma_length = sg.length;
    sg.dma_flags = 0;
  }
}
