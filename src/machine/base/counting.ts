// Exact counters of the counting build (asc --use COUNTING=1). In the timed build COUNTING is 0 and every call here
// vanishes. One instance serves one agent at a time, so the current counters and I/O are plain globals.
import { Counters } from "../layout/counters";
import { Machine } from "../layout/machine";
import { PAGE_STRUCT_SHIFT } from "../layout/page";

let current: usize = 0;
let stamps: usize = 0;
let firstPage: usize = 0;
let ioId: u32 = 0;

/** Directs the counts that follow to one queue's block. */
@inline
export function countInto(counters: usize, machine: Machine): void {
  if (COUNTING) {
    current = counters;
    stamps = machine.pageStamps;
    firstPage = machine.ramMemmap;
  }
}

/** Distinct page lines are counted for each I/O: names the I/O that the following accesses belong to. */
@inline
export function countForIo(id: u32): void {
  if (COUNTING) ioId = id;
}

@inline
export function counters(): Counters {
  return changetype<Counters>(current);
}

/** A read of one word of a struct page. */
@inline
export function countPageLoad(page: usize): void {
  if (COUNTING) {
    counters().pageLoads += 1;
    touchLine(page);
  }
}

/** A locked (or, with plain refcounts, would-be locked) operation on a struct page. */
@inline
export function countPageAtomic(page: usize): void {
  if (COUNTING) {
    counters().pageAtomics += 1;
    touchLine(page);
  }
}

function touchLine(page: usize): void {
  const stamp = stamps + ((page - firstPage) >> (<usize>PAGE_STRUCT_SHIFT - 2));
  if (load<u32>(stamp) == ioId) return;
  store<u32>(stamp, ioId);
  counters().pageLines += 1;
}
