import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileStream, STREAM_WORDS, type StreamFacts, type StreamPlace } from './access_stream.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { resolveJobs } from './resolve.ts';
import { type StreamEntry, streamEntries } from './stream_entries.ts';

const MIB = 2 ** 20;
const READ = 2;
const WRITE = 1;

function jobOf(lines: string, namespaceBytes = 2 ** 40): Job {
  const file = parseJobFile(`[j]\n${lines.replaceAll(' ', '\n')}\n`, 'jobs.fio');
  return resolveJobs(file, { limits: { maxIodepth: 4096, namespaceBytes } }).jobs[0] as Job;
}
function placeOf(change: Partial<StreamPlace> = {}): StreamPlace {
  const slots = { first: 0, stride: 1 };
  const bar = { bytes: 2 ** 34, windowBytes: 64 * MIB, slots };
  const ram = { bytes: 2 ** 32, windowBytes: 32 * MIB, slots };
  return { p2pShare: 100, bar, ram, ...change };
}
function compile(
  job: Job | string,
  ios: number,
  place: StreamPlace = placeOf(),
  clone = 0,
): { facts: StreamFacts; entries: StreamEntry[] } {
  const words = new Uint32Array(ios * STREAM_WORDS);
  const facts = compileStream(typeof job === 'string' ? jobOf(job) : job, clone, place, words);
  return { facts, entries: streamEntries(words) };
}
const lbas = (job: string, ios: number, place?: StreamPlace, clone?: number): number[] =>
  compile(job, ios, place, clone).entries.map(({ lba }) => lba);

/** Fails when two of any `reach` consecutive I/Os, read in a circle, touch a common cell. */
function expectApart(entries: StreamEntry[], reach: number, cellsOf: (entry: StreamEntry) => Iterable<number>): void {
  const lastTouch = new Map<number, number>();
  for (let i = 0; i < entries.length + reach; i++) {
    for (const cell of cellsOf(entries[i % entries.length] as StreamEntry)) {
      const last = lastTouch.get(cell);
      if (last !== undefined && i - last < reach) throw new Error(`I/Os ${last} and ${i} share cell ${cell}`);
      lastTouch.set(cell, i);
    }
  }
}
function* range(first: number, count: number): Generator<number> {
  for (let i = first; i < first + count; i++) yield i;
}

const patterns = fc.constantFrom('read', 'write', 'rw', 'randread', 'randwrite', 'randrw', 'randread:3', 'read:4k');
const sizes = fc.constantFrom(
  'bs=4k',
  'bs=512',
  'bs=12k',
  'bs=4k,8k',
  'bsrange=4k-32k',
  'bssplit=512/20:4k/60:64k/20',
  'bs=64k blockalign=4k',
  'bs=4k blockalign=64k',
);
const orders = fc.constantFrom(
  '',
  'norandommap',
  'random_distribution=zipf:1.2',
  'random_distribution=pareto:0.3:0.5',
  'random_distribution=normal:10',
  'random_distribution=zoned:60/10:40/90',
  'percentage_random=50',
);
const jobLines = fc
  .record({ rw: patterns, size: sizes, order: orders, megabytes: fc.integer({ min: 1, max: 40 }), seed: fc.nat() })
  .map(({ rw, size, order, megabytes, seed }) =>
    `rw=${rw} ${size} ${order} size=${megabytes}m offset=3m iodepth=8 randseed=${seed}`.trim(),
  );

