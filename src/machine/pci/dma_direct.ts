// DMA addresses as schemes answer them: a physical address that the client's dma_map_ops still translate, or a bus address
// that is final. Without an IOMMU the former is the address itself (kernel/dma/direct.h: phys_to_dma), as the client's
// inbound window is identity in the lab's host bridges. What an IOMMU makes of it is in dma_iommu.ts.
import { Machine } from "../layout/machine";
import { sgAt } from "../layout/scatterlist";
import { pageToPhys } from "../mm/page";

/** Marks an address that no IOMMU translates (PCI_P2PDMA_MAP_BUS_ADDR), as SG_DMA_BUS_ADDRESS does in a scatterlist. */
const BUS_ADDRESS: u64 = 1 << 63;

/** phys_to_dma. */
@inline
export function physToDma(phys: u64): u64 {
  return phys;
}

/** A bus address as a scheme answers it. */
@inline
export function busAddress(address: u64): u64 {
  return address | BUS_ADDRESS;
}

@inline
export function isBusAddress(answer: u64): bool {
  return (answer & BUS_ADDRESS) != 0;
}

/** The answer without its mark. */
@inline
export function dmaAddressOf(answer: u64): u64 {
  return answer & ~BUS_ADDRESS;
}

/** dma_direct_map_sg over entries that are known to be host pages. */
export function dmaMapHostSg(machine: Machine, sgl: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const sg = sgAt(sgl, i);
    sg.dma_address = physToDma(pageToPhys(machine, sg.page_link) + sg.offset);
    sg.dma_length = sg.length;
    sg.dma_flags = 0;
  }
}
