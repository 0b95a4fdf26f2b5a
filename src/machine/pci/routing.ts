// Where a bus address leads: the windows of the PCIe hierarchy as one device's transactions meet them.
// Done by the device for every transfer, whatever scheme made the address. Windows come from the lab's topology.
import { BusWindow } from "../layout/machine";
import { DeviceQueue } from "../layout/queue";

/**
 * wasm address behind `busAddress`, or 0 when no window claims all of [busAddress, busAddress + len).
 * `len` is at most one controller page and does not cross one, so it never straddles the fold of a window.
 */
@inline
export function route(queue: DeviceQueue, busAddress: u64, len: u32): usize {
  let at = <usize>queue.windows;
  const end = at + <usize>queue.windowCount * offsetof<BusWindow>();
  for (; at < end; at += offsetof<BusWindow>()) {
    const window = changetype<BusWindow>(at);
    const offset = busAddress - window.busStart;
    if (offset < window.sizeBytes && window.sizeBytes - offset >= <u64>len) {
      window.hits += 1;
      return <usize>window.memory + ((<usize>offset + <usize>window.skew) & <usize>window.mask);
    }
  }
  return unclaimed(queue, busAddress);
}

function unclaimed(queue: DeviceQueue, busAddress: u64): usize {
  if (queue.unclaimed == 0) queue.firstUnclaimed = busAddress;
  queue.unclaimed += 1;
  return 0;
}
