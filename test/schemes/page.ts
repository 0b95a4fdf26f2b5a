// What tests expect of struct pages, in the kernels of three eras.
import { KIB, MIB } from '../../src/base/units.ts';
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
  type VariantExpectation,
} from '../support/expectation.ts';

const PINNED = { rule: 'pins', errno: 'EFAULT', race: 'pinned' } as const;
const SECTION = 128 * MIB;

const IN_6_12: VariantExpectation = {
  // bio_add_page answers 0 (zone_device_pages_compatible), and its caller begins another bio. O_DIRECT adds past bio_add_page, and the
  // entries are told apart when they are mapped.
  mixed: { fixed: both(2), user: both(1) },
  // No user bio is marked: its requests mix, and dma_map_sgtable tells the entries apart.
  merges: ['user'],
  model: {
    ram: 'through sg',
    p2p: ({ buffers, p2pQueue, isApart }) => {
      const isUser = buffers === 'user';
      if (!p2pQueue) return { refusal: isUser ? 'EREMOTEIO' : 'EINVAL' };
      // O_DIRECT leaves the bio unmarked; nvmet's own test marks kernel buffers.
      return { sg: 'always', mapCalls: 'entry', noMerge: !isUser, mapError: isApart ? 'EREMOTEIO' : undefined };
    },
  },
  removal: { pool: ALLOCATED, fixed: HELD, user: PINNED },
  acrossBridges: 'right',
  iommu: 'mapped for each request',
  memory: { memmap: (bar) => bar / 64, mapState: () => 32 + 176 + 8, attach: () => 8 },
  hostPageLoads: 2,
  // As counted on a running kernel: test/machine/counts.test.ts.
  counts: [],
  // dma_map_sgtable for the RNIC; submission; single segment and dma_map_sgtable for the drive; none at unmap.
  nvmet: () => ({ p2pTests: 4, mapCalls: 2, pageLines: 1, pageLoads: 4 * 2 + 2, pageAtomics: 0, pgmapChecks: 0 }),
};

const IN_5_2: VariantExpectation = {
  // The first entry decides for the whole list: dma_map_sg hands out CPU addresses of P2P pages; pci_p2pdma_map_sg takes a host page's
  // list head for a pagemap.
  mixed: { fixed: { hostFirst: 'claimed by nothing', p2pFirst: 'follows a pointer that is none' } },
  model: {
    ram: 'through sg',
    p2p: ({ buffers, p2pQueue, isApart }) => ({
      refusal: buffers === 'user' ? 'EFAULT' : isApart || !p2pQueue ? 'EINVAL' : undefined,
      sg: 'always',
      mapCalls: 'entry',
    }),
  },
  removal: { pool: ALLOCATED, fixed: HELD },
  // The bus address is taken for granted.
  acrossBridges: 'astray',
  iommu: 'refused',
  memory: { memmap: (bar) => (Math.ceil(bar / SECTION) * SECTION) / 64, mapState: () => 16 + 264, attach: () => 0 },
  hostPageLoads: 2,
  // One reference on each page, taken and given back, where pins make 3.
  hostPinAtomics: 2 * 32,
  counts: [
    {
      title: 'makes 4 of the 6 tests and 1 of the 2 pgmap reads of nvmet-rdma, on one line',
      buffers: IN_KERNEL,
      bytes: SIZES,
      expected: (bytes) => ({
        requests: 1,
        // Submission; nvme's single segment, then its scatterlist; unmap. The RDMA side has the other two.
        p2pTests: 4,
        // pci_p2pdma_map_sg, for each entry.
        mapCalls: 1,
        pageLines: 1,
        pageAtomics: 0,
        pgmapChecks: 0,
        // Each test reads flags and pgmap, the mapping pgmap once more.
        pageLoads: 4 * 2 + 1,
        descriptorBytes: SQE + SG + listBytes(bytes),
      }),
    },
    {
      title: 'takes one reference on each page of host RAM and gives it back: 2 atomics, where pins make 3',
      buffers: ['user'],
      bytes: [128 * KIB],
      inRam: true,
      // Compound head at get and put; then the three tests of a request that goes through the scatterlist.
      expected: () => ({ pageLines: 32, pageAtomics: 2 * 32, pageLoads: 2 * 32 + 3, p2pTests: 0, mapCalls: 0 }),
    },
    {
      title: 'asks host RAM once at submission and once for a single segment, and not at unmap',
      buffers: ['fixed'],
      bytes: [4 * KIB],
      inRam: true,
      expected: () => ({ pageLines: 1, pageLoads: 2, p2pTests: 0 }),
    },
  ],
  // rw context made and destroyed; submission; single segment, scatterlist, unmap.
  nvmet: () => ({ p2pTests: 6, mapCalls: 2, pageLines: 1, pageLoads: 6 * 2 + 2, pageAtomics: 0, pgmapChecks: 0 }),
};

/** Two PRPs reach 8 KiB: nvme's single-segment path asks once more. */
const isSingle = (bytes: number): boolean => bytes <= 8 * KIB;

const IN_6_17: VariantExpectation = {
  mixed: { fixed: both(2), user: both(2) },
  model: {
    ram: 'direct',
    p2p: ({ buffers, p2pQueue, isApart }) =>
      p2pQueue
        ? { mapError: isApart ? 'EINVAL' : undefined }
        : { refusal: buffers === 'user' ? 'EREMOTEIO' : 'EINVAL' },
  },
  removal: { pool: ALLOCATED, fixed: HELD, user: PINNED },
  acrossBridges: 'right',
  iommu: 'mapped for each request',
  memory: IN_6_12.memory,
  hostPageLoads: 3,
  counts: [
    {
      title: 'touches one page line for an in-kernel P2P buffer',
      buffers: IN_KERNEL,
      bytes: SIZES,
      expected: (bytes) => {
        // Submission, __bio_add_page, nvme's single segment where two PRPs reach, the request's state.
        const p2pTests = isSingle(bytes) ? 4 : 3;
        return {
          requests: 1,
          pageLines: 1,
          pageAtomics: 0,
          p2pTests,
          mapCalls: 1,
          pgmapChecks: 0,
          pageLoads: p2pTests * 2 + 1,
          descriptorBytes: SQE + listBytes(bytes),
        };
      },
    },
    {
      title: 'pins user pages as 6.12 does, tests the one vector they become, and decides once',
      buffers: ['user'],
      bytes: [128 * KIB],
      expected: (bytes) => ({
        pageLines: 32,
        pageAtomics: 96,
        p2pTests: 2,
        pgmapChecks: 31,
        mapCalls: 1,
        descriptorBytes: SQE + listBytes(bytes),
      }),
    },
    {
      title: 'asks the first page of host RAM no more once its bio bears no mark',
      buffers: ['fixed'],
      bytes: [4 * KIB, 128 * KIB],
      inRam: true,
      // Submission, new vector, single segment; a larger request ends at the bio's flag.
      expected: (bytes) => ({ pageLines: 1, pageLoads: isSingle(bytes) ? 3 : 2, mapCalls: 0 }),
    },
  ],
  // The RDMA side as in 6.12; the block side tests the new vector and decides once per request.
  nvmet: (bytes) => {
    const p2pTests = isSingle(bytes) ? 5 : 4;
    return { p2pTests, mapCalls: 2, pageLines: 1, pageLoads: p2pTests * 2 + 2, pageAtomics: 0, pgmapChecks: 0 };
  },
};

export const expected: SchemeExpectation = { page: IN_6_12, 'page@5.2': IN_5_2, 'page@6.17': IN_6_17 };
