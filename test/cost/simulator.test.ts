// The simulator against a model written for plainness: the same events, misses of sites and fields, and clocks, for any processor.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/base/random.ts';
import { type Cpu, readCpu } from '../../src/cost/cpu_file.ts';
import { placePages } from '../../src/cost/placement.ts';
import { SITE_SHIFT } from '../../src/cost/rewrite.ts';
import { createSimulator, MISSES, type RegionTable } from '../../src/cost/simulator.ts';
import { effort } from '../support/effort.ts';
import { type NaiveKind, NaiveModel } from './naive_model.ts';

/** Random processors, each with 10,000 accesses. */
const GEOMETRIES = effort(20, 100);
const SITES = 24;
const MEMORY_BYTES = 16 * 2 ** 20;
const KINDS: readonly NaiveKind[] = ['load', 'store', 'update'];
/** Two structures of several fields, one of one; the rest is in no region. */
const REGIONS: readonly RegionTable[] = [
  { at: 0, bytes: 2 ** 20, fieldOfByte: [0, 0, 0, 0, 1, 1, 2, 2], firstField: 1 },
  { at: 2 ** 20, bytes: 3 * 2 ** 20, fieldOfByte: [], firstField: 4 },
  {
    at: 5 * 2 ** 20,
    bytes: 11 * 2 ** 20,
    fieldOfByte: Array.from({ length: 96 }, (_, i) => (i < 64 ? 0 : 1)),
    firstField: 5,
  },
];
const FIELDS = 7;

const power = (max: number) => fc.integer({ min: 0, max }).map((bits) => 2 ** bits);
const shape = (sets: number, ways: number) => fc.record({ sets: power(sets), ways: fc.integer({ min: 1, max: ways }) });
const cpus: fc.Arbitrary<Cpu> = fc.record({
  name: fc.constant('random'),
  title: fc.constant('random'),
  l1: shape(4, 4),
  l2: shape(6, 8),
  l3: shape(7, 16),
  l3Policy: fc.constantFrom('victim', 'non-inclusive', 'inclusive'),
  dtlb: shape(2, 6),
  dtlb2m: fc.option(shape(2, 3), { nil: undefined }),
  stlb: shape(4, 6),
  latency: fc.record({
    ...{
      l1: fc.integer({ min: 1, max: 5 }),
      l2: fc.integer({ min: 6, max: 20 }),
      l3: fc.integer({ min: 21, max: 80 }),
    },
    ...{ memory: fc.integer({ min: 81, max: 500 }), other: fc.integer({ min: 20, max: 200 }) },
    ...{
      stlb: fc.integer({ min: 1, max: 9 }),
      walk4k: fc.integer({ min: 10, max: 60 }),
      walk2m: fc.integer({ min: 10, max: 50 }),
    },
  }),
  // Sums of them are exact, in whatever order they are added.
  cyclesPerOp: fc.constantFrom(0.125, 0.25, 1),
  windowOps: fc.integer({ min: 1, max: 300 }),
  missRegisters: fc.integer({ min: 1, max: 30 }),
  lockedCycles: fc.integer({ min: 1, max: 20 }),
});

const sources = fc
  .array(fc.array(fc.integer({ min: 0, max: SITES - 1 }), { maxLength: 3 }), { minLength: SITES, maxLength: SITES })
  .map((all) => new Map(all.map((each, site) => [site, [...new Set(each)]] as const)));

/** Accesses in a few places that get hot, near each other and far apart; some cross lines. */
function* accesses(seed: number, count: number) {
  const random = seededRandom(seed);
  const ops = [0, 0];
  let near = 0;
  for (let i = 0; i < count; i++) {
    const core = random.below(2) as 0 | 1;
    const jump = random.below(8);
    if (jump === 0) near = random.below(MEMORY_BYTES - 8192);
    else if (jump < 3) near = random.below(64 * 1024);
    const address = near + random.below(jump < 5 ? 256 : 4096);
    ops[core] = (ops[core] as number) + 1 + random.below(20);
    const log = random.below(5);
    yield {
      core,
      address,
      kind: KINDS[random.below(KINDS.length)] as NaiveKind,
      site: random.below(SITES),
      log,
      ops: ops[core] as number,
      rangeBytes: random.below(16) === 0 ? random.below(600) : undefined,
    };
  }
}

