// The removal of the provider, as the kernel's hotplug code does it step by step (pci_stop_and_remove_bus_device -> devres
// of p2pdma.c): user mappings are taken away, no new references are given, those that are left are waited for, and then the
// BAR is gone from the bus. How much of that a scheme takes part in is its own rule; what has neither a reference nor a
// way to be revoked is not waited for.
import {
  HOLE_EMPTY, Lifetime, lifetimeOf, REMOVAL_DRAINING, REMOVAL_GONE, REMOVAL_KILLED, REMOVAL_NONE, REMOVAL_UNMAPPING,
  RULE_ALLOCATIONS, RULE_HOLDERS, RULE_NONE, RULE_PINS, RULE_REVOKED,
} from "../layout/lifetime";
import { BusWindow, Machine } from "../layout/machine";
import { PAGE_SHIFT } from "../layout/page";
import { DeviceQueue } from "../layout/queue";
import { BUFFERS_POOL, BUFFERS_USER } from "../layout/stream";
import { holdP2pmem, killP2pmem, mapPages, p2pmemReferences, reviveP2pmem, unmapP2pmem } from "../pci/p2pmem";

/** What keeps the provider while I/O on the machine's kind of buffers is under way in this scheme: RULE_*. */
export function removalRule<S>(machine: Machine, scheme: S, hasPages: bool): u32 {
  if (machine.buffers == BUFFERS_POOL) return RULE_ALLOCATIONS;
  if (machine.buffers == BUFFERS_USER) return hasPages ? RULE_PINS : RULE_NONE;
  if (isDefined(scheme.revoke)) return RULE_REVOKED;
  // Long-lived buffers: whoever has them holds references on their pages, where there are pages.
  return hasPages ? RULE_HOLDERS : RULE_NONE;
}

/**
 * The next step of the removal; the phase after it. The scheme has an instance for each client, `stride` bytes apart.
 * @param bytes bounds how much of a user mapping is taken away in one step
 * @param quiesced every host agent has been outside its run function since the phase became REMOVAL_KILLED
 */
export function removeStep<S>(machine: Machine, first: usize, stride: u32, rule: u32, bytes: u64, quiesced: bool): u32 {
  const lifetime = lifetimeOf(machine);
  switch (lifetime.phase) {
    case REMOVAL_NONE:
      enter(lifetime, REMOVAL_UNMAPPING);
      break;
    case REMOVAL_UNMAPPING:
      if (rule == RULE_PINS && !unmapP2pmem(machine, bytes)) break;
      killP2pmem(machine);
      for (let i: u32 = 0; i < machine.clientCount; i++) {
        const scheme = changetype<S>(first + <usize>(i * stride));
        if (isDefined(scheme.revoke)) scheme.revoke(machine);
      }
      enter(lifetime, REMOVAL_KILLED);
      break;
    case REMOVAL_KILLED:
      if (quiesced) enter(lifetime, REMOVAL_DRAINING);
      break;
    case REMOVAL_DRAINING:
      if (p2pmemReferences(machine) != 0) break;
      if (!isHeld<S>(machine, first, stride)) enter(lifetime, REMOVAL_GONE);
      break;
  }
  return lifetime.phase;
}

function isHeld<S>(machine: Machine, first: usize, stride: u32): bool {
  for (let i: u32 = 0; i < machine.clientCount; i++) {
    const scheme = changetype<S>(first + <usize>(i * stride));
    if (isDefined(scheme.isDrained)) {
      if (!scheme.isDrained(machine)) return true;
    } else if (isDefined(scheme.held)) {
      if (scheme.held(machine) != 0) return true;
    }
  }
  return false;
}

@inline
function enter(lifetime: Lifetime, phase: u32): void {
  // Meets the CPU's look at its mappings (isCpuAccessLost) and the lab's.
  atomic.store<u32>(changetype<usize>(lifetime) + offsetof<Lifetime>("phase"), phase);
}

/** The provider's windows of one controller leave the routing table, or lead to the device that got their addresses. */
export function takeWindows(machine: Machine, queue: DeviceQueue): void {
  const lifetime = lifetimeOf(machine);
  const end = <usize>queue.windows + <usize>(queue.windowCount + queue.cpuWindowCount) * offsetof<BusWindow>();
  for (let at = <usize>queue.windows; at < end; at += offsetof<BusWindow>()) {
    const window = changetype<BusWindow>(at);
    if (window.memory != machine.barWindow) continue;
    if (lifetime.hole == HOLE_EMPTY) {
      // Meets route() of the controller's agent: a transfer meets the BAR or nothing.
      atomic.store<u64>(at + offsetof<BusWindow>("sizeBytes"), 0);
      continue;
    }
    // Both leads are windows of the machine's memory whichever mask is read with which start: the smaller mask goes first.
    atomic.store<u32>(at + offsetof<BusWindow>("mask"), window.mask & machine.otherWindowMask);
    atomic.store<u32>(at + offsetof<BusWindow>("memory"), machine.otherWindow);
  }
}

/**
 * The provider is plugged in (again): nothing of it is referenced or unmapped, its pages are new ones, and where `rule`
 * waits for pins, a process has mapped all of it.
 */
export function plugIn<S>(machine: Machine, first: usize, stride: u32, hasPages: bool, rule: u32): void {
  reviveP2pmem(machine);
  for (let i: u32 = 0; i < machine.clientCount; i++) {
    const scheme = changetype<S>(first + <usize>(i * stride));
    if (isDefined(scheme.restore)) scheme.restore(machine);
  }
  if (hasPages) mapPages(machine);
  if (rule == RULE_PINS) holdP2pmem(machine, <i64>(machine.barBytes >> PAGE_SHIFT));
}
