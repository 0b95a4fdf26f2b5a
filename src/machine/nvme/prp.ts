// PRP1, PRP2 and PRP lists: nvme_pci_setup_prps (drivers/nvme/host/pci.c, 6.12), fed one DMA segment at a time.
// A list page holds 512 entries; when more follow, its last entry points to the next page. Short lists come from a
// 256-byte pool. Segments arrive with interior edges on controller pages: virt_boundary saw to that.
import { counters } from "../base/counting";
import { must } from "../base/must";
import {
  IOD_LIST, NVME_CTRL_PAGE_SIZE, NVME_MAX_NR_ALLOCATIONS, NvmeCommand, NvmeIod, PRP_PAGE_ENTRIES, PRP_SMALL_ENTRIES,
} from "../layout/nvme";
import { HostQueue, machineOf, PrpWriter } from "../layout/queue";
import { peekFree, pushFree } from "../mm/free_stack";

const PAGE_MASK: u64 = NVME_CTRL_PAGE_SIZE - 1;

/** The PRPs being written for the queue's request: one at a time. */
@inline
function writerOf(queue: HostQueue): PrpWriter {
  return changetype<PrpWriter>(<usize>queue.prpWriter);
}

/** nvme_setup_prp_simple: a single segment of at most two controller pages. */
@inline
export function prpSimple(command: NvmeCommand, address: u64, bytes: u32): void {
  command.prp1 = address;
  const first = NVME_CTRL_PAGE_SIZE - <u32>(address & PAGE_MASK);
  command.prp2 = bytes > first ? address + first : 0;
}

/** Begins a command's PRPs: takes the list memory that `bytes` from `address` will need. */
export function prpBegin(queue: HostQueue, iod: NvmeIod, command: NvmeCommand, address: u64, bytes: u32): void {
  const pages = (<u32>(address & PAGE_MASK) + bytes + NVME_CTRL_PAGE_SIZE - 1) / NVME_CTRL_PAGE_SIZE;
  const writer = writerOf(queue);
  writer.hasFirst = 0;
  writer.filled = 0;
  writer.next = 0;
  command.prp2 = 0;
  iod.nr_allocations = -1;
  if (pages <= 2) return;
  if (pages - 1 <= PRP_SMALL_ENTRIES) {
    must(queue.prpSmallFree > 0);
    writer.next = <u32>peekFree(queue.prpSmallStack, queue.prpSmallFree);
    queue.prpSmallFree -= 1;
    iod.nr_allocations = 0;
  } else {
    writer.next = <u32>takePage(queue);
    iod.nr_allocations = 1;
  }
  iod.list0 = <u64>writer.next;
  command.prp2 = machineOf(queue).dmaBase + <u64>writer.next;
}

/** Adds one DMA segment. */
export function prpAdd(queue: HostQueue, iod: NvmeIod, command: NvmeCommand, address: u64, bytes: u32): void {
  const writer = writerOf(queue);
  let at = address;
  let left = <i64>bytes;
  if (!writer.hasFirst) {
    command.prp1 = at;
    const first = NVME_CTRL_PAGE_SIZE - <u32>(at & PAGE_MASK);
    at += first;
    left -= first;
    writer.hasFirst = 1;
  }
  if (left <= 0) return;
  if (writer.next == 0) {
    command.prp2 = at;
    return;
  }
  for (; left > 0; left -= NVME_CTRL_PAGE_SIZE, at += NVME_CTRL_PAGE_SIZE) addEntry(queue, iod, writer, at);
}

/** As prpAdd, from a list of DMA addresses, one for each controller page; the first page begins at `inPage`. */
export function prpAddList(queue: HostQueue, iod: NvmeIod, command: NvmeCommand, list: usize, inPage: u32, bytes: u32): void {
  const writer = writerOf(queue);
  command.prp1 = load<u64>(list) + inPage;
  writer.hasFirst = 1;
  let left = <i64>bytes - (NVME_CTRL_PAGE_SIZE - inPage);
  if (left <= 0) return;
  let from = list + 8;
  if (writer.next == 0) {
    command.prp2 = load<u64>(from);
    return;
  }
  for (; left > 0; left -= NVME_CTRL_PAGE_SIZE, from += 8) addEntry(queue, iod, writer, load<u64>(from));
}

@inline
function addEntry(queue: HostQueue, iod: NvmeIod, writer: PrpWriter, entry: u64): void {
  if (writer.filled == PRP_PAGE_ENTRIES) chain(queue, iod, writer);
  const at = writer.next;
  store<u64>(<usize>at, entry);
  writer.next = at + 8;
  writer.filled += 1;
  if (COUNTING) counters().descriptorBytes += 8;
}

/** The page is full and more follows: its last entry moves to a new page and makes room for the pointer. */
function chain(queue: HostQueue, iod: NvmeIod, writer: PrpWriter): void {
  const next = takePage(queue);
  const lastEntry = <usize>writer.next - 8;
  store<u64>(next, load<u64>(lastEntry));
  store<u64>(lastEntry, machineOf(queue).dmaBase + <u64>next);
  must(<u32>iod.nr_allocations < NVME_MAX_NR_ALLOCATIONS);
  store<u64>(changetype<usize>(iod) + IOD_LIST + (<usize>iod.nr_allocations << 3), <u64>next);
  iod.nr_allocations += 1;
  writer.next = <u32>next + 8;
  writer.filled = 1;
  if (COUNTING) counters().descriptorBytes += 8;
}

/** A page of the pool, where one is known to be free. */
export function takePage(queue: HostQueue): usize {
  must(queue.prpPageFree > 0);
  const page = peekFree(queue.prpPageStack, queue.prpPageFree);
  queue.prpPageFree -= 1;
  return page;
}

/** nvme_free_prps: returns the command's list memory. */
@inline
export function prpFree(queue: HostQueue, iod: NvmeIod): void {
  const count = <i32>iod.nr_allocations;
  if (count < 0) return;
  if (count == 0) {
    queue.prpSmallFree = pushFree(queue.prpSmallStack, queue.prpSmallFree, <usize>iod.list0);
    return;
  }
  freePages(queue, iod, count);
}

function freePages(queue: HostQueue, iod: NvmeIod, count: i32): void {
  for (let i = 0; i < count; i++) {
    const page = <usize>load<u64>(changetype<usize>(iod) + IOD_LIST + (<usize>i << 3));
    queue.prpPageFree = pushFree(queue.prpPageStack, queue.prpPageFree, page);
  }
}
