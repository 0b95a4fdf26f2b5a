// p2plab sweep [FILE.yaml]: measure every point of a product of options, go on where an earlier sweep was, merge what there is.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { EXIT, LabError } from '../base/errors.ts';
import { plainLine, terminalText } from '../base/escape.ts';
import { checkWritable } from '../base/files.ts';
import { startInterruptible } from '../base/interrupt.ts';
import { startProgress } from '../base/progress.ts';
import { formatBytes, formatNs } from '../base/units.ts';
import { version } from '../base/version.ts';
import { openSession } from '../lab/measure/session.ts';
import { type MeasuredPoint, paceOf, SWEEP_SECONDS } from '../lab/point_time.ts';
import { closePool } from '../lab/workers/crew.ts';
import { optionKey } from '../options/options_object.ts';
import { folderOf, givenOptions, type ResolvedPoint, resolvePoints } from '../options/point_options.ts';
import { writeSweepFolder } from '../report/formats/write_sweep.ts';
import { textTable } from '../report/tables/table.ts';
import { expand } from '../sweep/expand.ts';
import {
  pointsThere,
  prepareFolder,
  readPoint,
  readSweep,
  type SweepDocument,
  writeShard,
  writeSweep,
} from '../sweep/folder.ts';
import { lockFolder } from '../sweep/lock.ts';
import { mergeFolders } from '../sweep/merge_folders.ts';
import { valueWords } from '../sweep/options.ts';
import { sweepDocument } from '../sweep/plan.ts';
import { runSweep, type SweepOutcome } from '../sweep/run_sweep.ts';
import { isOf, parseShard, type Shard, shardOfEnvironment, shardWords } from '../sweep/shard.ts';
import { NO_SPEC, parseSpec, type SweepSpec, withWords } from '../sweep/spec.ts';
import type { SweepOptions } from './commands/sweep.ts';
import { printSweep } from './sweep_output.ts';

export async function sweepCommand(file: string | undefined, options: SweepOptions, command: Command): Promise<void> {
  const spec = readSpec(file, options);
  const points = expand(spec);
  const resolved = await resolvePoints(spec, points, givenOptions(command, spec), folderOf(file));
  if (resolved.length < points.length) {
    process.stderr.write(
      `p2plab: ${points.length - resolved.length} points mean the same as others and are not repeated\n`,
    );
  }
  const shard = options.shard === undefined ? shardOfEnvironment(process.env) : parseShard(options.shard);
  const sweep = sweepDocument(spec, resolved, optionKey, version());
  const dir = options.out ?? join('reports', 'sweep');
  if (options.dryRun === true) {
    process.stdout.write(terminalText(await planText(sweep, resolved, dir, shard)));
    return;
  }
  const outcome = await measure(sweep, resolved, dir, shard, options);
  if (outcome.interrupted) process.exitCode = EXIT.interrupted;
  else if (outcome.gone.length > 0)
    throw new LabError(
      `${dir}: ${outcome.gone.length} points that were measured are not there any more: somebody removed files during the sweep. ` +
        'The same command measures them again; it goes on where the folder is.',
      EXIT.runFailed,
    );
  else if (outcome.failed.length > 0) {
    const [first] = outcome.failed;
    throw new LabError(
      `${outcome.failed.length} points failed, the first (${first?.hash}): ${first?.reason}\n` +
        `All others are in ${dir}. --retry-failed measures the failed ones again.`,
      EXIT.runFailed,
    );
  }
}

function readSpec(file: string | undefined, options: SweepOptions): SweepSpec {
  if (file === undefined && options.axis.length === 0)
    throw new LabError('sweep: nothing varies. Give a file, or axes: --axis bs=512,4k,64k --axis bar=1GiB,16GiB.');
  const spec = file === undefined ? NO_SPEC : parseSpec(readSpecFile(file), file, optionKey);
  return withWords(spec, options, optionKey);
}

function readSpecFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new LabError(
      `${file}: cannot read it (${(error as Error).message}). Give a YAML file with options, or axes by --axis.`,
    );
  }
}

async function measure(
  sweep: SweepDocument,
  points: readonly ResolvedPoint[],
  dir: string,
  shard: Shard | undefined,
  options: SweepOptions,
): Promise<SweepOutcome> {
  await checkWritable(dir);
  const lock = await lockFolder(dir, shard);
  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() =>
    progress.note('interrupted: the running point is given up, all others are written (again to quit at once)'),
  );
  try {
    await prepareFolder(dir, shard === undefined);
    await noteOtherPlan(dir, sweep, await lock.hasNeighbours(), progress.note);
    await writeSweep(dir, sweep);
    if (shard !== undefined) await writeShard(dir, { ...shard, finished: false });
    const outcome = await runSweep({
      dir,
      sweep,
      points,
      shard,
      force: options.force === true,
      retryFailed: options.retryFailed === true,
      measurement: {
        signal: interruption.signal,
        events: { progress: progress.update },
        policy: { cores: availableParallelism(), session: openSession() },
      },
      argv: process.argv.slice(2),
      note: progress.note,
    });
    if (shard !== undefined && !outcome.interrupted) await writeShard(dir, { ...shard, finished: true });
    if (outcome.gone.length > 0) await writeSweep(dir, sweep);
    // Another shard's point that cannot be read is that shard's to measure again.
    const { result } = await mergeFolders([dir], ({ message }) => progress.note(message));
    const folder = await writeSweepFolder(dir, result);
    progress.end();
    printSweep(result, folder, `; ${outcome.measured} of them now, ${outcome.kept} before`);
    return outcome;
  } finally {
    progress.end();
    interruption.end();
    await closePool();
    await lock.release();
  }
}

