// pci_p2pdma_map_sg as of v4.20 to v5.4 (drivers/pci/p2pdma.c): bus addresses for a scatterlist that is wholly P2P by
// convention. Asks no map type and no client; there is nothing to unmap.
// Those kernels (to v5.15) subtracted an offset defined as bus minus physical address: right only where it is 0. Here it
// is added, as the code was meant; the lab's quirk bus-offset-sign gives the pagemap an offset of the other sign.
import { counters } from "../base/counting";
import { Machine } from "../layout/machine";
import { PciP2pdmaPagemap, PGMAP_IN_P2PDMA } from "../layout/page";
import { SG_DMA_BUS_ADDRESS, sgAt } from "../layout/scatterlist";
import { pagePgmap, pageToPhys } from "../mm/page";

export function p2pdmaMapSg(machine: Machine, sgl: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const sg = sgAt(sgl, i);
    if (COUNTING) counters().mapCalls += 1;
    const pgmap = pagePgmap(sg.page_link);
    const busOffset = changetype<PciP2pdmaPagemap>(<usize>pgmap - PGMAP_IN_P2PDMA).bus_offset;
    const phys = pageToPhys(machine, sg.page_link) + sg.offset;
    sg.dma_address = phys + <u64>busOffset;
    sg.dma_length = sg.length;
    sg.dma_flags = SG_DMA_BUS_ADDRESS;
  }
}
