// The access stream: what the lab compiles a workload into and the machine only reads.

/** One I/O of an access stream, 16 bytes. */
@unmanaged
export class IoDescriptor {
  /** First logical block, in units of 512 bytes. */
  block: u64;
  /** Number of blocks in the low 22 bits, IO_* flags in the next two and in the highest two, NVMe opcode in the 6 below them. */
  blocksOp: u32;
  /** Position of the buffer in 4 KiB pages in the low 31 bits; bit 31: in host RAM, else in the provider's BAR. */
  buffer: u32;
}

export const IO_BLOCKS_MASK: u32 = 0x3fffff;
/** With data checks: the I/O waits while one in flight has its blocks or its buffer (fio's serialize_overlap). */
export const IO_OVERLAPS: u32 = 1 << 22;
/** A Flush follows the write (fio's fsync); with opcode 0 the I/O is a Flush itself. */
export const IO_FLUSH: u32 = 1 << 23;
/** The write is done when it is on the medium (Force Unit Access). */
export const IO_FUA: u32 = 1 << 31;
/**
 * The zone of the write is reset before it, once everything in flight has ended (fio's zbd_adjust_block). At the start of the stream,
 * which is read in a circle, all zones are.
 */
export const IO_ZONE_RESET: u32 = 1 << 30;
export const IO_OPCODE_SHIFT: u32 = 24;
const IO_OPCODE_MASK: u32 = 0x3f;
/** Any of these bits is set in what is no plain read or write: an opcode other than 1 and 2, or a flag. */
export const IO_OPERATION: u32 = 0xfc000000 | IO_FLUSH | IO_OVERLAPS;
export const IO_BUFFER_MASK: u32 = 0x7fffffff;
export const IO_BUFFER_RAM: u32 = 0x80000000;

/** Where an I/O's buffer comes from (DESIGN: --buffers). */
export const BUFFERS_POOL: u32 = 0;
export const BUFFERS_FIXED: u32 = 1;
export const BUFFERS_USER: u32 = 2;
/** Host RAM in place of P2P memory, in flows that have such an alternative. */
export const BUFFERS_RAM: u32 = 3;

export const PAYLOAD_NONE: u32 = 0;
export const PAYLOAD_MOVE: u32 = 1;
export const PAYLOAD_VERIFY: u32 = 2;

/** NVMe opcode of an I/O. */
@inline
export function opcodeOf(blocksOp: u32): u32 {
  return (blocksOp >> IO_OPCODE_SHIFT) & IO_OPCODE_MASK;
}
