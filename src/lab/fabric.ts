// What the machine needs to know of the PCI topology: where the provider's BAR is, at which bus addresses one client
// reaches it and host RAM, and the kernel's map type for the pair.

/** enum pci_p2pdma_map_type as the kernel decides it for one provider and client. */
export type MapType = 'NOT_SUPPORTED' | 'BUS_ADDR' | 'THRU_HOST_BRIDGE';

/** One range of bus addresses as the client's transactions are routed. */
export interface FabricWindow {
  /** What a transfer that hits this window reaches, for reports: `0000:03:00.0 BAR 0`, `host RAM`. */
  name: string;
  busStart: bigint;
  bytes: bigint;
  /** Memory behind it: the provider's BAR, host RAM, or another device's BAR, which gets a window of its own. */
  target: 'bar' | 'ram' | 'other';
}

/** The fabric of one run: one provider, one client. */
export interface Fabric {
  /** Title for reports. */
  name: string;
  /** CPU physical address of the provider's BAR. */
  barPhys: bigint;
  /** PCI bus address of the provider's BAR, in its own host bridge. */
  barBus: bigint;
  /** The client as the provider's map-type cache knows it: domain << 16 | bus << 8 | devfn. */
  clientKey: number;
  mapType: MapType;
  windows: FabricWindow[];
}

/** Values of enum pci_p2pdma_map_type in 6.12. */
export const MAP_TYPE_CODE: Record<MapType, number> = { NOT_SUPPORTED: 1, BUS_ADDR: 2, THRU_HOST_BRIDGE: 3 };

const GIB = 1n << 30n;

/**
 * Provider and client under one switch, below a host bridge whose window has CPU address 6 TiB at bus address 256 GiB:
 * a bus offset of 5.75 TiB, so that an address of the wrong kind never works by accident.
 */
export function oneSwitch(barBytes: number, ramBytes: number): Fabric {
  const barPhys = 0x600_0000_0000n;
  const barBus = 256n * GIB;
  const ramStart = barPhys - BigInt(ramBytes);
  return {
    name: 'one-switch',
    barPhys,
    barBus,
    clientKey: 0x0400,
    mapType: 'BUS_ADDR',
    windows: [
      { name: '0000:03:00.0 BAR 0', busStart: barBus, bytes: BigInt(barBytes), target: 'bar' },
      { name: 'host RAM', busStart: ramStart, bytes: BigInt(ramBytes), target: 'ram' },
    ],
  };
}
