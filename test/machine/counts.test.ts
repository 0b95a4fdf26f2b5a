// The counting build against counts of a running Linux 6.12 (O_DIRECT on mmapped p2pmem, provider and client under one
// switch, no IOMMU, a controller whose MDTS is 512 KiB) and against the kernel's source for in-kernel buffers.
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../src/base/units.ts';
import { smallMachine, type TestIo } from '../support/small_machine.ts';

/** Counts of one I/O of `bytes`, whose buffers follow each other in the BAR (or RAM). */
function countsOf(
  scheme: string,
  buffers: 'pool' | 'fixed' | 'user',
  op: 'read' | 'write',
  bytes: number,
  inRam = false,
) {
  const small = smallMachine({ barBytes: 64 * MIB, ramBytes: 64 * MIB, iodepth: 8, batch: 4 });
  const ios: TestIo[] = Array.from({ length: 8 }, (_, i) => ({ op, lba: i * 4096, bytes, buffer: i * 2 * MIB, inRam }));
  small.stream(ios);
  expect(small.run(scheme, buffers, 64)).toMatchObject({ ios: 64, errors: 0 });
  const counts = small.counters();
  expect(small.leftovers()).toEqual([]);
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / 64])) as typeof counts;
}

describe('page, user buffers, as counted on a running 6.12', () => {
  // bytes, requests, is_pci_p2pdma_page true, same-pgmap checks, pins (fast GUP), map_segment calls
  const rows = [
    [4 * KIB, 1, 2, 0, 1, 1],
    [16 * KIB, 1, 2, 3, 4, 1],
    [128 * KIB, 1, 2, 31, 32, 1],
    [MIB, 2, 4, 255, 256, 2],
  ] as const;
  for (const op of ['read', 'write'] as const) {
    it.each(rows)(`${op} of %i bytes`, (bytes, requests, p2pTests, pgmapChecks, pages, mapCalls) => {
      expect(countsOf('page', 'user', op, bytes)).toMatchObject({
        requests,
        p2pTests,
        pgmapChecks,
        mapCalls,
        // Fast GUP: one atomic for the reference, one for the pin bias; one at unpin.
        pageAtomics: 3 * pages,
        pageLines: pages,
      });
    });
  }

  it('finds no P2P page, checks no pgmap and maps no P2P segment for host RAM, but pins it all the same', () => {
    expect(countsOf('page', 'user', 'read', 128 * KIB, true)).toMatchObject({
      p2pTests: 0,
      pgmapChecks: 0,
      mapCalls: 0,
      pageAtomics: 96,
      pageLines: 32,
    });
  });

  it('loads at most five words of each page it pins besides the tests and merge checks on the first', () => {
    const { pageLoads } = countsOf('page', 'user', 'read', 128 * KIB);
    // Per page: head at pin, head at add, flags at unpin. Per merge check: flags and pgmap of both pages. Two tests: flags, pgmap; map: pgmap.
    expect(pageLoads).toBe(32 * 3 + 31 * 4 + 2 * 2 + 1);
  });
});

describe('page, in-kernel buffers, by the source of 6.12', () => {
  it.each([4 * KIB, 128 * KIB, 512 * KIB])(
    'touches one page line, no refcount, for a pool buffer of %i bytes',
    (bytes) => {
      expect(countsOf('page', 'pool', 'read', bytes)).toMatchObject({
        pageLines: 1,
        pageAtomics: 0,
        // Submission (REQ_NOMERGE), nvme's single-segment test, dma_map_sgtable's. The fourth of nvmet-rdma is RDMA's.
        p2pTests: 3,
        pgmapChecks: 0,
        mapCalls: 1,
        poolAllocs: 1,
      });
    },
  );

  it('does the same for long-lived buffers without the allocator', () => {
    expect(countsOf('page', 'fixed', 'write', 4 * KIB)).toMatchObject({
      pageLines: 1,
      pageAtomics: 0,
      p2pTests: 3,
      poolAllocs: 0,
    });
  });
});

describe('dma_vec and null', () => {
  it.each([
    ['dma_vec', 'pool'],
    ['dma_vec', 'fixed'],
    ['null', 'pool'],
    ['null', 'fixed'],
    ['null', 'user'],
  ] as const)('%s touches no struct page with %s buffers', (scheme, buffers) => {
    expect(countsOf(scheme, buffers, 'read', 128 * KIB)).toMatchObject({
      pageLines: 0,
      pageLoads: 0,
      pageAtomics: 0,
      p2pTests: 0,
      pgmapChecks: 0,
      mapCalls: 0,
    });
  });

  it('carries host RAM as pages in dma_vec, without any P2P test', () => {
    expect(countsOf('dma_vec', 'user', 'read', 16 * KIB, true)).toMatchObject({
      pageLines: 4,
      pageAtomics: 12,
      p2pTests: 0,
      mapCalls: 0,
    });
  });
});

describe('descriptors', () => {
  it('writes 64 bytes of SQE, one scatterlist entry and 8 bytes for each list entry', () => {
    expect(countsOf('page', 'fixed', 'read', 128 * KIB).descriptorBytes).toBe(64 + 32 + 31 * 8);
    expect(countsOf('null', 'fixed', 'read', 128 * KIB).descriptorBytes).toBe(64 + 31 * 8);
  });

  it('rings the SQ doorbell once for each batch', () => {
    // 64 I/Os in batches of 4: 16 SQ doorbells, and one CQ doorbell for each reap.
    const { doorbells } = countsOf('null', 'fixed', 'read', 4 * KIB);
    expect(doorbells * 64).toBeGreaterThanOrEqual(16 + 8);
    expect(doorbells * 64).toBeLessThanOrEqual(16 + 16);
  });
});
