// Where a bus address leads: the windows of the PCIe hierarchy as one device's transactions meet them.
// Done by the device for every transfer, whatever scheme made the address. Windows come from the lab's topology.
import { BusWindow } from "../layout/machine";
import { DeviceQueue } from "../layout/queue";
import { translate } from "./iotlb";

/**
 * wasm address behind `busAddress`, or 0 when no window claims all of [busAddress, busAddress + len).
 * `len` is at most one controller page and does not cross one, so it never straddles the fold of a window.
 */
@inline
export function route(queue: DeviceQueue, busAddress: u64, len: u32): usize {
  const at = claimed(<usize>queue.windows, queue.windowCount, busAddress, len);
  return at != 0 ? at : upstream(queue, busAddress, len);
}

/** As `route`, for a device that no IOMMU translates for: it has windows, windowCount, unclaimed and firstUnclaimed. */
@inline
export function routeUntranslated<D>(device: D, busAddress: u64, len: u32): usize {
  const at = claimed(<usize>device.windows, device.windowCount, busAddress, len);
  return at != 0 ? at : unclaimed(device, busAddress);
}

/** wasm address behind the first of `count` windows that claims all of the range; 0 when none does. */
@inline
function claimed(windows: usize, count: u32, address: u64, len: u32): usize {
  const end = windows + <usize>count * offsetof<BusWindow>();
  for (let at = windows; at < end; at += offsetof<BusWindow>()) {
    const window = changetype<BusWindow>(at);
    const offset = address - window.busStart;
    if (offset < window.sizeBytes && window.sizeBytes - offset >= <u64>len) {
      window.hits += 1;
      return <usize>window.memory + ((<usize>offset + <usize>window.skew) & <usize>window.mask);
    }
  }
  return 0;
}

/** What no switch claims goes up: to the IOMMU, if there is one that translates, and from there to RAM or another BAR. */
function upstream(queue: DeviceQueue, address: u64, len: u32): usize {
  if (queue.iommu == 0) return unclaimed(queue, address);
  const phys = translate(queue, address);
  if (phys == u64.MAX_VALUE) return 0;
  const at = claimed(
    <usize>queue.windows + <usize>queue.windowCount * offsetof<BusWindow>(), queue.cpuWindowCount, phys, len,
  );
  return at != 0 ? at : unclaimed(queue, phys);
}

function unclaimed<D>(queue: D, busAddress: u64): usize {
  if (queue.unclaimed == 0) queue.firstUnclaimed = busAddress;
  queue.unclaimed += 1;
  return 0;
}
