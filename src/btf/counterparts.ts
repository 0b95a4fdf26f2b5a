// Which of the machine's structs stand for which of Linux's, and where names differ. The one table of this folder: a
// struct of src/machine/layout that mirrors one of Linux gets a row here.
//
// A field needs no entry when the kernel calls it the same, when it is filler (`pad24`, `unused40`), when it is the first
// word of a larger member (`done0` for `done`; `done1` and on are the rest of it), or when only a trailing underscore
// tells it from a word of the language (`private_`).
import type * as layout from '../../build/layout.ts';

/** Names of the machine's structs, as the build lays them out. */
export type StructName = {
  [K in keyof typeof layout]: (typeof layout)[K] extends { bytes: number } ? K : never;
}[keyof typeof layout];

type FieldName<S extends StructName> = Exclude<keyof (typeof layout)[S], 'bytes'>;

/** Whether a difference comes from how the kernel was configured or from which kernel it is, and in words. */
export interface Cause {
  readonly kind: 'configuration' | 'version';
  readonly text: string;
}

/** A cause, or what is left to say where BTF does not tell one. */
export interface Reason {
  readonly kind: Cause['kind'] | 'unknown';
  readonly text: string;
}

/** A member in another struct of the kernel that lies over this one. */
export interface Elsewhere {
  readonly struct: string;
  readonly path: string;
  readonly cause: Cause;
}

/** Paths to look for, the first that exists counts: kernels renamed members. `null`: no member of its own. */
export type Place = string | null | readonly (string | Elsewhere)[];

export interface Counterpart {
  /** Name of the kernel's struct. */
  readonly kernel: string;
  readonly header: string;
  /** Why a kernel may not have it at all. */
  readonly absent: Reason;
  /** The kernel's struct embeds this one of the machine's behind its own fields. */
  readonly tail?: StructName;
  readonly fields?: Readonly<Record<string, Place>>;
  /** Causes by kernel member: why ours has it and a kernel not, or a kernel has it and ours not. */
  readonly without?: Readonly<Record<string, Cause>>;
  readonly with?: Readonly<Record<string, Cause>>;
}

const config = (text: string): Cause => ({ kind: 'configuration', text });
const version = (text: string): Cause => ({ kind: 'version', text });

const CORE: Reason = {
  kind: 'unknown',
  text: 'every kernel with a block layer has it: this BTF is not a whole kernel',
};
const NVME = config(
  'the NVMe driver is off, or a module that is not loaded: modprobe nvme, or --btf nvme.ko --btf-base vmlinux',
);
const POOL = config('CONFIG_GENERIC_ALLOCATOR is off; CONFIG_PCI_P2PDMA selects it');

/** A row whose field names the compiler checks against the build's layout. */
function row<S extends StructName>(
  _struct: S,
  counterpart: Omit<Counterpart, 'fields'> & { readonly fields?: Readonly<Partial<Record<FieldName<S>, Place>>> },
): Counterpart {
  return counterpart as Counterpart;
}

