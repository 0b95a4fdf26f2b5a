// The fuzz for a few seconds. fuzz.long.test.ts runs more of it, and shows what it is worth.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawCase, type FuzzCase, type FuzzIo } from './case.ts';
import { differences } from './compare.ts';
import { openBench } from './machine.ts';
import { fuzzedSchemes } from './schemes.ts';

const CASES = 150;

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

describe('known difference, not mended', () => {
  // A limit that is no multiple of a page splits inside one: two requests share an entry of the importer's list, as it seems, and the
  // unmap of the first hides from the revocation that the second is in flight. This fails, and asks to be turned
  // into a case like the others, once machine and model agree.
  it.fails('vma: revoked memory is waited for where a split ends inside a page', () => {
    const path = new URL('./known/vma_split_inside_page.json', import.meta.url);
    const fuzz = JSON.parse(readFileSync(path, 'utf8')) as FuzzCase;
    expect(differences(openBench(), fuzz)).toEqual([]);
  });
});
