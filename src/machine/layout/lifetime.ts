// The end of the provider: how far its removal has come. No Linux struct: stands for the progress of device_release_driver.
import { Machine } from "./machine";

/**
 * One per machine. Host agents read it, its removal agent writes it; it lies on lines of its own and does not change while
 * the provider is there.
 */
@unmanaged
export class Lifetime {
  /** REMOVAL_*. */
  phase: u32;
  /** HOLE_*: what routing finds at the provider's addresses once it is gone. Written by the lab. */
  hole: u32;
  /** Bytes of the BAR, from its start, that have been taken away from the user's mapping. */
  unmappedBytes: u64;
}

/** The provider is there. */
export const REMOVAL_NONE: u32 = 0;
/** Its user mappings are being taken away (pci_p2pdma_unmap_mappings -> unmap_mapping_range). */
export const REMOVAL_UNMAPPING: u32 = 1;
/** New references and mappings are refused; agents may still be taking some that they had begun (an RCU grace period). */
export const REMOVAL_KILLED: u32 = 2;
/** Waits for references and mappings to go (wait_for_completion in memunmap_pages, a dma-buf's fence). */
export const REMOVAL_DRAINING: u32 = 3;
/** Its BAR answers no more. */
export const REMOVAL_GONE: u32 = 4;

export const HOLE_EMPTY: u32 = 0;
export const HOLE_REASSIGNED: u32 = 1;

/** What a removal waits for, or does not. */
export const RULE_PINS: u32 = 1;
export const RULE_ALLOCATIONS: u32 = 2;
export const RULE_HOLDERS: u32 = 3;
export const RULE_REVOKED: u32 = 4;
export const RULE_NONE: u32 = 5;

@inline
export function lifetimeOf(machine: Machine): Lifetime {
  return changetype<Lifetime>(<usize>machine.lifetime);
}
