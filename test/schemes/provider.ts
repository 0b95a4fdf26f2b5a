// What tests expect of a provider without pages.
import { both, listBytes, NO_PAGE, type SchemeExpectation, SIZES, SQE, UNOWNED } from '../support/expectation.ts';

export const expected: SchemeExpectation = {
  provider: {
    mixed: { fixed: both(2) },
    model: {
      ram: 'direct',
      p2p: ({ buffers, p2pQueue, isApart }) => ({
        refusal: buffers === 'pool' ? 'ENOMEM' : buffers === 'user' ? 'EFAULT' : p2pQueue ? undefined : 'EINVAL',
        mapError: isApart ? 'EINVAL' : undefined,
      }),
    },
    removal: { fixed: UNOWNED },
    acrossBridges: 'right',
    iommu: 'mapped for each request',
    memory: { memmap: () => 0, mapState: () => 128 + 8, attach: () => 8 },
    hostPageLoads: 3,
    counts: [
      {
        title: 'decides once for each request, without looking anything up',
        buffers: ['fixed'],
        bytes: SIZES,
        expected: (bytes) => ({
          ...NO_PAGE,
          mapCalls: 1,
          providerLookups: 0,
          descriptorBytes: SQE + listBytes(bytes),
        }),
      },
    ],
    nvmet: 'ENODEV',
  },
};
