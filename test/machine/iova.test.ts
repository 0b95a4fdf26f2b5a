// The allocator of I/O virtual addresses and the page tables against naive models, by seeded random commands.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MIB } from '../../src/base/units.ts';
import { iommuModule } from '../../src/lab/machine/modules.ts';
import { behindIommu } from '../support/iommu.ts';
import { smallMachine } from '../support/small_machine.ts';

const PAGE = 4096n;
const LIMIT_32 = 2n ** 20n - 1n;
const LIMIT_48 = 2n ** 36n - 1n;
const NOTHING = -1n;
const SEED = 20260617;

function iommu(queueCount = 2) {
  const small = smallMachine({ queueCount, fabricOf: behindIommu('strict') });
  const [client] = small.machine.translated;
  return { small, client: client as number, module: iommuModule(small.memory) };
}

/** Size class: what the caches round a range of so many pages up to. */
const rounded = (pages: bigint): bigint => (pages < 32n ? 2n ** BigInt((pages - 1n).toString(2).length) : pages);
const roundUp = (pages: bigint): bigint => (pages === 1n ? 1n : rounded(pages));
/** Alignment: the size as a power of two. */
const alignment = (pages: bigint): bigint => (pages === 1n ? 1n : 2n ** BigInt((pages - 1n).toString(2).length));

interface Range {
  first: bigint;
  pages: bigint;
  cpu: number;
}

describe('ranges of I/O virtual addresses', () => {
  const command = fc.record({
    frees: fc.boolean(),
    pick: fc.nat(1000),
    cpu: fc.nat(1),
    pages: fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(1, 2, 31, 32, 33, 63, 64, 65, 128),
      fc.integer({ min: 1, max: 5000 }),
    ),
    high: fc.boolean(),
  });

  it('never overlap, are aligned to their size, keep below their limit, and all come back', () => {
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 400 }), (commands) => {
        const { client, module } = iommu();
        const before = module.ranges(client);
        const held: Range[] = [];
        for (const { frees, pick, cpu, pages, high } of commands) {
          if (frees && held.length > 0) {
            const [range] = held.splice(pick % held.length, 1) as [Range];
            module.free(client, cpu, range.first, range.pages);
            continue;
          }
          const wanted = BigInt(pages);
          const limit = high ? LIMIT_48 : LIMIT_32;
          const first = module.alloc(client, cpu, wanted, limit, 1);
          expect(first).toBeGreaterThan(0n);
          expect(first + roundUp(wanted) - 1n).toBeLessThanOrEqual(limit);
          expect(first % alignment(roundUp(wanted))).toBe(0n);
          const clash = held.find(
            (other) => first < other.first + roundUp(other.pages) && other.first < first + roundUp(wanted),
          );
          expect(clash).toBeUndefined();
          held.push({ first, pages: wanted, cpu });
        }
        expect(module.ranges(client) - module.cached(client) - before).toBe(held.length);
        for (const { first, pages, cpu } of held) module.free(client, cpu, first, pages);
        expect(module.ranges(client) - module.cached(client)).toBe(before);
      }),
      { seed: SEED, numRuns: 40 },
    );
  });

  it('are searched from the top, and a freed one of a cached size is the next of its size on that CPU', () => {
    const { client, module } = iommu();
    const a = module.alloc(client, 0, 32n, LIMIT_32, 0);
    const b = module.alloc(client, 0, 32n, LIMIT_32, 0);
    expect(b).toBe(a - 32n);
    module.free(client, 0, a, 32n);
    expect(module.cached(client)).toBe(1);
    expect(module.alloc(client, 1, 32n, LIMIT_32, 0)).toBe(b - 32n);
    expect(module.alloc(client, 0, 32n, LIMIT_32, 0)).toBe(a);
    // More than 32 pages are not cached: the tree has the hole at once.
    const large = module.alloc(client, 0, 64n, LIMIT_32, 0);
    module.free(client, 0, large, 64n);
    expect(module.cached(client)).toBe(0);
    expect(module.alloc(client, 1, 64n, LIMIT_32, 0)).toBe(large);
  });

  it('spill from a CPU over full magazines into the depot, where another CPU finds them', () => {
    const { client, module } = iommu();
    const before = module.ranges(client);
    const firsts = Array.from({ length: 600 }, () => module.alloc(client, 0, 1n, LIMIT_32, 0));
    expect(new Set(firsts).size).toBe(600);
    for (const first of firsts) module.free(client, 0, first, 1n);
    expect(module.cached(client)).toBe(600);
    // Two magazines stay with CPU 0; the depot's two full ones serve CPU 1.
    const again = Array.from({ length: 254 }, () => module.alloc(client, 1, 1n, LIMIT_32, 0));
    for (const first of again) expect(firsts).toContain(first);
    expect(module.ranges(client) - before).toBe(600);
  });

  it('run out with 0; what caches hold below the limit is found again when they are flushed', () => {
    const { client, module } = iommu();
    const eighth = 2n ** 17n;
    const large: bigint[] = [];
    for (;;) {
      const first = module.alloc(client, 0, eighth, LIMIT_32, 0);
      if (first === 0n) break;
      large.push(first);
    }
    expect(large.length).toBeGreaterThan(4);
    expect(module.alloc(client, 0, eighth, LIMIT_48, 0)).toBeGreaterThan(LIMIT_32);
    const [one] = large;
    module.free(client, 0, one as bigint, eighth);
    const small = Array.from({ length: 4096 }, () => module.alloc(client, 0, 32n, LIMIT_32, 0));
    expect(module.alloc(client, 0, eighth, LIMIT_32, 0)).toBe(0n);
    for (const first of small) module.free(client, 0, first, 32n);
    expect(module.alloc(client, 0, eighth, LIMIT_32, 0)).toBe(0n);
    expect(module.alloc(client, 0, eighth, LIMIT_32, 1)).toBe(one);
  });
});

