// What tests expect of physical addresses, by how the provider is found.
import { GIB, KIB } from '../../src/base/units.ts';
import {
  ALLOCATED,
  both,
  IN_KERNEL,
  listBytes,
  NO_PAGE,
  type SchemeExpectation,
  SIZES,
  SQE,
  UNOWNED,
  type VariantExpectation,
} from '../support/expectation.ts';

/** @param lookups of a provider for each request; @param lookupBytes what is searched */
function found(lookups: number, lookupBytes: (barBytes: number) => number): VariantExpectation {
  return {
    mixed: { fixed: both(2) },
    model: {
      ram: 'direct',
      p2p: ({ buffers, p2pQueue, isApart }) => ({
        refusal: buffers === 'user' ? 'EFAULT' : p2pQueue ? undefined : 'EINVAL',
        mapError: isApart ? 'EINVAL' : undefined,
      }),
    },
    removal: { pool: ALLOCATED, fixed: UNOWNED },
    acrossBridges: 'right',
    iommu: 'mapped for each request',
    memory: { memmap: () => 0, mapState: (bar) => 16 + 8 + lookupBytes(bar), attach: () => 8 },
    hostPageLoads: 0,
    counts: [
      {
        title: 'finds the provider for each request and decides once',
        buffers: IN_KERNEL,
        bytes: SIZES,
        expected: (bytes) => ({
          ...NO_PAGE,
          providerLookups: lookups,
          mapCalls: 1,
          descriptorBytes: SQE + listBytes(bytes),
        }),
      },
      {
        title: 'reads no page of host RAM to merge or map it, and goes back to the page once for each vector',
        buffers: ['user'],
        bytes: [128 * KIB],
        inRam: true,
        // Compound head at pin, flags at unpin.
        expected: () => ({
          pageLines: 32,
          pageAtomics: 96,
          pageLoads: 2 * 32,
          pageLookups: 1,
          providerLookups: 0,
          mapCalls: 0,
        }),
      },
      {
        title: 'looks nothing up for in-kernel host RAM',
        buffers: ['fixed'],
        bytes: [128 * KIB],
        inRam: true,
        expected: () => ({ ...NO_PAGE, providerLookups: 0, mapCalls: 0 }),
      },
    ],
    nvmet: () => ({ ...NO_PAGE, mapCalls: 2, providerLookups: 2 * lookups }),
  };
}

export const expected: SchemeExpectation = {
  phys: found(0, () => 0),
  // 256 buckets, and an entry for each GiB.
  'phys@hash': found(1, (bar) => 1024 + Math.ceil(bar / GIB) * 24),
  // One interval_tree_node for the BAR, with its provider.
  'phys@tree': found(1, () => 56),
};