export const COUNTERPARTS: Readonly<Partial<Record<StructName, Counterpart>>> = {
  Page: row('Page', {
    kernel: 'page',
    header: 'include/linux/mm_types.h',
    absent: CORE,
    fields: {
      pgmap: [
        'pgmap',
        {
          struct: 'folio',
          path: 'pgmap',
          cause: version('the kernel keeps pgmap in struct folio since 6.15, over the same bytes'),
        },
      ],
      index: ['index', '__folio_index'],
    },
    without: {
      memcg_data: config('CONFIG_MEMCG and CONFIG_SLAB_OBJ_EXT are off: no memcg_data'),
      zone_device_data: config('CONFIG_ZONE_DEVICE is off, or the kernel is older than 5.3: no zone_device_data'),
      pgmap: config('CONFIG_ZONE_DEVICE is off: no pgmap'),
    },
    with: {
      virtual: config('WANT_PAGE_VIRTUAL: the architecture keeps the virtual address in struct page'),
      _last_cpupid: config('CONFIG_NUMA_BALANCING with more CPUs than fit into the flags'),
      kmsan_shadow: config('CONFIG_KMSAN'),
      kmsan_origin: config('CONFIG_KMSAN'),
    },
  }),
  DevPagemap: row('DevPagemap', {
    kernel: 'dev_pagemap',
    header: 'include/linux/memremap.h',
    absent: config('CONFIG_ZONE_DEVICE is off'),
    fields: { range_start: ['range.start', 'res.start'], range_end: ['range.end', 'res.end'], ref_data: 'ref.data' },
    without: {
      vmemmap_shift: version('no vmemmap_shift: before 5.17 the memmap had no compound pages'),
      owner: version('no owner: an older kernel'),
      nr_range: version('one range only: before 5.10'),
      range: version('a struct resource instead of the range: before 5.10'),
    },
    with: {
      pci_p2pdma_bus_offset: version('the bus offset is in dev_pagemap itself: before 5.3'),
      page_free: version('callbacks in the struct itself: before 5.3'),
    },
  }),
  PciP2pdmaPagemap: row('PciP2pdmaPagemap', {
    kernel: 'pci_p2pdma_pagemap',
    header: 'drivers/pci/p2pdma.c',
    absent: config('CONFIG_PCI_P2PDMA is off'),
    tail: 'DevPagemap',
    fields: { provider: ['provider', 'mem'] },
    without: { bus_offset: version('the bus offset moved into struct p2pdma_provider in 6.19') },
  }),
  Bio: row('Bio', {
    kernel: 'bio',
    header: 'include/linux/blk_types.h',
    absent: CORE,
    fields: {
      bi_sector: 'bi_iter.bi_sector',
      bi_size: 'bi_iter.bi_size',
      bi_idx: 'bi_iter.bi_idx',
      bi_bvec_done: 'bi_iter.bi_bvec_done',
      bi_issue: ['bi_issue', 'issue_time_ns'],
    },
    without: {
      bi_integrity: config('CONFIG_BLK_DEV_INTEGRITY is off: no bi_integrity'),
      bi_blkg: config('CONFIG_BLK_CGROUP is off: no bi_blkg'),
      bi_issue: config('CONFIG_BLK_CGROUP is off: no bi_issue'),
      bi_iocost_cost: config('CONFIG_BLK_CGROUP_IOCOST is off: no bi_iocost_cost'),
      bi_cookie: version('no bi_cookie: before 5.16'),
    },
    with: {
      bi_crypt_context: config('CONFIG_BLK_INLINE_ENCRYPTION is on: bi_crypt_context'),
      bi_disk: version('bi_disk and bi_partno instead of bi_bdev: before 5.12'),
    },
  }),
  BioVec: row('BioVec', {
    kernel: 'bio_vec',
    header: 'include/linux/bvec.h',
    absent: CORE,
    fields: { place: 'bv_page' },
  }),
  Request: row('Request', {
    kernel: 'request',
    header: 'include/linux/blk-mq.h',
    absent: CORE,
    fields: {
      queuelist_next: 'queuelist.next',
      queuelist_prev: 'queuelist.prev',
      rb_node2: null,
    },
    without: {
      alloc_time_ns: config('CONFIG_BLK_RQ_ALLOC_TIME is off: no alloc_time_ns'),
      wbt_flags: config('CONFIG_BLK_WBT is off: no wbt_flags'),
      nr_integrity_segments: config('CONFIG_BLK_DEV_INTEGRITY is off: no nr_integrity_segments'),
    },
    with: {
      crypt_ctx: config('CONFIG_BLK_INLINE_ENCRYPTION is on: crypt_ctx'),
      crypt_keyslot: config('CONFIG_BLK_INLINE_ENCRYPTION is on: crypt_keyslot'),
      rq_disk: version('rq_disk: before 5.17'),
      ioprio: version('ioprio in the request and not in its bio: before 6.12'),
      write_hint: version('write_hint in the request and not in its bio: a kernel before that moved'),
    },
  }),
  QueueLimits: row('QueueLimits', {
    kernel: 'queue_limits',
    header: 'include/linux/blkdev.h',
    absent: CORE,
    without: {
      features: version('features and flags are in struct request_queue: before 6.11'),
      flags: version('features and flags are in struct request_queue: before 6.11'),
      min_segment_size: version('no min_segment_size in this kernel'),
      max_user_sectors: version('no max_user_sectors in this kernel'),
    },
    with: {
      bounce: version('bounce: a kernel that still bounces'),
      max_fast_segment_size: version('max_fast_segment_size: a newer kernel'),
    },
  }),
  Scatterlist: row('Scatterlist', {
    kernel: 'scatterlist',
    header: 'include/linux/scatterlist.h',
    absent: CORE,
    without: {
      dma_length: config('CONFIG_NEED_SG_DMA_LENGTH is off: no dma_length'),
      dma_flags: config('CONFIG_NEED_SG_DMA_FLAGS is off, or the kernel is older than 6.0: no dma_flags'),
    },
    with: { sg_magic: config('CONFIG_DEBUG_SG: sg_magic') },
  }),
  GenPool: row('GenPool', {
    kernel: 'gen_pool',
    header: 'include/linux/genalloc.h',
    absent: POOL,
    fields: { chunks: 'chunks.next', chunks_prev: 'chunks.prev' },
  }),
  GenPoolChunk: row('GenPoolChunk', {
    kernel: 'gen_pool_chunk',
    header: 'include/linux/genalloc.h',
    absent: POOL,
    fields: { next_chunk: 'next_chunk.next', next_prev: 'next_chunk.prev' },
    without: { owner: version('no owner: before 5.3') },
  }),
  NvmeCommand: row('NvmeCommand', {
    kernel: 'nvme_command',
    header: 'include/linux/nvme.h',
    absent: NVME,
    fields: {
      opcode: 'rw.opcode',
      flags: 'rw.flags',
      command_id: 'rw.command_id',
      nsid: 'rw.nsid',
      cdw2: ['rw.cdw2', 'rw.rsvd2', 'common.cdw2'],
      cdw3: ['rw.cdw3', 'common.cdw2[1]'],
      metadata: 'rw.metadata',
      prp1: 'rw.dptr.prp1',
      prp2: 'rw.dptr.prp2',
      slba: 'rw.slba',
      length: 'rw.length',
      control: 'rw.control',
      dsmgmt: 'rw.dsmgmt',
      reftag: 'rw.reftag',
      lbat: ['rw.lbat', 'rw.apptag'],
      lbatm: ['rw.lbatm', 'rw.appmask'],
    },
  }),
  NvmeCompletion: row('NvmeCompletion', {
    kernel: 'nvme_completion',
    header: 'include/linux/nvme.h',
    absent: NVME,
  }),
  NvmeIod: row('NvmeIod', {
    kernel: 'nvme_iod',
    header: 'drivers/nvme/host/pci.c',
    absent: NVME,
    fields: {
      req_cmd: 'req.cmd',
      req_result: 'req.result',
      req_genctr: 'req.genctr',
      req_retries: 'req.retries',
      req_flags: 'req.flags',
      req_status: 'req.status',
      req_start_time: 'req.start_time',
      req_ctrl: 'req.ctrl',
      sgt_sgl: 'sgt.sgl',
      sgt_nents: 'sgt.nents',
      sgt_orig_nents: 'sgt.orig_nents',
      list0: ['list', 'descriptors'],
      meta_list: ['meta_list', 'meta_descriptor'],
    },
    without: {
      aborted: version('aborted is a bit of flags in newer kernels'),
      nr_allocations: version('nvme-pci without scatterlists since 6.17: no nr_allocations'),
      dma_len: version('nvme-pci without scatterlists since 6.17: no dma_len'),
      first_dma: version('nvme-pci without scatterlists since 6.17: no first_dma'),
      sgt: version('nvme-pci without scatterlists since 6.17: no sgt'),
      meta_sgt: version('no meta_sgt: an older kernel, or nvme-pci without scatterlists since 6.17'),
      start_time: config('CONFIG_NVME_MULTIPATH is off: no start_time in struct nvme_request'),
    },
    with: {
      dma_state: version('nvme-pci without scatterlists since 6.17: dma_state'),
      nr_descriptors: version('nvme-pci without scatterlists since 6.17: nr_descriptors'),
      total_len: version('nvme-pci without scatterlists since 6.17: total_len'),
      dma_vecs: version('nvme-pci without scatterlists since 6.17: dma_vecs'),
    },
  }),
};

