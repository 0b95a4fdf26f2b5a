// What tests expect of the floor: no rules.
import {
  ALLOCATED,
  both,
  IN_KERNEL,
  listBytes,
  NO_PAGE,
  type SchemeExpectation,
  SIZES,
  SQE,
} from '../support/expectation.ts';

export const expected: SchemeExpectation = {
  null: {
    mixed: { fixed: both(1), user: both(1) },
    merges: ['fixed', 'user'],
    model: { ram: 'direct', p2p: () => ({ noMerge: false, mapCalls: 'never' }) },
    removal: { pool: ALLOCATED, fixed: { rule: 'none' }, user: { rule: 'none' } },
    acrossBridges: 'right',
    iommu: 'mapped once',
    memory: { memmap: () => 0, mapState: () => 0, attach: () => 0 },
    hostPageLoads: 0,
    counts: [
      {
        title: 'touches nothing and asks nothing',
        buffers: [...IN_KERNEL, 'user'],
        bytes: SIZES,
        expected: (bytes) => ({ ...NO_PAGE, mapCalls: 0, descriptorBytes: SQE + listBytes(bytes) }),
      },
    ],
    nvmet: () => NO_PAGE,
  },
};