describe('every stream', () => {
  it('stays within its region, its block sizes, its alignment and its memories, and counts what it does', () => {
    fc.assert(
      fc.property(jobLines, fc.integer({ min: 0, max: 100 }), (lines, p2pShare) => {
        const job = jobOf(lines);
        const place = placeOf({ p2pShare });
        const { facts, entries } = compile(job, 512, place);
        const allowed = (direction: 'read' | 'write') =>
          new Set(job.blockSizes[direction].map(({ bytes }) => bytes / 512));
        for (const { lba, blocks, opcode, page, hostRam } of entries) {
          const direction = opcode === READ ? 'read' : 'write';
          expect(job.rw[opcode === READ ? 'reads' : 'writes']).toBe(true);
          expect(lba).toBeGreaterThanOrEqual(job.offsetBytes / 512);
          expect(lba + blocks).toBeLessThanOrEqual((job.offsetBytes + job.sizeBytes) / 512);
          const trimmedByMap = job.rw.random && !job.norandommap && blocks > 0;
          expect(trimmedByMap || allowed(direction).has(blocks)).toBe(true);
          const region = hostRam ? place.ram : place.bar;
          expect(page * 4096 + blocks * 512).toBeLessThanOrEqual(region.bytes);
        }
        const total = entries.reduce((sum, { blocks }) => sum + blocks * 512, 0);
        const reads = entries.filter(({ opcode }) => opcode === READ).length;
        expect(facts).toMatchObject({ ios: 512, bytes: total, reads, writes: 512 - reads, meanBytes: total / 512 });
      }),
      { numRuns: 60 },
    );
  });

  it('never has two buffers in flight on the same payload, also where the stream wraps', () => {
    fc.assert(
      fc.property(
        jobLines,
        fc.constantFrom(0, 30, 100),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(4),
        (lines, p2pShare, stride, queue) => {
          const slots = { first: queue % stride, stride };
          const bar = { bytes: 2 ** 30, windowBytes: 8 * MIB, slots };
          const ram = { bytes: 2 ** 28, windowBytes: 16 * MIB, slots };
          const { entries, facts } = compile(lines, 512, placeOf({ p2pShare, bar, ram }));
          const slotPages = Math.max(1, 2 ** Math.ceil(Math.log2(facts.maxBytes / 4096)));
          expectApart(entries, 16, ({ page, blocks, hostRam }) => {
            const windowPage = page % ((hostRam ? ram : bar).windowBytes / 4096);
            expect(windowPage % slotPages).toBe(0);
            expect((windowPage / slotPages) % stride).toBe(slots.first);
            const cells = [...range(windowPage, Math.ceil(blocks / 8))];
            return hostRam ? cells.map((cell) => -1 - cell) : cells;
          });
        },
      ),
      { numRuns: 80 },
    );
  });

  it('never has two I/Os in flight on the same block when data is checked', () => {
    fc.assert(
      fc.property(jobLines, (lines) => {
        const verifyBlocks = 16 * 2048;
        const { entries } = compile(`${lines} size=20m`, 512, placeOf({ verifyBlocks }));
        expectApart(entries, 16, ({ lba, blocks }) => {
          expect(lba + blocks).toBeLessThanOrEqual(verifyBlocks);
          return range(lba, blocks);
        });
      }),
      { numRuns: 80 },
    );
  });

  it('is the same for the same job, another for each clone and seed', () => {
    const lines = 'rw=randrw bssplit=4k/50:8k/50 size=1g norandommap';
    expect(compile(lines, 256)).toEqual(compile(lines, 256));
    expect(lbas(lines, 256, placeOf(), 1)).not.toEqual(lbas(lines, 256));
    expect(lbas(`${lines} randrepeat=0 randseed=7`, 256)).not.toEqual(lbas(lines, 256));
  });

  it('keeps its blocks when only the share of P2P changes', () => {
    const blocksOf = (p2pShare: number) =>
      compile('rw=randrw size=1g', 256, placeOf({ p2pShare })).entries.map(({ lba, opcode }) => [lba, opcode]);
    expect(blocksOf(100)).toEqual(blocksOf(30));
  });

  it('is four words an I/O: LBA low, LBA high, blocks and opcode, buffer page and memory', () => {
    const place = placeOf({ p2pShare: 0, ram: { bytes: MIB, windowBytes: MIB, slots: { first: 0, stride: 1 } } });
    const words = new Uint32Array(2 * STREAM_WORDS);
    compileStream(jobOf('rw=write bs=512k offset=3t size=1m', 2 ** 42), 0, place, words);
    const buffers = [words[3], words[7]];
    expect([...words]).toEqual([0x8000_0000, 1, 0x0100_0400, buffers[0], 0x8000_0400, 1, 0x0100_0400, buffers[1]]);
    expect(buffers.sort()).toEqual([0x8000_0000, 0x8000_0080]);
  });

  it('reaches blocks beyond 2^32', () => {
    const job = jobOf('rw=randread norandommap', 2 ** 45);
    const { entries } = compile(job, 1024);
    expect(entries.filter(({ lba }) => lba > 2 ** 35).length).toBeGreaterThan(400);
    expect(entries.every(({ lba }) => lba % 8 === 0 && lba < 2 ** 36)).toBe(true);
  });
});

