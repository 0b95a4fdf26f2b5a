// What has been done, by direction: I/Os that ended well and the bytes they were of, in the front queue of their lane. The same
// two additions for every scheme, so that a slice's I/Os and bytes are exact whatever was split, merged or overtaken.
import { NVME_OP_DSM } from "../layout/nvme";
import { Dio, HostQueue } from "../layout/queue";
import { opcodeOf } from "../layout/stream";

/** Bytes of a slot: a count of I/Os and one of bytes. */
const SLOT_SHIFT: u32 = 4;

/** 0 for a write (01h), 1 for a read (02h), 2 for a trim (Dataset Management, 09h): the I/Os that a stream has. */
@inline
function slotOf(opcode: u32): u32 {
  return (opcode & 3) - 1 + (<u32>(opcode == NVME_OP_DSM) << 1);
}

/** Counts an I/O that has ended well. */
@inline
export function noteDone(front: HostQueue, dio: Dio): void {
  const slot = changetype<usize>(front) + (<usize>slotOf(opcodeOf(dio.blocksOp)) << SLOT_SHIFT);
  store<u64>(slot, load<u64>(slot, offsetof<HostQueue>("writeIos")) + 1, offsetof<HostQueue>("writeIos"));
  store<u64>(
    slot,
    load<u64>(slot, offsetof<HostQueue>("writeBytes")) + <u64>dio.lenBytes,
    offsetof<HostQueue>("writeBytes"),
  );
}
