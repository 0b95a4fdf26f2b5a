// The fuzz for a few seconds, and what it is worth: each planted fault is found, shrunk, and found again by its smallest case.
import { beforeAll, describe, expect, it } from 'vitest';
import { drawCase, type FuzzCase, type FuzzIo } from './case.ts';
import { differences, shrink } from './compare.ts';
import { type Bench, openBench } from './machine.ts';
import { PLANTED, type PlantedModule, plantFaults } from './planted.ts';
import { fuzzedSchemes } from './schemes.ts';

const CASES = 300;
/** More than any planted fault needs. */
const PLANTED_CASES = 600;
const SHRINK_MS = 1000;

describe('machine and model', () => {
  it(`agree on ${CASES} cases of every scheme: bytes, requests, segments, descriptors, refusals, and what is left`, () => {
    const bench = openBench();
    const schemes = fuzzedSchemes();
    const seen = new Set<string>();
    for (let seed = 1; seed <= CASES; seed++) {
      const drawn = drawCase(seed, schemes);
      seen.add(drawn.scheme);
      expect({ seed, wrong: differences(bench, drawn) }).toEqual({ seed, wrong: [] });
    }
    expect([...seen].sort()).toEqual(schemes.toSorted());
  }, 120_000);
});

/** Seven tags: the eighth part of a batch has none. All I/Os are of one page, apart from each other on the medium and in memory. */
const SHORT_OF_TAGS: Omit<FuzzCase, 'ios' | 'iodepth' | 'batch'> = {
  seed: 0,
  scheme: 'page',
  buffers: 'user',
  place: 'apart',
  p2pQueue: true,
  depthEntries: 8,
  mdtsBytes: 131072,
  maxSectors: 256,
  refcount: 'atomic',
  interleaveSeed: 1313127072,
  pages: 512,
  mediaBlocks: 4096,
  poolTaken: 0,
  positions: 0,
  removeAt: 0,
};

const readAt = (lba: number, page: number, over: Partial<FuzzIo> = {}): FuzzIo => ({
  op: 'read',
  lba,
  blocks: 8,
  page,
  inRam: true,
  ...over,
});

/** \`last\` behind as many reads as fill the tags, in one batch. */
function behindReads(count: number, last: readonly FuzzIo[]): FuzzCase {
  const reads = Array.from({ length: count }, (_, i) => readAt(i * 32, i * 4));
  const ios = [...reads, ...last];
  return { ...SHORT_OF_TAGS, ios, iodepth: ios.length, batch: ios.length };
}

describe('where tags run out in the middle of a batch', () => {
  it('what continues the request plugged last merges without a tag, and fails with it where its memory cannot be mapped', () => {
    const fuzz = behindReads(6, [readAt(1512, 100, { inRam: false }), readAt(1520, 101)]);
    const bench = openBench();
    expect(differences(bench, fuzz)).toEqual([]);
    expect(bench.run(fuzz)).toMatchObject({ errors: 2, counts: { merges: 1 } });
  });

  it('the batch goes on under the plug of the bio that waited, and merges with it', () => {
    const fuzz = behindReads(7, [readAt(1512, 100), readAt(1520, 101)]);
    const bench = openBench();
    expect(differences(bench, fuzz)).toEqual([]);
    expect(bench.run(fuzz)).toMatchObject({ errors: 0, counts: { merges: 1, requests: 8 } });
  });

  it('the fronts of a split stay alone', () => {
    const fuzz = {
      ...behindReads(0, [readAt(0, 0), readAt(8, 1, { blocks: 512 }), readAt(520, 65)]),
      depthEntries: 64,
    };
    const bench = openBench();
    expect(differences(bench, fuzz)).toEqual([]);
    // 8, 256, and 256 + 8 would be over the limit.
    expect(bench.run(fuzz)).toMatchObject({ counts: { splits: 1, merges: 0, requests: 4 } });
  });
});

describe('cases', () => {
  const drawn = Array.from({ length: 2000 }, (_, seed) => drawCase(seed, fuzzedSchemes()));
  const share = (test: (fuzz: FuzzCase) => boolean): number => drawn.filter(test).length / drawn.length;

  it('are the same for the same seed', () => {
    expect(drawCase(7, fuzzedSchemes())).toEqual(drawn[7]);
  });

  it('reach what they are for', () => {
    expect(share(({ ios, maxSectors }) => ios.some(({ blocks }) => blocks > maxSectors))).toBeGreaterThan(0.2);
    expect(share(({ ios }) => ios.some(({ blocks }) => blocks > 513 * 8))).toBeGreaterThan(0.02);
    expect(share(({ ios }) => ios.some(({ inRam }) => inRam) && ios.some(({ inRam }) => !inRam))).toBeGreaterThan(0.1);
    expect(share(({ depthEntries, iodepth }) => depthEntries <= iodepth)).toBeGreaterThan(0.05);
    expect(share(({ positions, ios }) => positions + ios.length > 2 ** 32)).toBeGreaterThan(0.02);
    expect(share(({ place }) => place === 'apart')).toBeGreaterThan(0.1);
    expect(share(({ removeAt }) => removeAt > 0)).toBeGreaterThan(0.1);
    expect(share(({ poolTaken }) => poolTaken > 0)).toBeGreaterThan(0.02);
  });
});

describe('a planted fault', () => {
  let planted: PlantedModule;

  beforeAll(async () => {
    planted = await plantFaults('page');
  }, 120_000);

  const benchWith = (fault: (typeof PLANTED)[number] | undefined): Bench =>
    openBench((memory) => planted.host(memory, fault));

  it('that is not chosen changes nothing', () => {
    const bench = benchWith(undefined);
    for (let seed = 1; seed <= 50; seed++) expect(differences(bench, drawCase(seed, ['page']))).toEqual([]);
  });

  it.each(PLANTED)(
    'is found: $name',
    (fault) => {
      // A fault may leave the memory unusable for the next case, as after a crash.
      let found: FuzzCase | undefined;
      let bench = benchWith(fault);
      for (let seed = 1; seed <= PLANTED_CASES && found === undefined; seed++) {
        const drawn = drawCase(seed, ['page']);
        if (differences(bench, drawn).length > 0) found = drawn;
      }
      expect(found).toBeDefined();
      bench = benchWith(fault);
      const smallest = shrink(bench, found as FuzzCase, SHRINK_MS);
      expect(smallest.ios.length).toBeLessThanOrEqual((found as FuzzCase).ios.length);
      expect(differences(benchWith(fault), smallest)).not.toEqual([]);
      expect(differences(benchWith(undefined), smallest)).toEqual([]);
    },
    60_000,
  );
});
