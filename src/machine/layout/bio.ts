// struct bio, its vector and its iterator (include/linux/blk_types.h, bvec.h), Linux 6.12 with integrity and cgroups.

/**
 * struct bio_vec, 16 bytes. Every scheme uses these 16 bytes: the first 8 are the scheme's (page pointer, bus address,
 * physical address...), length and offset belong to the block layer.
 */
@unmanaged
export class BioVec {
  place: u64;
  bv_len: u32;
  bv_offset: u32;
}

/** struct bio, 128 bytes. */
@unmanaged
export class Bio {
  bi_next: u64;
  bi_bdev: u64;
  /** Operation in the low 8 bits, REQ_* flags above. */
  bi_opf: u32;
  bi_flags: u16;
  bi_ioprio: u16;
  bi_write_hint: u8;
  pad25: u8;
  bi_status: u8;
  pad27: u8;
  __bi_remaining: i32;
  // struct bvec_iter, 20 bytes, packed.
  bi_sector: u64;
  bi_size: u32;
  bi_idx: u32;
  bi_bvec_done: u32;
  bi_cookie: u32;
  bi_end_io: u64;
  bi_private: u64;
  bi_blkg: u64;
  bi_issue: u64;
  bi_iocost_cost: u64;
  bi_integrity: u64;
  bi_vcnt: u16;
  bi_max_vecs: u16;
  __bi_cnt: i32;
  bi_io_vec: u64;
  bi_pool: u64;
}

/** Vectors that every bio carries behind itself; more come from the biovec slab (BIO_INLINE_VECS). */
export const BIO_INLINE_VECS: u32 = 4;
export const BIO_MAX_VECS: u32 = 256;

export const REQ_OP_READ: u32 = 0;
export const REQ_OP_WRITE: u32 = 1;
export const REQ_OP_FLUSH: u32 = 2;
export const REQ_OP_DISCARD: u32 = 3;
export const REQ_OP_ZONE_RESET: u32 = 15;
export const REQ_OP_ZONE_RESET_ALL: u32 = 17;
export const REQ_OP_MASK: u32 = 0xff;
export const REQ_NOMERGE: u32 = 1 << 14;
export const REQ_FUA: u32 = 1 << 17;
/** The RFC's request type (patch 1): the vectors hold bus addresses. Never merged. */
export const REQ_DMA_DIRECT: u32 = 1 << 26;
/** The bio is wholly P2P memory of one device (6.17). */
export const REQ_P2PDMA: u32 = 1 << 28;

/** bi_flags: pages of this bio were pinned by GUP and must be unpinned on completion. */
export const BIO_PAGE_PINNED: u16 = 1 << 0;
/** bi_flags: this bio is the front part of a split; its parent waits for it. */
export const BIO_CHAIN: u16 = 1 << 3;

export const BLK_STS_OK: u8 = 0;
export const BLK_STS_TARGET: u8 = 5;
export const BLK_STS_RESOURCE: u8 = 9;
export const BLK_STS_IOERR: u8 = 10;
export const BLK_STS_INVAL: u8 = 19;

@inline
export function vecAt(bio: Bio, index: u32): BioVec {
  return changetype<BioVec>(<usize>bio.bi_io_vec + (<usize>index << 4));
}
