// What each scheme and each era of the page scheme touches for one I/O, exact, by the kernel's source and the proposals.
// The page scheme of 6.12 as counted on a running kernel is in counts.test.ts.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';
import { soundVariants } from '../support/variants.ts';

type Counts = ReturnType<ReturnType<typeof smallMachine>['counters']>;

/** Counts of one I/O; the controller takes 1 MiB in one command. */
function countsOf(scheme: string, buffers: Buffers, bytes: number, inRam = false): Counts {
  const small = smallMachine({ barBytes: 64 * MIB, ramBytes: 64 * MIB, iodepth: 8, batch: 4, mdtsBytes: MIB });
  const ios = Array.from(
    { length: 8 },
    (_, i): TestIo => ({ op: 'read', lba: i * 4096, bytes, buffer: i * 2 * MIB, inRam }),
  );
  small.stream(ios);
  expect(small.run(scheme, buffers, 64)).toMatchObject({ ios: 64, errors: 0 });
  const counts = small.counters();
  expect(small.leftovers()).toEqual([]);
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / 64])) as Counts;
}

/** What no scheme without pages does to P2P memory. */
const NO_PAGE = { pageLines: 0, pageLoads: 0, pageAtomics: 0, p2pTests: 0, pgmapChecks: 0, pageLookups: 0 };
const SIZES = [4 * KIB, 128 * KIB, MIB] as const;
const SQE = 64;
const SG = 32;
const listBytes = (bytes: number): number => (bytes > 8 * KIB ? (bytes / 4096 - 1) * 8 : 0);

describe('page in 5.2, in-kernel P2P buffers', () => {
  it.each(SIZES)(
    'makes 4 of the 6 tests and 1 of the 2 pgmap reads of nvmet-rdma, on one line, for %i bytes',
    (bytes) => {
      for (const buffers of ['pool', 'fixed'] as const) {
        expect(countsOf('page@5.2', buffers, bytes)).toMatchObject({
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
        });
      }
    },
  );

  it('takes one reference on each page of host RAM and gives it back: 2 atomics, where pins make 3', () => {
    expect(countsOf('page@5.2', 'user', 128 * KIB, true)).toMatchObject({
      pageLines: 32,
      pageAtomics: 2 * 32,
      // Compound head at get and put; then the three tests of a request that goes through the scatterlist.
      pageLoads: 2 * 32 + 3,
      p2pTests: 0,
      mapCalls: 0,
    });
  });

  it('asks host RAM once at submission and once for a single segment, and not at unmap', () => {
    expect(countsOf('page@5.2', 'fixed', 4 * KIB, true)).toMatchObject({ pageLines: 1, pageLoads: 2, p2pTests: 0 });
  });
});

describe('page in 6.17', () => {
  it.each([
    [4 * KIB, 4],
    [128 * KIB, 3],
    [MIB, 3],
  ])('touches one page line for an in-kernel P2P buffer of %i bytes, in %i tests', (bytes, p2pTests) => {
    for (const buffers of ['pool', 'fixed'] as const) {
      expect(countsOf('page@6.17', buffers, bytes)).toMatchObject({
        requests: 1,
        pageLines: 1,
        pageAtomics: 0,
        // Submission, __bio_add_page, nvme's single segment where two PRPs reach, the request's state.
        p2pTests,
        mapCalls: 1,
        pgmapChecks: 0,
        pageLoads: p2pTests * 2 + 1,
        descriptorBytes: SQE + listBytes(bytes),
      });
    }
  });

  it('pins user pages as 6.12 does, tests the one vector they become, and decides once', () => {
    expect(countsOf('page@6.17', 'user', 128 * KIB)).toMatchObject({
      pageLines: 32,
      pageAtomics: 96,
      p2pTests: 2,
      pgmapChecks: 31,
      mapCalls: 1,
      descriptorBytes: SQE + listBytes(128 * KIB),
    });
  });

  it('decides once for each request of a split I/O, on its own first page', () => {
    const small = smallMachine({ barBytes: 64 * MIB, iodepth: 4, batch: 4, mdtsBytes: 64 * KIB });
    small.stream(
      Array.from({ length: 4 }, (_, i) => ({ op: 'read', lba: i * 512, bytes: 256 * KIB, buffer: i * MIB })),
    );
    small.run('page@6.17', 'fixed', 4);
    expect(small.counters()).toMatchObject({ requests: 16, mapCalls: 16, pageLines: 16, p2pTests: 4 * 2 + 16 });
  });

  it('asks the first page of host RAM no more once its bio bears no mark', () => {
    // Submission, new vector, single segment; a larger request ends at the bio's flag.
    expect(countsOf('page@6.17', 'fixed', 4 * KIB, true)).toMatchObject({ pageLines: 1, pageLoads: 3, mapCalls: 0 });
    expect(countsOf('page@6.17', 'fixed', 128 * KIB, true)).toMatchObject({ pageLines: 1, pageLoads: 2, mapCalls: 0 });
  });
});

