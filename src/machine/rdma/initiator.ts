// The NVMe-oF host (drivers/nvme/host/rdma.c, nvme_rdma_queue_rq) as far as the target notices it: command capsules with
// keyed SGLs, one region registered for each command and invalidated by the response, in-capsule data for small writes,
// I/Os above the target's MDTS as several commands. It runs on another machine, so what it costs is nobody's figure.
// Left out: its own block layer, registration, completion queue, timeouts.
import { must } from "../base/must";
import { noteDone } from "../front/done";
import { endSample, noteStart, nowNs } from "../front/latency";
import { mayGo, noteGoing } from "../front/pacing";
import { checkDone, prepareCheck, undoCheck } from "../front/verify";
import { isChecked } from "../layout/machine";
import { NVME_OP_WRITE, NvmeCommand } from "../layout/nvme";
import { BUFFER_REMOTE, Dio, machineOf, nextDescriptor } from "../layout/queue";
import {
  NVME_INLINE_SGL, NVME_KEYED_SGL_INVALIDATE, NVMET_NSID_P2P, NVMET_NSID_RAM, NVMET_RDMA_MAX_BYTES, RDMA_KEY_SHIFT,
  RDMA_KEY_VARIANT,
} from "../layout/rdma";
import { SECTOR_SHIFT } from "../layout/request";
import { Initiator, InitiatorCommand, Rnic } from "../layout/rnic";
import { IO_BLOCKS_MASK, IO_BUFFER_RAM, opcodeOf } from "../layout/stream";
import { peekFree, pushFree } from "../mm/free_stack";
import { capsuleArrived, capsuleBuffer } from "./rnic";

/** PSDT: SGLs (bits 6 and 7 of the flags byte). */
const NVME_CMD_SGL_METABUF: u64 = 0x40;
/** Path related status: the transport lost the command (Host Pathing Error). */
const NVME_SC_HOST_PATH_ERROR: u32 = 0x370;
/** Status code type and status code, without Do Not Retry. */
const NVME_STATUS_CODE: u32 = 0x7ff;

/** Sends whole batches while the depth has room, and what an earlier turn could not send. Capsules sent. */
export function sendCommands(initiator: Initiator, rnic: Rnic): u32 {
  const before = initiator.capsules;
  while (initiator.sending != 0 || beginBatch(initiator)) {
    if (initiator.sending == 0) beginIo(initiator);
    if (!sendIo(initiator, rnic)) break;
  }
  return initiator.capsules - before;
}

/** Whether another I/O may begin: the batch begun goes on, a new one needs room for all of it. */
@inline
function beginBatch(initiator: Initiator): bool {
  if (initiator.batchLeft > 0) return true;
  const left = initiator.issueTarget - initiator.issued;
  if (<i32>left <= 0) return false;
  // One by one, each when it may go.
  if (initiator.pacing != 0 && !mayGo(initiator, nowNs())) return false;
  let batch = min(initiator.batch, left);
  if (initiator.pacing != 0) batch = 1;
  if (initiator.iodepth - (initiator.issued - initiator.completed) < batch) return false;
  initiator.batchLeft = batch;
  return true;
}

/** Takes the next I/O of the stream. */
function beginIo(initiator: Initiator): void {
  const machine = machineOf(initiator);
  if (initiator.pacing != 0) noteGoing(initiator);
  const io = nextDescriptor(initiator);
  initiator.streamPos += 1;
  initiator.issued += 1;
  initiator.batchLeft -= 1;
  must(initiator.dioFree > 0);
  const dio = changetype<Dio>(peekFree(initiator.dioStack, initiator.dioFree));
  initiator.dioFree -= 1;
  dio.block = io.block;
  dio.blocksOp = io.blocksOp;
  dio.lenBytes = (io.blocksOp & IO_BLOCKS_MASK) << SECTOR_SHIFT;
  dio.inRam = BUFFER_REMOTE;
  dio.ramTarget = io.buffer & IO_BUFFER_RAM ? 1 : 0;
  dio.status = 0;
  dio.commandsLeft = (dio.lenBytes + NVMET_RDMA_MAX_BYTES - 1) / NVMET_RDMA_MAX_BYTES;
  noteStart(initiator, dio);
  if (isChecked(machine)) prepareCheck(initiator, machine, dio, isWrite(dio));
  initiator.sending = <u32>changetype<usize>(dio);
  initiator.sentBytes = 0;
}

@inline
function isWrite(dio: Dio): bool {
  return opcodeOf(dio.blocksOp) == NVME_OP_WRITE;
}

/** Sends the commands of the I/O being sent. False when the target has no receive buffer for the next. */
function sendIo(initiator: Initiator, rnic: Rnic): bool {
  const dio = changetype<Dio>(<usize>initiator.sending);
  while (initiator.sentBytes < dio.lenBytes) {
    const capsule = capsuleBuffer(rnic);
    if (capsule == 0) return false;
    const bytes = min(dio.lenBytes - initiator.sentBytes, NVMET_RDMA_MAX_BYTES);
    const command = takeCommand(initiator, dio, initiator.sentBytes, bytes);
    const inlineBytes = isWrite(dio) && bytes <= initiator.inlineBytes ? bytes : 0;
    writeCapsule(capsule, initiator, dio, command, initiator.sentBytes, inlineBytes > 0);
    capsuleArrived(rnic, initiator, command, inlineBytes);
    initiator.sentBytes += bytes;
    initiator.capsules += 1;
  }
  initiator.sending = 0;
  return true;
}

