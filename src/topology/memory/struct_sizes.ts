// Sizes of the kernel structures that the memory model adds up, in bytes, x86-64. Read from a running 6.18 (BTF) and
// from a compiled 6.12; the v5.2 figures are derived from its source.
import type { Era } from '../host_bridge.ts';

export const STRUCT_PAGE = 64;
export const BIO_VEC = 16;
/** 2019 RFC: {dma_addr_t, unsigned} padded. */
export const DMA_VEC = 16;
/** {phys_addr_t, length} padded. */
export const PHYS_VEC = 16;
/** pfn_t in place of the page pointer: the vec keeps its size. */
export const PFN_VEC = 16;
export const SCATTERLIST = 32;
export const SG_TABLE = 16;
export const GEN_POOL = 56;
/** Header before the bitmap. */
export const GEN_POOL_CHUNK = 56;
export const P2PDMA_PROVIDER = 16;
/** One entry of the map_types xarray, node overhead not counted. */
export const MAP_TYPE_ENTRY = 8;
/** struct percpu_ref, and the count of one CPU behind it. */
export const PERCPU_REF = 56;
export const PERCPU_COUNT = 8;
/** One node of a radix tree or xarray. */
export const XA_NODE = 576;
/** pci_p2pdma and its pagemap as of 4.20: pool and flag, dev_pagemap, percpu_ref, completion. */
export const P2PDMA_4_20 = 16 + 176 + PERCPU_REF + 32;
/** nvme's map of a dma-buf for one controller, and the token that a bio carries (Begunkov v3). */
export const DMABUF_MAP = 88;
export const DMABUF_TOKEN = 88;
/** vm_area_struct's P2P side: the record that answers p2p_map (owner, range, ops). */
export const VMA_RECORD = 32;
export const DMA_ADDRESS = 8;
export const PTE = 8;
/** Longest scatterlist entry a dma-buf export makes: 32-bit length, page aligned. */
export const MAX_SG_BYTES = 2 ** 32 - 4096;

interface EraSizes {
  /** struct pci_p2pdma. */
  readonly p2pdma: number;
  /** struct (pci_)p2pdma_pagemap, one for each registered range. */
  readonly pagemap: number;
  /** One client's entry in the map types. */
  readonly mapType: number;
  /** struct pci_p2pdma_map_state, one for each mapping going on. */
  readonly mapState: number;
  /** Scatterlist and its table, where the block driver still builds one for a P2P request. */
  readonly requestSg: number;
}

const WITH_SG = SG_TABLE + SCATTERLIST;

export const ERA_SIZES: Readonly<Record<Era, EraSizes>> = {
  // dev_pagemap 176, percpu_ref 56, completion 32; no map types, no map state: bus addresses only.
  '5.2': { p2pdma: 16, pagemap: 264, mapType: 0, mapState: 0, requestSg: WITH_SG },
  '6.12': { p2pdma: 32, pagemap: 176, mapType: MAP_TYPE_ENTRY, mapState: 24, requestSg: WITH_SG },
  // nvme-pci without scatterlist; the state sits in blk_dma_iter.
  '6.17': { p2pdma: 32, pagemap: 176, mapType: MAP_TYPE_ENTRY, mapState: 24, requestSg: 0 },
  // Six providers inside pci_p2pdma, the pagemap points at one of them.
  '7.2': { p2pdma: 128, pagemap: 168, mapType: MAP_TYPE_ENTRY, mapState: 16, requestSg: 0 },
};
