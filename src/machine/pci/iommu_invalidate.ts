// Invalidation of translations that the hardware has cached: VT-d's invalidation queue (qi_submit_sync, specification
// 6.5.2) and the flush queues of lazy mode (queue_iova, drivers/iommu/dma-iommu.c, 6.12).
// The descriptors are real and the controllers obey them before they translate again; the wait for them is not waited
// but counted: how long real hardware takes is the lab's model.
import { counters } from "../base/counting";
import {
  FlushQueue, FlushQueueEntry, FlushState, FQ_BYTES, FQ_SIZE, FQ_TIMEOUT_MS, InvalidationQueue, IommuDomain, IOMMU_PAGE_SHIFT,
  QI_ENTRIES, QI_IOTLB_DOMAIN, QI_IOTLB_PAGES, QI_IOTLB_TYPE, QI_IWD_TYPE, QiDescriptor,
} from "../layout/iommu";
import { WRITER_STRIDE } from "../layout/machine";
import { spinLock, spinUnlock } from "../mm/spinlock";
import { freeIovaFast, orderOf } from "./iova_rcache";

/** Largest address mask of a page-selective invalidation (CAP_REG.MAMV): above it the domain is invalidated. */
const MAX_ADDRESS_MASK: u32 = 9;

/** Milliseconds of a monotonic clock, given by the worker. */
@external("lab", "now")
declare function now(): f64;

@inline
export function qiTailAt(domain: IommuDomain): usize {
  return <usize>domain.qi + WRITER_STRIDE;
}

@inline
export function qiDescriptor(domain: IommuDomain, index: u32): QiDescriptor {
  const ring = <usize>changetype<InvalidationQueue>(<usize>domain.qi).ring;
  return changetype<QiDescriptor>(ring + <usize>(index & (QI_ENTRIES - 1)) * offsetof<QiDescriptor>());
}

/** qi_submit_sync: one IOTLB descriptor and the wait descriptor behind it. */
function submit(domain: IommuDomain, low: u64, high: u64): void {
  const lock = <usize>domain.qi;
  spinLock(lock);
  const tail = load<u32>(qiTailAt(domain));
  const iotlb = qiDescriptor(domain, tail);
  iotlb.low = low;
  iotlb.high = high;
  const wait = qiDescriptor(domain, tail + 1);
  wait.low = QI_IWD_TYPE;
  wait.high = 0;
  // Meets the controller's load in drainQi: the descriptors, and the cleared entries of the tables, are visible.
  atomic.store<u32>(qiTailAt(domain), tail + 2);
  spinUnlock(lock);
  if (COUNTING) counters().invalidations += 1;
}

/** iommu_iotlb_sync of strict mode: pages [first, first + pages), in one descriptor with the smallest mask that covers them. */
export function invalidateRange(domain: IommuDomain, first: u64, pages: u64): void {
  let order = orderOf(pages);
  // A range that is not aligned to its own size needs a larger mask.
  while (first >> order != (first + pages - 1) >> order) order++;
  if (order > MAX_ADDRESS_MASK) submit(domain, QI_IOTLB_TYPE | QI_IOTLB_DOMAIN, 0);
  else submit(domain, QI_IOTLB_TYPE | QI_IOTLB_PAGES, ((first >> order) << (order + IOMMU_PAGE_SHIFT)) | order);
}

@inline
function stateOf(domain: IommuDomain): FlushState {
  return changetype<FlushState>(<usize>domain.flushes);
}

@inline
export function flushQueue(domain: IommuDomain, cpu: u32): FlushQueue {
  return changetype<FlushQueue>(<usize>domain.flushQueues + <usize>cpu * FQ_BYTES);
}

@inline
function entryAt(queue: FlushQueue, index: u32): FlushQueueEntry {
  return changetype<FlushQueueEntry>(
    changetype<usize>(queue) + offsetof<FlushQueue>() + <usize>index * offsetof<FlushQueueEntry>(),
  );
}

