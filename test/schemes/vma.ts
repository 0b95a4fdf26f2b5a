// What tests expect of the exporter's VMA with p2p_map.
import { both, listBytes, NO_PAGE, type SchemeExpectation, SIZES, SQE } from '../support/expectation.ts';

export const expected: SchemeExpectation = {
  vma: {
    mixed: { fixed: both(2) },
    model: {
      ram: 'through sg',
      p2p: ({ buffers, p2pQueue, isApart }) => ({
        refusal: buffers === 'pool' ? 'ENOMEM' : buffers === 'user' || !p2pQueue ? 'EFAULT' : undefined,
        mapError: isApart ? 'EINVAL' : undefined,
      }),
    },
    removal: { fixed: { rule: 'revoked', errno: 'EINVAL', race: 'mapped' } },
    acrossBridges: 'right',
    iommu: 'mapped for each request',
    memory: { memmap: () => 0, mapState: (bar) => 32 + (bar / 4096) * 8, attach: (bar) => (bar / 4096) * 8 },
    hostPageLoads: 0,
    counts: [
      {
        title: 'writes, reads and clears one DMA address for each page, in one p2p_map',
        buffers: ['fixed'],
        bytes: SIZES,
        expected: (bytes) => ({
          ...NO_PAGE,
          mapCalls: 1,
          listEntries: 3 * (bytes / 4096),
          descriptorBytes: SQE + listBytes(bytes),
        }),
      },
    ],
    nvmet: 'ENODEV',
  },
};
