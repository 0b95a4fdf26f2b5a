// What tests expect of homogeneous scatterlists.
import {
  ALLOCATED,
  both,
  HELD,
  IN_KERNEL,
  listBytes,
  type SchemeExpectation,
  SG,
  SIZES,
  SQE,
} from '../support/expectation.ts';

export const expected: SchemeExpectation = {
  sgl: {
    // map_sg looks at the whole list before it maps any.
    mixed: { fixed: both('EINVAL') },
    model: {
      ram: 'through sg',
      p2p: ({ buffers, p2pQueue, isUnderSwitch }) => ({
        refusal: buffers === 'user' ? 'EFAULT' : !isUnderSwitch || !p2pQueue ? 'EINVAL' : undefined,
        sg: 'always',
        mapCalls: 'entry',
      }),
    },
    removal: { pool: ALLOCATED, fixed: HELD },
    // Asks for a common switch.
    acrossBridges: 'EINVAL',
    iommu: 'refused',
    memory: { memmap: (bar) => bar / 64, mapState: () => 16 + 176 + 56 + 32, attach: () => 0 },
    // At submission; the mark then keeps it on the single-segment path.
    hostPageLoads: 1,
    counts: [
      {
        title: 'tests every entry of the list before it maps any',
        buffers: IN_KERNEL,
        bytes: SIZES,
        expected: (bytes) => ({
          // Submission, and the list's one entry. Neither the single-segment path nor unmap ask: the bio is marked.
          p2pTests: 2,
          mapCalls: 1,
          pageLines: 1,
          pageLoads: 2 * 2 + 1,
          pageAtomics: 0,
          descriptorBytes: SQE + SG + listBytes(bytes),
        }),
      },
    ],
    // Submission, one entry for each client, one line.
    nvmet: () => ({ p2pTests: 3, mapCalls: 2, pageLines: 1, pageAtomics: 0 }),
  },
};