describe('shares', () => {
  const within = (value: number, expected: number, tolerance: number) =>
    expect(Math.abs(value - expected)).toBeLessThan(tolerance);

  it('of reads and of P2P buffers are as asked for', () => {
    const { facts, entries } = compile('rw=randrw rwmixread=70 size=8g', 65536, placeOf({ p2pShare: 25 }));
    within(facts.reads / 65536, 0.7, 0.01);
    within(entries.filter(({ hostRam }) => !hostRam).length / 65536, 0.25, 0.01);
  });

  it.each([
    [0, true],
    [100, false],
  ])('p2pShare %d never needs the other memory', (p2pShare, hostRam) => {
    const { entries } = compile('rw=randread', 512, placeOf({ p2pShare }));
    expect(entries.every((entry) => entry.hostRam === hostRam)).toBe(true);
  });

  it('of block sizes are as in bssplit, reads and writes apart', () => {
    const lines = 'rw=randrw norandommap size=8g bssplit=4k/10:64k/50:32k/40,512/100';
    const { entries } = compile(lines, 65536, placeOf());
    const reads = entries.filter(({ opcode }) => opcode === READ);
    for (const [kilobytes, share] of [
      [4, 0.1],
      [64, 0.5],
      [32, 0.4],
    ] as const) {
      within(reads.filter(({ blocks }) => blocks === kilobytes * 2).length / reads.length, share, 0.01);
    }
    expect(entries.every(({ opcode, blocks }) => opcode === READ || blocks === 1)).toBe(true);
  });

  it('of struct pages are even over the whole BAR, though payload stays in its window', () => {
    const { entries } = compile('rw=randread iodepth=64', 65536);
    const barPages = 2 ** 34 / 4096;
    const perSixteenth = new Float64Array(16);
    for (const { page } of entries) {
      const part = Math.floor((page / barPages) * 16);
      perSixteenth[part] = (perSixteenth[part] as number) + 1 / 65536;
    }
    for (const share of perSixteenth) within(share, 1 / 16, 0.005);
    expect(new Set(entries.map(({ page }) => page)).size).toBeGreaterThan(60_000);
  });
});

