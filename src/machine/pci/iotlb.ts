// The IOMMU as a controller's transactions meet it: a small cache of translations (IOTLB), filled by walks of the page
// tables, emptied by what the host puts into the invalidation queue. An entry that nobody invalidated still translates,
// whatever the tables say by now: the window that lazy mode leaves open.
// One IOTLB for each queue pair, of IOTLB_ENTRIES pages; hardware shares one and does not tell its size.
import {
  IOMMU_PAGE_BYTES, IOMMU_PAGE_SHIFT, IommuDomain, IOTLB_ENTRIES, IotlbEntry, QI_ENTRIES, QI_IOTLB_PAGES,
  QI_IOTLB_TYPE,
} from "../layout/iommu";
import { DeviceQueue } from "../layout/queue";
import { qiDescriptor, qiTailAt } from "./iommu_invalidate";
import { walk } from "./iommu_page_table";

const PAGE_MASK: u64 = IOMMU_PAGE_BYTES - 1;
/** Granularity, bits 5:4 of a descriptor. */
const GRANULARITY: u64 = 3 << 4;
const TYPE: u64 = 15;
/** Address mask, bits 5:0 of a page-selective descriptor's high word. */
const ADDRESS_MASK: u64 = 63;

/** CPU physical address behind `iova`; u64.MAX_VALUE: nothing is mapped there, counted as a fault. */
export function translate(queue: DeviceQueue, iova: u64): u64 {
  const domain = changetype<IommuDomain>(<usize>queue.iommu);
  drainQi(queue, domain);
  const page = iova >> IOMMU_PAGE_SHIFT;
  const entry = entryOf(queue, page);
  if (entry.tag != page + 1) {
    queue.iotlbMisses += 1;
    const phys = walk(domain, iova & ~PAGE_MASK);
    if (phys == u64.MAX_VALUE) return fault(queue, iova);
    entry.tag = page + 1;
    entry.phys = phys;
  }
  return entry.phys | (iova & PAGE_MASK);
}

@inline
function entryOf(queue: DeviceQueue, page: u64): IotlbEntry {
  return changetype<IotlbEntry>(<usize>queue.iotlb + (<usize>page & (IOTLB_ENTRIES - 1)) * offsetof<IotlbEntry>());
}

function fault(queue: DeviceQueue, iova: u64): u64 {
  if (queue.faults == 0) queue.firstFault = iova;
  queue.faults += 1;
  return u64.MAX_VALUE;
}

/** Obeys the descriptors that were queued since the last translation. */
@inline
function drainQi(queue: DeviceQueue, domain: IommuDomain): void {
  // Meets the host's store in submit.
  const tail = atomic.load<u32>(qiTailAt(domain));
  if (tail != queue.qiSeen) obey(queue, domain, tail);
}

function obey(queue: DeviceQueue, domain: IommuDomain, firstTail: u32): void {
  let tail = firstTail;
  // Real hardware stops the host at the end of the ring; one that looks only now and then empties its cache instead.
  let overrun = tail - queue.qiSeen >= QI_ENTRIES - 2;
  for (let at = queue.qiSeen; at != tail && !overrun; at++) {
    const descriptor = qiDescriptor(domain, at);
    if ((descriptor.low & TYPE) == QI_IOTLB_TYPE) invalidate(queue, descriptor.low, descriptor.high);
    // The host may have gone round meanwhile: then what was read is not sure.
    overrun = atomic.load<u32>(qiTailAt(domain)) - at >= QI_ENTRIES - 2;
  }
  if (overrun) {
    tail = atomic.load<u32>(qiTailAt(domain));
    empty(queue);
  }
  queue.qiSeen = tail;
}

function invalidate(queue: DeviceQueue, low: u64, high: u64): void {
  if ((low & GRANULARITY) != QI_IOTLB_PAGES) {
    empty(queue);
    return;
  }
  const pages = <u64>1 << (high & ADDRESS_MASK);
  const first = high >> IOMMU_PAGE_SHIFT;
  for (let page = first; page < first + pages; page++) {
    const entry = entryOf(queue, page);
    if (entry.tag == page + 1) entry.tag = 0;
  }
}

function empty(queue: DeviceQueue): void {
  memory.fill(<usize>queue.iotlb, 0, IOTLB_ENTRIES * offsetof<IotlbEntry>());
}
