// Set-up of the struct page arrays: memmap_init_zone_device (mm/mm_init.c, 6.12) for the BAR, normal pages for host RAM.
// Runs once for each machine, outside every timed region. Left out: sections, zones' lists, the direct map.
import { Machine } from "../layout/machine";
import {
  DevPagemap, MEMORY_DEVICE_PCI_P2PDMA, PAGE_SHIFT, PAGE_STRUCT_SHIFT, Page, PG_reserved, ZONE_DEVICE, ZONE_NORMAL,
  ZONES_PGSHIFT,
} from "../layout/page";

/**
 * Writes every struct page of the BAR that is not ready: zone, pgmap, refcount 1 (idle ZONE_DEVICE pages never sit at 0 before
 * 6.19). Schemes that share the array find it ready.
 */
export function initDeviceMemmap(machine: Machine): void {
  const pgmap = changetype<DevPagemap>(<usize>machine.pgmap);
  pgmap.type = MEMORY_DEVICE_PCI_P2PDMA;
  pgmap.vmemmap_shift = 0;
  pgmap.nr_range = 1;
  pgmap.range_start = machine.barPhys;
  pgmap.range_end = machine.barPhys + machine.barBytes - 1;
  const count = <u32>(machine.barBytes >> PAGE_SHIFT);
  const ready = min(machine.memmapReady, count);
  const first = <usize>machine.memmap + (<usize>ready << PAGE_STRUCT_SHIFT);
  initPages(first, count - ready, (ZONE_DEVICE << ZONES_PGSHIFT) | PG_reserved, machine.pgmap);
  machine.memmapReady = max(machine.memmapReady, count);
}

/** Writes the struct pages of host RAM, which exist in every scheme. */
export function initRamMemmap(machine: Machine): void {
  initPages(machine.ramMemmap, <u32>(machine.ramBytes >> PAGE_SHIFT), ZONE_NORMAL << ZONES_PGSHIFT, 0);
}

function initPages(first: usize, count: u32, flags: u64, pgmap: u64): void {
  const end = first + (<usize>count << PAGE_STRUCT_SHIFT);
  for (let at = first; at < end; at += 1 << PAGE_STRUCT_SHIFT) {
    const page = changetype<Page>(at);
    page.flags = flags;
    page.pgmap = pgmap;
    page._mapcount = -1;
    page._refcount = 1;
  }
}