/** A sweep that has changed goes on in its folder: points that are still in it count, the others are left alone. */
async function noteOtherPlan(
  dir: string,
  sweep: SweepDocument,
  hasNeighbours: boolean,
  note: (text: string) => void,
): Promise<void> {
  const before = await readSweep(dir);
  if (before === undefined || before.id === sweep.id) return;
  if (hasNeighbours)
    throw new LabError(
      `${dir}: shards of another sweep are running here (${before.cells.length} points, this one has ${sweep.cells.length}). ` +
        'Give all shards the same file, options and build of p2plab, or choose another folder with --out.',
    );
  const now = new Set(sweep.cells.map(({ hash }) => hash));
  const still = before.cells.filter(({ hash }) => now.has(hash)).length;
  note(
    `${dir} was of a sweep of ${before.cells.length} points; ${still} of them are in this one, the results of others stay in cells/ and are not merged`,
  );
}

/** Points that the time of the others is estimated by: some hundred say as much as all. */
const MOST_READ = 100;

/** How long points took that are there already; those that failed say nothing. */
async function measuredPoints(
  dir: string,
  points: readonly ResolvedPoint[],
  there: ReadonlySet<string>,
): Promise<MeasuredPoint[]> {
  const known = points.flatMap(({ hash, needs }) => (needs === undefined || !there.has(hash) ? [] : [{ hash, needs }]));
  const read = known.slice(-MOST_READ).map(async ({ hash, needs }) => {
    // One that cannot be read is told when it is merged or measured again.
    const run = (await readPoint(dir, hash).catch(() => undefined))?.run;
    if (run === undefined || run.failure !== undefined || run.interrupted === true) return [];
    return [{ estimatedSeconds: needs.seconds, tookSeconds: run.durationMs / 1000 }];
  });
  return (await Promise.all(read)).flat();
}

/** What a sweep would do: its points, which of them are there, and what the rest needs. */
export async function planText(
  sweep: SweepDocument,
  points: readonly ResolvedPoint[],
  dir: string,
  shard: Shard | undefined,
): Promise<string> {
  const there = await pointsThere(dir);
  const mine = points.filter(({ hash }) => shard === undefined || isOf(hash, shard));
  const measured = await measuredPoints(dir, points, there);
  const pace = paceOf(measured);
  const table = textTable({
    columns: [
      { title: 'point', align: 'left' },
      ...sweep.axes.map(({ key }) => ({ title: plainLine(key), align: 'left' as const })),
      ...(sweep.repeat > 1 ? [{ title: 'repeat', align: 'right' as const }] : []),
      { title: 'time', align: 'right' },
      { title: 'memory', align: 'right' },
      { title: '', align: 'left' },
    ],
    rows: mine.map(({ hash, values, repeat, needs, impossible }) => ({
      cells: [
        hash,
        ...sweep.axes.map(({ key }) => plainLine(valueWords(values[key] ?? null))),
        ...(sweep.repeat > 1 ? [String(repeat)] : []),
        needs === undefined ? '' : formatNs(pace * needs.seconds * 1e9),
        needs === undefined ? '' : formatBytes(needs.touchedBytes),
      ],
      note: impossible === undefined ? (there.has(hash) ? 'there' : '') : plainLine(`not run: ${impossible}`),
    })),
  });
  const open = mine.flatMap(({ hash, needs }) => (needs === undefined || there.has(hash) ? [] : [needs]));
  const seconds = SWEEP_SECONDS + pace * open.reduce((sum, needs) => sum + needs.seconds, 0);
  const largest = Math.max(0, ...mine.map(({ needs }) => needs?.touchedBytes ?? 0));
  const address = Math.max(0, ...mine.map(({ needs }) => needs?.addressBytes ?? 0));
  const part = shard === undefined ? '' : ` of shard ${shardWords(shard)} (${points.length} in all)`;
  return [
    ...table,
    '',
    `${mine.length} points${part}: ${open.length} to measure in about ${formatNs(open.length === 0 ? 0 : seconds * 1e9)}` +
      `${measured.length === 0 ? '' : `, by what ${measured.length} points here took`}. ` +
      `Largest machine: ${formatBytes(largest)} resident, ${formatBytes(address)} of address space.`,
    '',
  ].join('\n');
}
