// A case on both sides, and in how far they differ; the smallest case that still differs.
import { checksItself, type FuzzCase, type FuzzIo } from './case.ts';
import type { Bench, Happened } from './machine.ts';
import { type Expected, expect, patterned } from './model.ts';

/** Differences between machine and model, in words; empty when there are none. */
export function differences(bench: Bench, fuzz: FuzzCase): string[] {
  let happened: Happened;
  try {
    happened = bench.run(fuzz);
  } catch (error) {
    // An assertion of the counting build.
    return [`the machine stopped: ${(error as Error).message}`];
  }
  if (fuzz.removeAt > 0) return afterRemoval(fuzz, happened);
  const expected = expect(fuzz, happened.before);
  const wrong = [...happened.leftovers];
  const same = (name: string, got: unknown, wanted: unknown): void => {
    if (got !== wanted) wrong.push(`${name}: ${got} instead of ${wanted}`);
  };
  same('I/Os', happened.ios, fuzz.ios.length);
  same('errors', happened.errors, expected.errors);
  same('refused', happened.refused, expected.refused);
  same('unclaimed transfers', happened.unclaimed, 0);
  same('wrong blocks', happened.verifyErrors, 0);
  const { flushCommands } = happened.counts;
  const ofFlushes = { requests: flushCommands, descriptorBytes: 64 * flushCommands };
  for (const [name, wanted] of Object.entries(expected.counts)) {
    const counted = happened.counts[name as keyof Expected['counts']];
    same(name, counted - (ofFlushes[name as keyof typeof ofFlushes] ?? 0), wanted);
  }
  same('flushes', happened.flushes, expected.flushes);
  wrong.push(...flushesOf(fuzz, happened));
  same('writes with FUA at the controller', happened.fuaWrites, expected.fuaCommands);
  wrong.push(...where('medium', happened.media, expected.media));
  wrong.push(...where('BAR', happened.bar, expected.bar));
  wrong.push(...where('RAM', happened.ram, expected.ram));
  return wrong;
}

/** One command for each where the submitter sleeps; otherwise those who ask while one is under way share the next. */
function flushesOf({ flushWaits }: FuzzCase, { flushes, counts }: Happened): string[] {
  const { flushCommands } = counts;
  const least = flushWaits === true ? flushes : Math.min(flushes, 1);
  if (flushCommands >= least && flushCommands <= flushes) return [];
  return [`${flushCommands} Flush commands for ${flushes} flushes`];
}

/**
 * Which I/Os meet the removal is the agents' turns' to say; but each ends once, in one way, whole or not at all, and what is
 * waited for or revoked meets no device that is gone.
 */
function afterRemoval(fuzz: FuzzCase, happened: Happened): string[] {
  const { ios, errors, refusals, deviceFailures, unclaimed, verifyErrors, rule } = happened;
  const wrong = [...happened.leftovers];
  if (ios !== fuzz.ios.length) wrong.push(`I/Os: ${ios} instead of ${fuzz.ios.length}`);
  if (errors !== refusals + deviceFailures) wrong.push(`${errors} errors, but ${refusals} + ${deviceFailures}`);
  if (verifyErrors > 0) wrong.push(`wrong blocks: ${verifyErrors}`);
  if (rule !== 'none' && deviceFailures + unclaimed > 0) {
    wrong.push(`${deviceFailures} device failures and ${unclaimed} unclaimed transfers where ${rule} are waited for`);
  }
  wrong.push(...flushesOf(fuzz, happened));
  // A trim has no memory that could be taken away.
  const moving = [...fuzz.ios.keys()].filter((index) => fuzz.ios[index]?.op !== 'trim');
  const [none, all] = [patterned(fuzz, new Set(moving)), patterned(fuzz, new Set())];
  const expected = none.slice();
  for (const { op, lba, blocks } of fuzz.ios) {
    const [from, to] = [lba * 512, (lba + blocks) * 512];
    const isWhole = Buffer.compare(happened.media.subarray(from, to), all.subarray(from, to)) === 0;
    if (op === 'write' && isWhole) expected.set(all.subarray(from, to), from);
  }
  return [...wrong, ...where('medium', happened.media, expected)];
}

function where(name: string, got: Uint8Array, wanted: Uint8Array | undefined): string[] {
  if (wanted === undefined || Buffer.compare(got, wanted) === 0) return [];
  const first = got.findIndex((byte, index) => byte !== wanted[index]);
  return [`${name}: byte ${first} (block ${Math.floor(first / 512)}) is ${got[first]} instead of ${wanted[first]}`];
}

/** A case that differs as well, with as much taken away as `mostMs` allows to try. */
export function shrink(bench: Bench, failing: FuzzCase, mostMs = 20_000): FuzzCase {
  const until = performance.now() + mostMs;
  let smallest = failing;
  for (let changed = true; changed; ) {
    changed = false;
    for (const candidate of smaller(smallest)) {
      if (performance.now() > until) return smallest;
      if (differences(bench, candidate).length === 0) continue;
      smallest = candidate;
      changed = true;
      break;
    }
  }
  return smallest;
}

/** Cases with less in them, the boldest first. */
function* smaller(fuzz: FuzzCase): Generator<FuzzCase> {
  const { ios } = fuzz;
  for (let size = Math.ceil(ios.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < ios.length; at += size) {
      const rest = [...ios.slice(0, at), ...ios.slice(at + size)];
      if (rest.length > 0) yield { ...fuzz, ios: rest };
    }
  }
  const plain: Partial<FuzzCase>[] = [
    { positions: 0 },
    { poolTaken: 0 },
    { refcount: 'atomic' },
    { depthEntries: 128 },
    { batch: 1 },
    { flushWaits: false },
    { iodepth: 1, batch: 1 },
    { place: 'switch' },
    { p2pQueue: true },
    { maxSectors: fuzz.mdtsBytes / 512 },
  ];
  for (const over of plain) {
    if (Object.entries(over).some(([key, value]) => fuzz[key as keyof FuzzCase] !== value)) yield { ...fuzz, ...over };
  }
  for (const [index, io] of ios.entries()) {
    for (const less of smallerIos(io, !checksItself(fuzz))) yield { ...fuzz, ios: ios.with(index, less) };
  }
}

/** @param mayMove its blocks and buffer may come to lie on those of others */
function smallerIos(io: FuzzIo, mayMove: boolean): FuzzIo[] {
  const { fua: _, flushed: __, ...plain } = io;
  return [
    ...(io.blocks > 1
      ? [
          { ...io, blocks: Math.ceil(io.blocks / 2) },
          { ...io, blocks: io.blocks - 1 },
        ]
      : []),
    ...(mayMove && io.lba > 0 ? [{ ...io, lba: 0 }] : []),
    ...(mayMove && io.page > 0 ? [{ ...io, page: 0 }] : []),
    ...(io.fua || io.flushed ? [plain] : []),
    ...(io.op === 'write' ? [{ ...plain, op: 'read' as const }] : []),
  ];
}
