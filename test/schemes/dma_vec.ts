// What tests expect of the RFC of 2019.
import {
  ALLOCATED,
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
  dma_vec: {
    // bio_add_dma_addr refuses a plain bio; a page in a dma-direct bio is warned of, and its pointer goes to the device.
    mixed: { fixed: { hostFirst: 'EINVAL', p2pFirst: 'NVMe status 0x13 (PRP Offset Invalid)' } },
    model: {
      ram: 'through sg',
      p2p: ({ buffers, p2pQueue, isApart }) => ({
        refusal: buffers === 'user' || !p2pQueue || isApart ? 'EINVAL' : undefined,
        sg: 'always',
        mapCalls: 'never',
      }),
    },
    removal: { pool: ALLOCATED, fixed: UNOWNED },
    // The caller makes the address.
    acrossBridges: 'astray',
    iommu: 'refused',
    memory: { memmap: () => 0, mapState: () => 16 + 56, attach: () => 0 },
    hostPageLoads: 0,
    counts: [
      {
        title: 'maps nothing and keeps the scatterlist',
        buffers: IN_KERNEL,
        bytes: SIZES,
        expected: (bytes) => ({ ...NO_PAGE, mapCalls: 0, descriptorBytes: SQE + SG + listBytes(bytes) }),
      },
    ],
    nvmet: () => ({ ...NO_PAGE, mapCalls: 0, providerLookups: 0 }),
  },
};
