// struct scatterlist (include/linux/scatterlist.h): what dma_map_sgtable takes and fills in the kernels before 6.17.

/** struct scatterlist, 32 bytes. */
@unmanaged
export class Scatterlist {
  /** The scheme's place (a page pointer in Linux); end and chain marks in the low two bits are left out. */
  page_link: u64;
  offset: u32;
  length: u32;
  dma_address: u64;
  dma_length: u32;
  dma_flags: u32;
}

/** dma_flags: dma_address is a bus address that no IOMMU translates and no unmap returns. */
export const SG_DMA_BUS_ADDRESS: u32 = 1;

/** Entry number `index` of a list. */
@inline
export function sgAt(sgl: usize, index: u32): Scatterlist {
  return changetype<Scatterlist>(sgl + <usize>index * offsetof<Scatterlist>());
}