/** Members whose size is the configuration's, by the name of their type. */
export const RESIZED_BY: Readonly<Record<string, Cause>> = {
  spinlock_t: config('spinlock_t of another size: CONFIG_DEBUG_SPINLOCK, CONFIG_DEBUG_LOCK_ALLOC or CONFIG_PREEMPT_RT'),
  'struct completion': config('struct completion of another size: CONFIG_DEBUG_SPINLOCK or CONFIG_DEBUG_LOCK_ALLOC'),
};

/** A constant of the machine and the enumerator it stands for. */
export interface ConstantPair {
  readonly ours: keyof typeof layout;
  readonly kernel: string;
  /** The enumerator is a bit's number, ours its value. */
  readonly isBit?: true;
  /** Why kernels differ in it, and every number that is known of a kernel. */
  readonly cause?: Cause;
  readonly known?: readonly number[];
}

const MAP_TYPE = version(
  'the enum has PCI_P2PDMA_MAP_NONE between, which 6.12 has not: values behind it are one higher',
);
const PAGE_FLAGS = version('the order of enum pageflags changed between versions');

export const CONSTANTS: readonly ConstantPair[] = [
  { ours: 'MAP_UNKNOWN', kernel: 'PCI_P2PDMA_MAP_UNKNOWN' },
  { ours: 'MAP_NOT_SUPPORTED', kernel: 'PCI_P2PDMA_MAP_NOT_SUPPORTED', cause: MAP_TYPE },
  { ours: 'MAP_BUS_ADDR', kernel: 'PCI_P2PDMA_MAP_BUS_ADDR', cause: MAP_TYPE },
  { ours: 'MAP_THRU_HOST_BRIDGE', kernel: 'PCI_P2PDMA_MAP_THRU_HOST_BRIDGE', cause: MAP_TYPE },
  {
    ours: 'MEMORY_DEVICE_PCI_P2PDMA',
    kernel: 'MEMORY_DEVICE_PCI_P2PDMA',
    cause: version('MEMORY_DEVICE_COHERENT came before it in 6.0'),
  },
  {
    ours: 'ZONE_DEVICE',
    kernel: 'ZONE_DEVICE',
    cause: config('zones before it depend on CONFIG_ZONE_DMA, CONFIG_ZONE_DMA32 and CONFIG_HIGHMEM'),
  },
  { ours: 'PG_reserved', kernel: 'PG_reserved', isBit: true, cause: PAGE_FLAGS },
  { ours: 'PG_head', kernel: 'PG_head', isBit: true, cause: PAGE_FLAGS },
  { ours: 'REQ_OP_READ', kernel: 'REQ_OP_READ' },
  { ours: 'REQ_OP_WRITE', kernel: 'REQ_OP_WRITE' },
  { ours: 'REQ_NOMERGE', kernel: '__REQ_NOMERGE', isBit: true },
  { ours: 'BIO_PAGE_PINNED', kernel: 'BIO_PAGE_PINNED', isBit: true },
  {
    ours: 'BIO_CHAIN',
    kernel: 'BIO_CHAIN',
    isBit: true,
    cause: version('BIO_BOUNCED, which stood before it, is gone by 6.18'),
    known: [3, 4],
  },
  { ours: 'NVME_OP_WRITE', kernel: 'nvme_cmd_write' },
  { ours: 'NVME_OP_READ', kernel: 'nvme_cmd_read' },
  { ours: 'NVME_SC_SUCCESS', kernel: 'NVME_SC_SUCCESS' },
  { ours: 'NVME_SC_INVALID_OPCODE', kernel: 'NVME_SC_INVALID_OPCODE' },
  { ours: 'NVME_SC_INVALID_FIELD', kernel: 'NVME_SC_INVALID_FIELD' },
  { ours: 'NVME_SC_DATA_XFER_ERROR', kernel: 'NVME_SC_DATA_XFER_ERROR' },
  { ours: 'NVME_SC_INVALID_NS', kernel: 'NVME_SC_INVALID_NS' },
  { ours: 'NVME_SC_LBA_RANGE', kernel: 'NVME_SC_LBA_RANGE' },
];

/** Modules that hold structs of the table where the drivers are not built in. */
export const MODULES: readonly string[] = ['nvme_core', 'nvme'];
