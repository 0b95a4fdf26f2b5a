import { describe, expect, it } from 'vitest';
import * as layout from '../../build/layout.ts';

// kernel headers compiled on x86-64: Linux 6.12 (integrity and cgroups on) unless a comment says otherwise.
const SIZES: Record<string, number> = {
  Page: 64,
  Bio: 128,
  BioVec: 16,
  Request: 248,
  Scatterlist: 32,
  DevPagemap: 160,
  GenPool: 56,
  GenPoolChunk: 56,
  QueueLimits: 192,
  NvmeCommand: 64,
  NvmeCompletion: 16,
  NvmeIod: 208,
  IoDescriptor: 16,
  IbSge: 16,
  IbSendWr: 40,
  IbRdmaWr: 56,
  IbRegWr: 56,
  RdmaRwCtx: 80,
  RdmaRwRegCtx: 176,
  NvmetRdmaRsp: 656,
  RdmaWqe: 64,
  RdmaDataSegment: 16,
  RdmaCqe: 64,
};

const OFFSETS: Record<string, Record<string, number>> = {
  Page: { flags: 0, pgmap: 8, zone_device_data: 16, _mapcount: 48, _refcount: 52, memcg_data: 56 },
  Bio: {
    bi_next: 0,
    bi_bdev: 8,
    bi_opf: 16,
    bi_flags: 20,
    __bi_remaining: 28,
    bi_sector: 32,
    bi_end_io: 56,
    bi_private: 64,
  },
  BioVec: { place: 0, bv_len: 8, bv_offset: 12 },
  // rw, then nvmet_req with sg 40, inline_bvec 56, sg_cnt 360, transfer_len 368, p2p_dev 408, p2p_client 416.
  NvmetRdmaRsp: {
    rw0: 96,
    req_cmd: 176,
    req_sg: 216,
    req_bvec0: 232,
    req_io: 360,
    req_sg_cnt: 536,
    req_transfer_len: 544,
    req_p2p_dev: 584,
    req_p2p_client: 592,
  },
  Request: {
    cmd_flags: 24,
    rq_flags: 28,
    tag: 32,
    internal_tag: 36,
    timeout: 40,
    __data_len: 44,
    __sector: 48,
    bio: 56,
    biotail: 64,
    queuelist_next: 72,
    part: 88,
    start_time_ns: 104,
    nr_phys_segments: 124,
    state: 128,
    ref: 132,
    deadline: 136,
    special_vec0: 160,
    elv0: 184,
    flush0: 208,
    end_io: 232,
    end_io_data: 240,
  },
  Scatterlist: { page_link: 0, offset: 8, length: 12, dma_address: 16, dma_length: 24, dma_flags: 28 },
  DevPagemap: {
    ref: 56,
    done0: 72,
    type: 104,
    flags: 108,
    vmemmap_shift: 112,
    ops: 120,
    owner: 128,
    nr_range: 136,
    range_start: 144,
  },
  PciP2pdmaPagemap: { provider: 0, bus_offset: 8 },
  GenPool: { chunks: 8, min_alloc_order: 24, algo: 32, data: 40, name: 48 },
  GenPoolChunk: { avail: 16, phys_addr: 24, owner: 32, start_addr: 40, end_addr: 48 },
  QueueLimits: {
    seg_boundary_mask: 8,
    virt_boundary_mask: 16,
    max_hw_sectors: 24,
    max_sectors: 36,
    max_segment_size: 44,
    min_segment_size: 48,
    logical_block_size: 56,
    max_segments: 156,
    dma_alignment: 176,
  },
  NvmeCommand: {
    opcode: 0,
    flags: 1,
    command_id: 2,
    nsid: 4,
    cdw2: 8,
    cdw3: 12,
    metadata: 16,
    prp1: 24,
    prp2: 32,
    slba: 40,
    length: 48,
    control: 50,
    dsmgmt: 52,
    reftag: 56,
    lbat: 60,
    lbatm: 62,
  },
  NvmeCompletion: { result: 0, sq_head: 8, sq_id: 10, command_id: 12, status: 14 },
  NvmeIod: {
    cmd0: 40,
    nr_allocations: 105,
    dma_len: 108,
    first_dma: 112,
    meta_dma: 120,
    sgt_sgl: 128,
    meta_sgt0: 144,
    list0: 168,
  },
};

const structs = layout as unknown as Record<string, Record<string, number>>;

describe('struct layouts are those of Linux on x86-64', () => {
  it.each(Object.entries(SIZES))('%s has %i bytes', (name, bytes) => {
    expect(structs[name]?.bytes).toBe(bytes);
  });

  it.each(Object.entries(OFFSETS))('%s has its fields where the kernel has them', (name, offsets) => {
    expect(structs[name]).toMatchObject(offsets);
  });

  it('keeps the words of different writers two cache lines apart', () => {
    const { sqDoorbell, cqDoorbell, cqPosted } = layout.QueueShared;
    expect(cqDoorbell - sqDoorbell).toBeGreaterThanOrEqual(layout.WRITER_STRIDE);
    expect(cqPosted - cqDoorbell).toBeGreaterThanOrEqual(layout.WRITER_STRIDE);
  });

  it('embeds the pagemap where page.pgmap expects it', () => {
    expect(layout.PGMAP_IN_P2PDMA + layout.DevPagemap.bytes).toBe(176);
  });
});
