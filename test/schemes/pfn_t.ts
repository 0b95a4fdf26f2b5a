// What tests expect of frame numbers with flags.
import { GIB, KIB } from '../../src/base/units.ts';
import {
  ALLOCATED,
  both,
  IN_KERNEL,
  listBytes,
  NO_PAGE,
  type SchemeExpectation,
  SG,
  SIZES,
  SQE,
  UNOWNED,
} from '../support/expectation.ts';

export const expected: SchemeExpectation = {
  pfn_t: {
    // Every entry is asked whether a page is behind it.
    mixed: { fixed: both(1) },
    model: {
      ram: 'through sg',
      p2p: ({ buffers, p2pQueue, isApart }) => ({
        refusal: buffers === 'user' ? 'EFAULT' : p2pQueue ? undefined : 'EINVAL',
        sg: 'always',
        mapError: isApart ? 'EREMOTEIO' : undefined,
      }),
    },
    removal: { pool: ALLOCATED, fixed: UNOWNED },
    acrossBridges: 'right',
    iommu: 'mapped for each request',
    // Nodes of the radix tree: one for 64 sections of 128 MiB, and two above.
    memory: { memmap: () => 0, mapState: (bar) => 16 + 8 + (2 + Math.ceil(bar / (8 * GIB))) * 576, attach: () => 8 },
    hostPageLoads: 0,
    counts: [
      {
        title: 'asks whether a page is behind the frame at the single-segment path and at each entry of the list',
        buffers: IN_KERNEL,
        bytes: SIZES,
        expected: (bytes) => ({
          ...NO_PAGE,
          hasPageTests: 2,
          providerLookups: 1,
          mapCalls: 1,
          descriptorBytes: SQE + SG + listBytes(bytes),
        }),
      },
      {
        title: 'asks it for host RAM as well, in merging, mapping and release',
        buffers: ['user'],
        bytes: [128 * KIB],
        inRam: true,
        // 31 merges of two frames each, the single-segment test, one entry, one vector released.
        expected: () => ({ hasPageTests: 31 * 2 + 3, pageLookups: 1 }),
      },
      {
        title: 'asks it once for a single segment of in-kernel host RAM',
        buffers: ['fixed'],
        bytes: [4 * KIB],
        inRam: true,
        expected: () => ({ ...NO_PAGE, hasPageTests: 1 }),
      },
    ],
    nvmet: () => ({ ...NO_PAGE, mapCalls: 2, providerLookups: 2 }),
  },
};
