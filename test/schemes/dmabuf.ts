// What tests expect of pre-mapped dma-bufs.
import {
  both,
  listBytes,
  NO_PAGE,
  type SchemeExpectation,
  SIZES,
  SQE,
  type VariantExpectation,
} from '../support/expectation.ts';

/** Longest scatterlist entry of an exporter: 32-bit length, page aligned. */
const MOST_SG_BYTES = 2 ** 32 - 4096;

/** The map, its token, a percpu_ref, the list, and the exporter's scatterlist. */
const mapBytes = (bar: number): number =>
  88 + 88 + (56 + 8) + (bar / 4096) * 8 + 16 + Math.ceil(bar / MOST_SG_BYTES) * 32;

const MAPPED_ONCE: VariantExpectation = {
  mixed: { fixed: both(2) },
  model: {
    ram: 'direct',
    p2p: ({ buffers, p2pQueue, isApart }) => ({
      refusal:
        buffers === 'pool' ? 'ENOMEM' : buffers === 'user' ? 'EFAULT' : isApart || !p2pQueue ? 'EINVAL' : undefined,
      mapCalls: 'never',
    }),
  },
  removal: { fixed: { rule: 'revoked', errno: 'ENODEV', race: 'referenced' } },
  acrossBridges: 'right',
  iommu: 'mapped once',
  memory: { memmap: () => 0, mapState: mapBytes, attach: mapBytes },
  // As 6.18: submission, new vector, single segment.
  hostPageLoads: 3,
  counts: [
    {
      title: 'takes one reference and copies one list entry for each page',
      buffers: ['fixed'],
      bytes: SIZES,
      expected: (bytes) => ({
        ...NO_PAGE,
        mapCalls: 0,
        // Taken and given back.
        mapRefs: 2,
        listEntries: bytes / 4096,
        descriptorBytes: SQE + listBytes(bytes),
      }),
    },
  ],
  nvmet: 'ENODEV',
};

export const expected: SchemeExpectation = { dmabuf: MAPPED_ONCE, 'dmabuf@atomic': MAPPED_ONCE };
