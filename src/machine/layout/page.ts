// struct page and what it points to when it backs a device's BAR.
// Linux 6.12 (include/linux/mm_types.h, memremap.h, drivers/pci/p2pdma.c); sizes as compiled on x86-64.
// Pointers are 8 bytes as on x86-64 and hold a wasm address in their low half.

/** struct page, 64 bytes: one for every 4 KiB of memory that the block layer may be handed. */
@unmanaged
export class Page {
  /** Zone number in the bits from ZONES_PGSHIFT up, PG_* flags in the low bits. */
  flags: u64;
  /** ZONE_DEVICE: the struct dev_pagemap this page belongs to; else the compound head word (bit 0: tail page). */
  pgmap: u64;
  zone_device_data: u64;
  mapping: u64;
  index: u64;
  private_: u64;
  _mapcount: i32;
  _refcount: i32;
  memcg_data: u64;
}

/** struct dev_pagemap, 160 bytes: one for each registered range of a BAR. */
@unmanaged
export class DevPagemap {
  altmap0: u64; altmap1: u64; altmap2: u64; altmap3: u64; altmap4: u64; altmap5: u64; altmap6: u64;
  /** struct percpu_ref. */
  ref: u64;
  ref_data: u64;
  done0: u64; done1: u64; done2: u64; done3: u64;
  /** enum memory_type. */
  type: u32;
  flags: u32;
  vmemmap_shift: u64;
  ops: u64;
  owner: u64;
  nr_range: u32;
  pad140: u32;
  range_start: u64;
  range_end: u64;
}

/** struct pci_p2pdma_pagemap, 176 bytes: a dev_pagemap with the provider and its bus offset in front. */
@unmanaged
export class PciP2pdmaPagemap {
  provider: u64;
  /** PCI bus address minus CPU physical address of the BAR (negative in most systems that have an offset). */
  bus_offset: i64;
  // struct dev_pagemap follows at PGMAP_IN_P2PDMA.
}

/** Offset of the embedded dev_pagemap in struct pci_p2pdma_pagemap; page.pgmap points there. */
export const PGMAP_IN_P2PDMA: usize = 16;

/** Bits of page.flags. x86-64 with SPARSEMEM_VMEMMAP: the zone number sits above the node bits' place. */
export const ZONES_PGSHIFT: u64 = 55;
export const ZONES_MASK: u64 = 7;
export const ZONE_NORMAL: u64 = 2;
export const ZONE_DEVICE: u64 = 4;
export const PG_reserved: u64 = 1 << 11;
export const PG_head: u64 = 1 << 6;

/** enum memory_type (include/linux/memremap.h). */
export const MEMORY_DEVICE_PCI_P2PDMA: u32 = 5;

/** What FOLL_PIN adds to the refcount of an order-0 folio (include/linux/mm.h). */
export const GUP_PIN_COUNTING_BIAS: i32 = 1024;

export const PAGE_SHIFT: u32 = 12;
export const PAGE_SIZE: u32 = 4096;
/** log2(sizeof(struct page)). */
export const PAGE_STRUCT_SHIFT: u32 = 6;
export const PAGE_STRUCT_SIZE: u64 = 1 << PAGE_STRUCT_SHIFT;
