// Which BARs of a topology would be P2P providers, and what their struct pages cost. A BAR with P2P memory is a
// prefetchable one of at least a subsection (2 MiB, the alignment memremap asks for); a function offers its largest.
// Network functions are left out: their prefetchable BARs are doorbells, not memory.
import type { PlacedBar } from '../addresses.ts';
import type { Era } from '../host_bridge.ts';
import type { Bar, FunctionId, Topology } from '../model.ts';
import { endpoints } from '../tree.ts';
import { memmapBytes, SUBSECTION_BYTES } from './memmap.ts';

const NETWORK_BASE_CLASS = 0x02;

export interface ProviderBar {
  readonly id: FunctionId;
  readonly bar: Bar & Pick<PlacedBar, 'bytes'>;
}

/** At most one BAR of each function, in the topology's order. */
export function providerBars(topology: Topology): ProviderBar[] {
  return endpoints(topology).flatMap((fn): ProviderBar[] => {
    if ((fn.classCode ?? 0) >> 8 === NETWORK_BASE_CLASS) return [];
    const candidates = fn.bars.filter(isMemory).sort((a, b) => b.bytes - a.bytes);
    return candidates[0] ? [{ id: fn.id, bar: candidates[0] }] : [];
  });
}

function isMemory(bar: Bar): bar is Bar & { bytes: number } {
  return bar.prefetchable && bar.bytes !== undefined && bar.bytes >= SUBSECTION_BYTES;
}

export interface MemmapCost {
  readonly pageBytes: number;
  readonly totalBytes: number;
  readonly perBar: readonly { readonly id: FunctionId; readonly index: number; readonly bytes: number }[];
}

/** Bytes of struct page if every such BAR were registered with P2PDMA. */
export function memmapOfProviders(topology: Topology, pageBytes: number, era: Era): MemmapCost {
  const perBar = providerBars(topology).map(({ id, bar }) => ({
    id,
    index: bar.index,
    bytes: memmapBytes(bar.bytes, pageBytes, era),
  }));
  return { pageBytes, totalBytes: perBar.reduce((sum, { bytes }) => sum + bytes, 0), perBar };
}