describe('order', () => {
  const k = (kilobytes: number) => kilobytes * 2;

  it('sequential I/Os follow each other and start again at the end', () => {
    expect(lbas('rw=read bs=4k size=14k offset=64k', 8)).toEqual([64, 68, 72, 64, 68, 72, 64, 68].map(k));
  });

  it('reads and writes of a sequential mix each have a place of their own', () => {
    const { entries } = compile('rw=rw bs=4k size=1g', 256);
    for (const wanted of [READ, WRITE]) {
      const own = entries.filter(({ opcode }) => opcode === wanted).map(({ lba }) => lba);
      expect(own).toEqual(own.map((_, i) => i * 8));
    }
  });

  // The offsets that fio 3.33 writes to its iolog for the same options.
  it.each([
    ['rw=read:4k bs=4k size=20k', [0, 8, 16, 0]],
    ['rw=read:-8k bs=4k size=1m', [0, 1016, 1012, 1008]],
  ])('%s skips between I/Os', (lines, kilobytes) => {
    expect(lbas(lines, 4)).toEqual(kilobytes.map(k));
  });

  it('rw=randread:4 goes on sequentially, or stays with rw_sequencer=identical', () => {
    const steps = (lines: string) => {
      const positions = lbas(`${lines} norandommap bs=4k size=1g`, 64);
      return positions.map((lba, i) => (i % 4 === 0 ? 'jump' : lba - (positions[i - 1] as number)));
    };
    expect(new Set(steps('rw=randread:4'))).toEqual(new Set(['jump', 8]));
    expect(new Set(steps('rw=randread:4 rw_sequencer=identical'))).toEqual(new Set(['jump', 0]));
  });

  it('percentage_random leaves the rest sequential', () => {
    const positions = lbas('rw=randread percentage_random=40 norandommap bs=4k size=8g', 16384);
    const followed = positions.filter((lba, i) => i > 0 && lba === (positions[i - 1] as number) + 8).length;
    expect(Math.abs(followed / 16384 - 0.6)).toBeLessThan(0.02);
  });

  it('with a map, a pass touches every block exactly once', () => {
    const positions = lbas('rw=randwrite bs=4k size=1m', 512);
    for (const pass of [positions.slice(0, 256), positions.slice(256)]) {
      expect([...pass].sort((a, b) => a - b)).toEqual(Array.from({ length: 256 }, (_, i) => i * 8));
    }
  });

  it('with a map and several sizes, a pass covers every block exactly once', () => {
    const { entries } = compile('rw=randrw bssplit=512/30:4k/50:16k/20 size=256k', 1024);
    const touched = new Uint8Array(512);
    let left = 512;
    for (const { lba, blocks } of entries) {
      if (left === 0) break;
      for (const block of range(lba, blocks)) {
        expect(touched[block]).toBe(0);
        touched[block] = 1;
        left--;
      }
    }
    expect(left).toBe(0);
  });

  it('without a map blocks repeat', () => {
    expect(new Set(lbas('rw=randread bs=4k size=1m norandommap', 256)).size).toBeLessThan(200);
  });

  it('clones may start at an offset of their own', () => {
    expect(lbas('rw=read size=1m offset=1m offset_increment=2m numjobs=3', 2, placeOf(), 2)).toEqual([
      k(5120),
      k(5124),
    ]);
  });
});

