// struct gen_pool and its chunk (include/linux/genalloc.h, lib/genalloc.c): the allocator of P2P memory.

/** struct gen_pool, 56 bytes. */
@unmanaged
export class GenPool {
  lock: u64;
  /** First chunk (a list in Linux; a P2P provider has one chunk for each BAR). */
  chunks: u64;
  chunks_prev: u64;
  min_alloc_order: i32;
  pad28: u32;
  algo: u64;
  data: u64;
  name: u64;
}

/** struct gen_pool_chunk, 56 bytes; the bitmap follows, one bit for each 4 KiB. */
@unmanaged
export class GenPoolChunk {
  next_chunk: u64;
  next_prev: u64;
  /** Bytes free; atomic. */
  avail: i64;
  /** What gen_pool_virt_to_phys answers: for p2pmem the PCI *bus* address of the chunk's start. */
  phys_addr: u64;
  owner: u64;
  /** Kernel virtual range; in the lab the byte offset in the BAR. end_addr is inclusive. */
  start_addr: u64;
  end_addr: u64;
}
