// struct p2pdma_provider (drivers/pci/p2pdma.c, v6.19): what is left of a provider when its struct pages are gone.
import { Machine } from "../layout/machine";

/** 16 bytes: one for each BAR that is offered. */
@unmanaged
export class P2pdmaProvider {
  /** The provider's device; in the lab 1 for the machine's provider, more for others. */
  owner: u64;
  /** PCI bus address minus CPU physical address. */
  bus_offset: i64;
}

/** pcim_p2pdma_init for the machine's BAR. */
export function initProvider(machine: Machine, provider: P2pdmaProvider): void {
  provider.owner = 1;
  provider.bus_offset = <i64>(machine.barBus - machine.barPhys);
}