describe('page tables', () => {
  const mapping = fc.record({
    pages: fc.integer({ min: 1, max: 1100 }),
    phys: fc.integer({ min: 0, max: 2 ** 20 }),
    unmaps: fc.boolean(),
    pick: fc.nat(1000),
  });

  it('translate what was mapped, page by page, and nothing else; nothing is left when all is unmapped', () => {
    fc.assert(
      fc.property(fc.array(mapping, { minLength: 1, maxLength: 60 }), (commands) => {
        const { small, client, module } = iommu(1);
        const held: { iova: bigint; phys: bigint; pages: bigint }[] = [];
        const unmap = (index: number): void => {
          const [gone] = held.splice(index, 1) as [(typeof held)[0]];
          module.unmap(client, gone.iova, gone.pages * PAGE);
          module.free(client, 0, gone.iova / PAGE, gone.pages);
          expect(module.walk(client, gone.iova)).toBe(NOTHING);
          expect(module.walk(client, gone.iova + (gone.pages - 1n) * PAGE)).toBe(NOTHING);
        };
        for (const { pages, phys, unmaps, pick } of commands) {
          if (unmaps && held.length > 0) {
            unmap(pick % held.length);
            continue;
          }
          const iova = module.alloc(client, 0, BigInt(pages), LIMIT_32, 1) * PAGE;
          // An odd page: no large entries, which are for what is never unmapped.
          const at = BigInt(2 * phys + 1) * PAGE;
          expect(module.map(client, iova, at, BigInt(pages) * PAGE)).toBe(1);
          held.push({ iova, phys: at, pages: BigInt(pages) });
        }
        for (const { iova, phys, pages } of held) {
          for (const page of [0n, pages / 2n, pages - 1n]) {
            expect(module.walk(client, iova + page * PAGE + 123n)).toBe(phys + page * PAGE + 123n);
          }
        }
        expect(small.setup.iommuPagesHeld(client)).toBe(held.reduce((sum, { pages }) => sum + Number(pages), 0));
        while (held.length > 0) unmap(held.length - 1);
        expect(small.setup.iommuPagesHeld(client)).toBe(0);
        expect(small.setup.iovasHeld(client)).toBe(0);
      }),
      { seed: SEED, numRuns: 15 },
    );
  });

  it('take 2 MiB and 1 GiB entries where addresses and size allow, and translate through them', () => {
    const { client, module } = iommu(1);
    const gib = 2n ** 30n;
    const mib = BigInt(MIB);
    const iova = 64n * gib + gib - 2n * mib - PAGE;
    const phys = 512n * gib + gib - 2n * mib - PAGE;
    // A page, a 2 MiB entry, a 1 GiB entry, a 2 MiB entry, a page.
    const bytes = PAGE + 2n * mib + gib + 2n * mib + PAGE;
    expect(module.map(client, iova, phys, bytes)).toBe(1);
    for (const at of [0n, PAGE, PAGE + mib, 3n * mib, gib / 2n, gib + 3n * mib, bytes - 1n]) {
      expect(module.walk(client, iova + at)).toBe(phys + at);
    }
    expect(module.walk(client, iova - 1n)).toBe(NOTHING);
    expect(module.walk(client, iova + bytes)).toBe(NOTHING);
    expect(module.walk(client, 2n ** 48n)).toBe(NOTHING);
  });
});