describe('dma_vec', () => {
  it.each(SIZES)('maps nothing and keeps the scatterlist for %i bytes', (bytes) => {
    for (const buffers of ['pool', 'fixed'] as const) {
      expect(countsOf('dma_vec', buffers, bytes)).toMatchObject({
        ...NO_PAGE,
        mapCalls: 0,
        descriptorBytes: SQE + SG + listBytes(bytes),
      });
    }
  });

  it('warns, by name, of each dma-direct bio that is handed user pages, and of nothing else', () => {
    const small = smallMachine({ iodepth: 4, batch: 4 });
    small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
    expect(small.run('dma_vec', 'user', 16)).toMatchObject({ ios: 16, errors: 16, refused: 'EINVAL' });
    expect(small.counters()).toMatchObject({ warnBioIovIterGetPages: 16 });
    expect(small.run('dma_vec', 'fixed', 16)).toMatchObject({ errors: 0 });
    expect(small.counters()).toMatchObject({ warnBioIovIterGetPages: 0 });
  });
});

describe('phys', () => {
  it.each([
    ['phys', 0],
    ['phys@hash', 1],
    ['phys@tree', 1],
  ])('%s finds the provider with %i lookups for each request and decides once', (scheme, providerLookups) => {
    for (const bytes of SIZES) {
      expect(countsOf(scheme, 'fixed', bytes)).toMatchObject({
        ...NO_PAGE,
        providerLookups,
        mapCalls: 1,
        descriptorBytes: SQE + listBytes(bytes),
      });
    }
  });

  it('looks nothing up for host RAM, reads no page to merge or map it, and goes back to the page once for each vector', () => {
    for (const scheme of ['phys', 'phys@hash', 'phys@tree']) {
      expect(countsOf(scheme, 'user', 128 * KIB, true)).toMatchObject({
        pageLines: 32,
        pageAtomics: 96,
        // Compound head at pin, flags at unpin.
        pageLoads: 2 * 32,
        pageLookups: 1,
        providerLookups: 0,
        mapCalls: 0,
      });
      expect(countsOf(scheme, 'fixed', 128 * KIB, true)).toMatchObject({ ...NO_PAGE, mapCalls: 0 });
    }
  });
});