describe('the simulator', () => {
  it('counts what a plain model counts, in any geometry', () => {
    let simulated = 0;
    const seen = new Set<string>();
    const property = fc.property(
      cpus,
      sources,
      fc.boolean(),
      fc.nat(1000),
      fc.nat(),
      (cpu, from, prefetches, place, seed) => {
        const simulator = createSimulator({
          bytes: MEMORY_BYTES,
          regions: REGIONS,
          fields: FIELDS,
          sites: SITES,
          sources: from,
        });
        const pages = placePages(MEMORY_BYTES / 4096, (page) => page >= 1024, place);
        simulator.begin(cpu, pages, prefetches);
        simulator.resetMisses({ host: 0n, device: 0n });
        const naive = new NaiveModel(cpu, pages, prefetches, from);
        const last = [0, 0];
        for (const { core, address, kind, site, log, ops, rangeBytes } of accesses(seed, 10_000)) {
          const hooks = simulator.caching[core === 0 ? 'host' : 'device'];
          const word = (site << SITE_SHIFT) | (KINDS.indexOf(kind) << 3) | log;
          if (rangeBytes === undefined) {
            hooks.access(address, word, BigInt(ops));
            naive.access({ core, kind, address, bytes: 2 ** log, site, ops });
          } else {
            hooks.range(address, word, rangeBytes, BigInt(ops));
            naive.range({ core, kind, address, bytes: rangeBytes, site, ops });
          }
          last[core] = ops;
          simulated++;
        }
        for (const [name, core] of [
          ['host', 0],
          ['device', 1],
        ] as const) {
          expect(simulator.events(name)).toEqual(naive.events(core));
          for (const [event, times] of Object.entries(naive.events(core))) if (times > 0) seen.add(event);
          expect(simulator.cycles(name, BigInt(last[core] as number))).toEqual(naive.cycles(core));
        }
        const none = Object.fromEntries(MISSES.map((miss) => [miss, 0]));
        simulator.siteMisses().forEach((row, site) => {
          expect(row).toEqual(naive.siteMisses.get(site) ?? none);
        });
        // Whatever has a miss has it in a field as well.
        const total = (rows: readonly Record<(typeof MISSES)[number], number>[]) =>
          MISSES.map((miss) => rows.reduce((sum, row) => sum + row[miss], 0));
        const fields = [...simulator.fieldMisses('host'), ...simulator.fieldMisses('device')];
        expect(total(fields)).toEqual(total(simulator.siteMisses()));
      },
    );
    fc.assert(property, { numRuns: GEOMETRIES, seed: 20261130 });
    expect(simulated).toBe(GEOMETRIES * 10_000);
    expect(seen.size).toBe(10);
  });

  it('counts accesses by field, and distinct lines by window', () => {
    const simulator = createSimulator({
      bytes: MEMORY_BYTES,
      regions: REGIONS,
      fields: FIELDS,
      sites: SITES,
      sources: new Map(),
    });
    const { host, device } = simulator.counting;
    const touch = (address: number, kind: number, log = 2): void =>
      host.access(address, (3 << SITE_SHIFT) | (kind << 3) | log, 0n);
    simulator.beginWindow();
    for (const [address, kind] of [
      [0, 0],
      [4, 0],
      [6, 1],
      [8, 2],
      [64, 0],
    ] as const)
      touch(address, kind, 1);
    simulator.beginWindow();
    touch(0, 1);
    // Eight bytes across two lines are one access and two lines.
    touch(2 ** 20 + 60, 0, 3);
    device.range(2 ** 20, (5 << SITE_SHIFT) | (1 << 3), 129, 0n);
    device.access(4 * 2 ** 20, (6 << SITE_SHIFT) | 3, 0n);
    const none = { reads: 0, writes: 0, atomics: 0, atomicStores: 0, lines: 0, dirtiedLines: 0 };
    expect(simulator.fieldCounts('host')).toEqual([
      none,
      { ...none, reads: 2, writes: 1, atomics: 1, lines: 3, dirtiedLines: 1 },
      { ...none, reads: 1 },
      { ...none, writes: 1, dirtiedLines: 1 },
      { ...none, reads: 1, lines: 2 },
      ...[none, none],
    ]);
    const [outside, ...fields] = simulator.fieldCounts('device');
    expect(outside).toEqual({ ...none, reads: 1, lines: 1 });
    expect(fields[3]).toEqual({ ...none, writes: 3, lines: 3, dirtiedLines: 3 });
    expect(simulator.siteAccesses().slice(3, 7)).toEqual([7, 0, 3, 1]);
  });
});

describe('a placement', () => {
  it('gives no two pages the same frame, keeps 2 MiB pages whole, and is another for each seed', () => {
    const isHuge = (page: number): boolean => page >= 4096;
    const tables = [0, 1, 2].map((seed) => placePages(2 ** 20, isHuge, seed));
    for (const table of tables) {
      expect(new Set(table).size).toBe(2 ** 20);
      for (let page = 4096; page < 2 ** 20; page += 512) {
        const frame = (table[page] as number) >> 1;
        expect(frame % 512).toBe(0);
        expect((table[page + 511] as number) >> 1).toBe(frame + 511);
      }
      expect(table.every((word) => word >> 1 > 0 && word >> 1 < 2 ** 24)).toBe(true);
    }
    expect(tables[0]?.[7]).not.toBe(tables[1]?.[7]);
    expect(tables[1]?.[8192]).not.toBe(tables[2]?.[8192]);
  });

  it('of the lab fits every processor of the lab', () => {
    const simulator = createSimulator({
      bytes: MEMORY_BYTES,
      regions: REGIONS,
      fields: FIELDS,
      sites: SITES,
      sources: new Map(),
    });
    for (const name of ['milan', 'genoa', 'turin', 'spr', 'graviton4']) {
      simulator.begin(
        readCpu(name),
        placePages(MEMORY_BYTES / 4096, () => false, 1),
        false,
      );
      for (let at = 0; at < MEMORY_BYTES; at += 64) simulator.caching.host.access(at, 2, 0n);
      expect(simulator.events('host').l3Misses).toBe(MEMORY_BYTES / 64);
    }
  });
});