/** A request of the host with a region registered for its buffer, under a key that no earlier one had lately. */
function takeCommand(initiator: Initiator, dio: Dio, offset: u32, bytes: u32): InitiatorCommand {
  must(initiator.commandFree > 0);
  const command = changetype<InitiatorCommand>(peekFree(initiator.commandStack, initiator.commandFree));
  initiator.commandFree -= 1;
  command.variant = (command.variant + 1) & RDMA_KEY_VARIANT;
  command.rkey = ((indexOf(initiator, command) + 1) << RDMA_KEY_SHIFT) | command.variant;
  command.dio = <u32>changetype<usize>(dio);
  command.lenBytes = bytes;
  command.address = dio.bufferOffset + offset;
  return command;
}

@inline
function indexOf(initiator: Initiator, command: InitiatorCommand): u32 {
  return <u32>(changetype<usize>(command) - <usize>initiator.commands) / <u32>offsetof<InitiatorCommand>();
}

/** nvme_setup_rw and nvme_rdma_map_sg_fr or nvme_rdma_map_sg_inline, into the target's receive buffer. */
function writeCapsule(
  at: usize, initiator: Initiator, dio: Dio, command: InitiatorCommand, offset: u32, isInline: bool,
): void {
  const opcode = <u64>opcodeOf(dio.blocksOp);
  const nsid = <u64>(dio.ramTarget != 0 ? NVMET_NSID_RAM : NVMET_NSID_P2P);
  const cid = <u64>indexOf(initiator, command);
  store<u64>(at, opcode | (NVME_CMD_SGL_METABUF << 8) | (cid << 16) | (nsid << 32));
  store<u64>(at, 0, offsetof<NvmeCommand>("cdw2"));
  store<u64>(at, 0, offsetof<NvmeCommand>("metadata"));
  if (isInline) {
    store<u64>(at, 0, offsetof<NvmeCommand>("prp1"));
    store<u64>(at, <u64>command.lenBytes | (<u64>NVME_INLINE_SGL << 56), offsetof<NvmeCommand>("prp2"));
  } else {
    // Length in 24 bits, key in the next 32, type in the last byte.
    const keyed = <u64>command.lenBytes | (<u64>command.rkey << 24) | (<u64>NVME_KEYED_SGL_INVALIDATE << 56);
    store<u64>(at, command.address, offsetof<NvmeCommand>("prp1"));
    store<u64>(at, keyed, offsetof<NvmeCommand>("prp2"));
  }
  store<u64>(at, dio.block + (offset >> SECTOR_SHIFT), offsetof<NvmeCommand>("slba"));
  store<u64>(at, <u64>((command.lenBytes >> SECTOR_SHIFT) - 1), offsetof<NvmeCommand>("length"));
  store<u64>(at, 0, offsetof<NvmeCommand>("reftag"));
}

/** The command whose region a remote key names, or 0 when the key is not valid now. */
@inline
export function commandByKey(initiator: Initiator, rkey: u32): InitiatorCommand {
  const index = (rkey >> RDMA_KEY_SHIFT) - 1;
  if (index >= initiator.commandCount) return changetype<InitiatorCommand>(0);
  const command = changetype<InitiatorCommand>(
    <usize>initiator.commands + <usize>index * offsetof<InitiatorCommand>(),
  );
  return command.rkey == rkey ? command : changetype<InitiatorCommand>(0);
}

/** A response from the target's memory, and the remote key that it invalidates (0 for in-capsule data). */
export function responseArrived(initiator: Initiator, from: usize, invalidated: u32): void {
  const response = load<u64>(from, 8);
  const index = <u32>(response >> 32) & 0xffff;
  must(index < initiator.commandCount);
  const command = changetype<InitiatorCommand>(
    <usize>initiator.commands + <usize>index * offsetof<InitiatorCommand>(),
  );
  must(invalidated == 0 || command.rkey == invalidated);
  endCommand(initiator, command, <u32>(response >> 49));
}

/** The transport gave up on the command that holds this key. */
export function commandLost(initiator: Initiator, rkey: u32): void {
  const command = commandByKey(initiator, rkey);
  if (changetype<usize>(command) == 0) return;
  initiator.transportErrors += 1;
  endCommand(initiator, command, NVME_SC_HOST_PATH_ERROR);
}

function endCommand(initiator: Initiator, command: InitiatorCommand, status: u32): void {
  const dio = changetype<Dio>(<usize>command.dio);
  command.rkey = 0;
  initiator.commandFree = pushFree(initiator.commandStack, initiator.commandFree, changetype<usize>(command));
  if (status != 0 && dio.status == 0) dio.status = status & NVME_STATUS_CODE;
  dio.commandsLeft -= 1;
  if (dio.commandsLeft == 0) endIo(initiator, dio);
}

function endIo(initiator: Initiator, dio: Dio): void {
  const machine = machineOf(initiator);
  endSample(initiator, dio);
  if (dio.status == 0) {
    noteDone(initiator, dio);
    if (isChecked(machine)) checkDone(initiator, machine, dio);
  } else {
    initiator.errors += 1;
    if (initiator.firstError == 0) initiator.firstError = dio.status;
    if (isChecked(machine)) undoCheck(initiator, dio);
  }
  initiator.completed += 1;
  initiator.dioFree = pushFree(initiator.dioStack, initiator.dioFree, changetype<usize>(dio));
}