describe('a window that is too small', () => {
  const slots = { first: 3, stride: 4 };

  it('for the buffers in flight names the sizes and the way out', () => {
    const bar = { bytes: 2 ** 30, windowBytes: MIB, slots };
    const checked = { verifyBlocks: 2 ** 17 };
    expect(() => compile('rw=randread bs=64k iodepth=8', 64, placeOf({ bar, ...checked }))).toThrow(
      '16 I/Os (twice iodepth) need as many 64 KiB buffers that do not overlap, but this queue has 4 in its part of the 1 MiB payload window of the BAR. Lower iodepth, the largest block size or numjobs, or make --bar and --ram larger.',
    );
    const ram = { bytes: 2 ** 30, windowBytes: 65536, slots };
    expect(() => compile('rw=randread bs=64k', 64, placeOf({ p2pShare: 0, ram, ...checked }))).toThrow(
      'this queue has 0 in its part',
    );
  });

  it('for the buffers in flight has them shared where nobody looks, or where they wait for each other', () => {
    const bar = { bytes: 2 ** 30, windowBytes: MIB, slots };
    const slotsOf = ({ entries }: { entries: StreamEntry[] }) =>
      new Set(entries.map(({ page }) => (page % (bar.windowBytes / 4096)) / 16));
    const unchecked = compile('rw=randread bs=64k iodepth=8', 64, placeOf({ bar }));
    expect(slotsOf(unchecked)).toEqual(new Set([3, 7, 11, 15]));
    expect(unchecked.entries.some(({ overlaps }) => overlaps)).toBe(false);
    const waiting = compile(
      'rw=randread bs=64k iodepth=8',
      64,
      placeOf({ bar, verifyBlocks: 2 ** 17, serializes: true }),
    );
    expect(slotsOf(waiting)).toEqual(new Set([3, 7, 11, 15]));
    expect(waiting.entries.every(({ overlaps }) => overlaps)).toBe(true);
    // A queue without a slot of its own takes one of the others'.
    const few = { ...bar, windowBytes: 2 * 65536 };
    const { entries } = compile('rw=randread bs=64k iodepth=8', 64, placeOf({ bar: few }));
    expect(new Set(entries.map(({ page }) => (page % 32) / 16))).toEqual(new Set([0, 1]));
  });

  it('is not asked for by trims, which have no buffer', () => {
    const bar = { bytes: 2 ** 30, windowBytes: MIB, slots };
    expect(compile('rw=trim bs=64m iodepth=8 size=8g', 64, placeOf({ bar })).facts.trims).toBe(64);
  });

  it('for the blocks in flight does too', () => {
    expect(() => compile('rw=randwrite bs=64k iodepth=8', 64, placeOf({ verifyBlocks: 1024 }))).toThrow(
      '[j] the media this queue checks its data on cannot hold 16 I/Os (twice iodepth) of up to 64 KiB apart. Lower iodepth, bs or numjobs, or raise size.',
    );
    expect(() => compile('rw=randwrite bs=64k', 64, placeOf({ verifyBlocks: 64 }))).toThrow(
      '[j] a block of 64 KiB does not fit into the 32 KiB of media this queue checks its data on.',
    );
  });
});

describe('a job with strided zones', () => {
  const KIB = 2;

  it('goes through a zone from its start, leaves out what is skipped, and begins again behind the last', () => {
    const zones = 'rw=read size=60k zonesize=8k zonerange=16k zoneskip=8k';
    // 24 KiB from zone to zone: the third begins within 60 KiB, though it does not fit whole; as fio's iolog has it.
    expect(lbas(`${zones} time_based runtime=1`, 8)).toEqual([0, 4, 24, 28, 48, 52, 0, 4].map((kib) => kib * KIB));
  });

  it('stays in its zone until enough bytes went there, however often', () => {
    const positions = lbas('rw=randread norandommap size=1m zonesize=64k zonerange=32k', 64);
    const zoneOf = (lba: number): number => Math.floor(lba / (32 * KIB));
    // 16 I/Os of 4 KiB to each zone.
    expect(positions.map(zoneOf)).toEqual(positions.map((_, i) => Math.floor(i / 16)));
    expect(new Set(positions.map((lba) => lba % (32 * KIB))).size).toBeGreaterThan(4);
  });
});

it('checks the data of one block at iodepth 1: nothing else is in flight', () => {
  const { entries } = compile('rw=write size=4k verify=md5', 64, placeOf({ verifyBlocks: 2 ** 17 }));
  expect(entries.every(({ lba, blocks }) => lba === 0 && blocks === 8)).toBe(true);
});

it('marks every I/O where some cannot be kept apart, if the flow holds them back', () => {
  const job = 'rw=randwrite bs=64k iodepth=8';
  const marked = (verifyBlocks: number): number => {
    const { entries } = compile(job, 64, placeOf({ verifyBlocks, serializes: true }));
    expect(entries.every(({ lba, blocks }) => lba + blocks <= verifyBlocks && blocks === 128)).toBe(true);
    return entries.filter(({ overlaps }) => overlaps).length;
  };
  expect(marked(1024)).toBe(64);
  expect(marked(2 ** 17)).toBe(0);
});