/** queue_iova: the range stays allocated, and may still be translated by what the hardware has cached, until a flush. */
export function queueIova(domain: IommuDomain, cpu: u32, first: u64, pages: u64): void {
  const queue = flushQueue(domain, cpu);
  const lock = changetype<usize>(queue);
  spinLock(lock);
  freeFlushed(domain, cpu, queue);
  if (((queue.tail + 1) & (FQ_SIZE - 1)) == queue.head) {
    flushIotlb(domain);
    freeFlushed(domain, cpu, queue);
  }
  const entry = entryAt(queue, queue.tail);
  entry.iova_pfn = first;
  entry.pages = pages;
  // Meets flushIotlb on another CPU: a flush that begins after this one was counted covers the entry.
  entry.counter = atomic.load<u64>(offsetof<FlushState>("started") + <usize>domain.flushes);
  queue.tail = (queue.tail + 1) & (FQ_SIZE - 1);
  spinUnlock(lock);
  if (atomic.load<u32>(timerAt(domain)) == 0) startTimer(domain);
}

@inline
function timerAt(domain: IommuDomain): usize {
  return offsetof<FlushState>("timerOn") + <usize>domain.flushes;
}

/** mod_timer. */
function startTimer(domain: IommuDomain): void {
  // Meets flushTimer: only one CPU starts it, and its end is written before anyone looks at it.
  if (atomic.cmpxchg<u32>(timerAt(domain), 0, 2) != 0) return;
  stateOf(domain).timerEndMs = now() + FQ_TIMEOUT_MS;
  atomic.store<u32>(timerAt(domain), 1);
}

/** fq_flush_iotlb. */
function flushIotlb(domain: IommuDomain): void {
  // Both meet the loads of the counts on other CPUs.
  atomic.add<u64>(offsetof<FlushState>("started") + <usize>domain.flushes, 1);
  submit(domain, QI_IOTLB_TYPE | QI_IOTLB_DOMAIN, 0);
  atomic.add<u64>(offsetof<FlushState>("finished") + <usize>domain.flushes, 1);
  if (COUNTING) counters().flushes += 1;
}

/** fq_ring_free_locked: ranges that a flush has covered are free again. */
function freeFlushed(domain: IommuDomain, cpu: u32, queue: FlushQueue): void {
  const finished = atomic.load<u64>(offsetof<FlushState>("finished") + <usize>domain.flushes);
  while (queue.head != queue.tail) {
    const entry = entryAt(queue, queue.head);
    if (entry.counter >= finished) break;
    freeIovaFast(domain, cpu, entry.iova_pfn, entry.pages);
    if (COUNTING) counters().iovaFrees += 1;
    queue.head = (queue.head + 1) & (FQ_SIZE - 1);
  }
}

/** fq_flush_timeout, once its time has come: looked at when a host agent begins to work. */
export function flushTimer(domain: IommuDomain, cpu: u32): void {
  if (atomic.load<u32>(timerAt(domain)) != 1 || now() < stateOf(domain).timerEndMs) return;
  if (atomic.cmpxchg<u32>(timerAt(domain), 1, 0) == 1) flushAll(domain, cpu);
}

/** The timer's work: one flush, then every CPU's ring; freed ranges go to the caches of `cpu`, as on the timer's CPU. */
export function flushAll(domain: IommuDomain, cpu: u32): void {
  flushIotlb(domain);
  for (let other: u32 = 0; other < domain.cpus; other++) {
    const queue = flushQueue(domain, other);
    spinLock(changetype<usize>(queue));
    freeFlushed(domain, cpu, queue);
    spinUnlock(changetype<usize>(queue));
  }
}

/** Ranges that wait for a flush, for tests. */
export function countQueued(domain: IommuDomain): u32 {
  let count: u32 = 0;
  for (let cpu: u32 = 0; cpu < domain.cpus; cpu++) {
    const queue = flushQueue(domain, cpu);
    count += (queue.tail - queue.head) & (FQ_SIZE - 1);
  }
  return count;
}