describe('pfn_t', () => {
  it('asks whether a page is behind the frame at the single-segment path and at each entry of the list', () => {
    for (const bytes of SIZES) {
      expect(countsOf('pfn_t', 'pool', bytes)).toMatchObject({
        ...NO_PAGE,
        hasPageTests: 2,
        providerLookups: 1,
        mapCalls: 1,
        descriptorBytes: SQE + SG + listBytes(bytes),
      });
    }
  });

  it('asks it for host RAM as well, in merging, mapping and release', () => {
    // 31 merges of two frames each, the single-segment test, one entry, one vector released.
    expect(countsOf('pfn_t', 'user', 128 * KIB, true)).toMatchObject({ hasPageTests: 31 * 2 + 3, pageLookups: 1 });
    expect(countsOf('pfn_t', 'fixed', 4 * KIB, true)).toMatchObject({ ...NO_PAGE, hasPageTests: 1 });
  });

  it('counts what consumers that want pages refuse', () => {
    for (const [buffers, p2pQueue, refused] of [
      ['user', true, 'EFAULT'],
      ['fixed', false, 'EINVAL'],
    ] as const) {
      const small = smallMachine({ p2pQueue, iodepth: 4, batch: 4 });
      small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
      expect(small.run('pfn_t', buffers, 16)).toMatchObject({ errors: 16, refused });
      expect(small.counters()).toMatchObject({ unconverted: 16 });
    }
  });
});

describe('vma', () => {
  it.each(SIZES)('writes, reads and clears one DMA address for each page of %i bytes, in one p2p_map', (bytes) => {
    expect(countsOf('vma', 'fixed', bytes)).toMatchObject({
      ...NO_PAGE,
      mapCalls: 1,
      listEntries: 3 * (bytes / 4096),
      descriptorBytes: SQE + listBytes(bytes),
    });
  });
});

describe('sgl', () => {
  it.each(SIZES)('tests every entry of the list before it maps any, for %i bytes', (bytes) => {
    for (const buffers of ['pool', 'fixed'] as const) {
      expect(countsOf('sgl', buffers, bytes)).toMatchObject({
        // Submission, and the list's one entry. Neither the single-segment path nor unmap ask: the bio is marked.
        p2pTests: 2,
        mapCalls: 1,
        pageLines: 1,
        pageLoads: 2 * 2 + 1,
        pageAtomics: 0,
        descriptorBytes: SQE + SG + listBytes(bytes),
      });
    }
  });
});

describe('dmabuf', () => {
  it.each(SIZES)('takes one reference and copies one list entry for each page of %i bytes', (bytes) => {
    for (const scheme of ['dmabuf', 'dmabuf@atomic']) {
      expect(countsOf(scheme, 'fixed', bytes)).toMatchObject({
        ...NO_PAGE,
        mapCalls: 0,
        // Taken and given back.
        mapRefs: 2,
        listEntries: bytes / 4096,
        descriptorBytes: SQE + listBytes(bytes),
      });
    }
  });
});

describe('provider', () => {
  it.each(SIZES)('decides once for each request of %i bytes, without looking anything up', (bytes) => {
    expect(countsOf('provider', 'fixed', bytes)).toMatchObject({
      ...NO_PAGE,
      mapCalls: 1,
      providerLookups: 0,
      descriptorBytes: SQE + listBytes(bytes),
    });
  });
});

describe('host RAM', () => {
  it('costs the same pins in every scheme of one era', () => {
    for (const scheme of soundVariants().filter((name) => name !== 'null' && name !== 'page@5.2')) {
      expect([scheme, countsOf(scheme, 'user', 128 * KIB, true)]).toMatchObject([
        scheme,
        { pageLines: 32, pageAtomics: 96, p2pTests: 0, pgmapChecks: 0, mapCalls: 0, providerLookups: 0 },
      ]);
    }
  });

  it('is tested for P2P wherever P2P pages may exist, and nowhere else', () => {
    const lines = Object.fromEntries(
      soundVariants().map((name) => [name, countsOf(name, 'fixed', 4 * KIB, true).pageLoads]),
    );
    expect(lines).toEqual({
      dma_vec: 0,
      // As 6.18: submission, new vector, single segment.
      dmabuf: 3,
      'dmabuf@atomic': 3,
      null: 0,
      page: 2,
      'page@5.2': 2,
      'page@6.17': 3,
      pfn_t: 0,
      phys: 0,
      'phys@hash': 0,
      'phys@tree': 0,
      provider: 3,
      // At submission; the mark then keeps it on the single-segment path.
      sgl: 1,
      vma: 0,
    });
  });
});
