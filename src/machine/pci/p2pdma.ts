// DMA mapping of pages for one client: dma_map_sgtable with P2P pages as Linux 6.12 does it.
// Mirrors dma_direct_map_sg (kernel/dma/direct.c) and pci_p2pdma_map_segment (drivers/pci/p2pdma.c).
// Left out: swiotlb (a segment that would need it is a mapping error for P2P anyway) and cache maintenance (x86).
import { counters } from "../base/counting";
import { EREMOTEIO } from "../layout/errno";
import { DmaClient, Machine, MAP_BUS_ADDR, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { PciP2pdmaPagemap, PGMAP_IN_P2PDMA } from "../layout/page";
import { Scatterlist, SG_DMA_BUS_ADDRESS } from "../layout/scatterlist";
import { isPciP2pdmaPage, pagePgmap, pageToPhys } from "../mm/page";
import { physToDma } from "./dma_direct";
import { mapType } from "./map_types";


/**
 * dma_map_sgtable without an IOMMU: one is-P2P test for each entry; the map type is looked up when the pgmap changes.
 * Fills dma_address, dma_length and dma_flags. Returns 0 or -EREMOTEIO when the client cannot reach the provider.
 */
export function dmaMapSg(machine: Machine, client: DmaClient, sgl: usize, count: u32): i32 {
  let statePgmap: u64 = 0;
  let stateType: u32 = 0;
  let stateBusOffset: i64 = 0;
  const end = sgl + <usize>count * offsetof<Scatterlist>();
  for (let at = sgl; at < end; at += offsetof<Scatterlist>()) {
    const sg = changetype<Scatterlist>(at);
    const page = sg.page_link;
    const phys = pageToPhys(machine, page) + sg.offset;
    sg.dma_length = sg.length;
    if (!isPciP2pdmaPage(page)) {
      sg.dma_address = physToDma(phys);
      sg.dma_flags = 0;
      continue;
    }
    // pci_p2pdma_map_segment.
    if (COUNTING) counters().mapCalls += 1;
    const pgmap = pagePgmap(page);
    if (pgmap != statePgmap) {
      statePgmap = pgmap;
      stateType = mapType(machine, client.key);
      stateBusOffset = changetype<PciP2pdmaPagemap>(<usize>pgmap - PGMAP_IN_P2PDMA).bus_offset;
    }
    if (stateType == MAP_BUS_ADDR) {
      sg.dma_address = phys + <u64>stateBusOffset;
      sg.dma_flags = SG_DMA_BUS_ADDRESS;
    } else if (stateType == MAP_THRU_HOST_BRIDGE) {
      sg.dma_address = physToDma(phys);
      sg.dma_flags = 0;
    } else {
      return -EREMOTEIO;
    }
  }
  return 0;
}
