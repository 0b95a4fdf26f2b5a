// The jobs of a result as fio counts them (struct thread_stat): one for each queue pair, or one for all that group_reporting puts
// together, of each cell that was measured on threads. A cell is a group of its own, so that no reader adds up arms.

import type { Cell, LaneTotals, RawSample, Result } from '../../../result/schema.ts';
import { addSparse, BUCKETS, type SparseHistogram, toSparse } from '../../../stats/histogram.ts';
import { keptOf, type RoundsKept } from '../../words/kept_rounds.ts';

export const DIRECTIONS = ['read', 'write', 'trim'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** I/Os of one direction in the rounds kept. */
export interface FioDirection {
  ios: number;
  bytes: number;
  /** fio's own resolution: whole milliseconds, at least 1 where there were I/Os. */
  runtimeMs: number;
  /** Latency samples, from submission (open loop: from when each was due) to completion. */
  latency: SparseHistogram;
  /** Bytes and I/Os per second of each round. */
  bytesPerS: number[];
  iops: number[];
}

export interface FioJob {
  cell: Cell;
  name: string;
  groupid: number;
  options: Record<string, string>;
  runtimeNs: number;
  directions: Record<Direction, FioDirection>;
  sync: { ios: number; latency: SparseHistogram };
  rounds: RoundsKept;
  loop: 'closed' | 'open';
  latencyTarget: { targetNs: number; windowNs: number; percentile: number } | undefined;
}

type Counts = Pick<
  RawSample,
  'ns' | 'readIos' | 'readBytes' | 'writeIos' | 'writeBytes' | 'trimIos' | 'trimBytes' | 'syncIos'
>;

/** What one queue pair did, or several that are reported together. */
interface Part {
  /** Name of its job section, where the workload has one. */
  section: string | undefined;
  /** Whether other sections ran beside it: then a cell's parameters name it. */
  isOneOfSeveral: boolean;
  totals: Counts;
  /** One for each round kept. */
  rounds: Counts[];
  latency: Record<Direction | 'sync', SparseHistogram>;
  loop: FioJob['loop'];
  latencyTarget: FioJob['latencyTarget'];
}

export function fioJobs(result: Result): FioJob[] {
  const cells = result.cells.filter((cell) => threadsRounds(cell).length > 0);
  return cells.flatMap((cell, groupid) => {
    const rounds = keptOf(cell, 'threads') as RoundsKept;
    return partsOf(cell).map((part): FioJob => {
      const { totals } = part;
      return {
        cell,
        name: part.section === undefined ? cell.id : `${cell.id}/${part.section}`,
        groupid,
        options: jobOptions(cell, part),
        runtimeNs: totals.ns,
        directions: {
          read: directionOf(part, 'readIos', 'readBytes', part.latency.read),
          write: directionOf(part, 'writeIos', 'writeBytes', part.latency.write),
          trim: directionOf(part, 'trimIos', 'trimBytes', part.latency.trim),
        },
        sync: { ios: totals.syncIos ?? 0, latency: part.latency.sync },
        rounds,
        loop: part.loop,
        latencyTarget: part.latencyTarget,
      };
    });
  });
}

/** Slices of threads mode that were not disturbed; where all were, all of them, as in the cell's own figures. */
function threadsRounds(cell: Cell): Cell['rounds'] {
  const all = cell.rounds.filter(({ mode }) => mode === 'threads');
  const clean = all.filter(({ dirty }) => dirty !== true);
  return clean.length > 0 ? clean : all;
}

function partsOf(cell: Cell): Part[] {
  const rounds = threadsRounds(cell);
  const { lanes } = cell;
  if (lanes === undefined) return [wholeCell(cell, rounds)];
  const reported = Map.groupBy(
    lanes.map((lane, index) => ({ lane, index })),
    ({ lane, index }) => lane.reportGroup ?? `lane ${index}`,
  );
  const sections = new Set(lanes.map(({ job }) => job));
  return [...reported.values()].map((members): Part => {
    const first = members[0]?.lane as LaneTotals;
    return {
      section: cell.params.job === null ? undefined : first.job,
      isOneOfSeveral: sections.size > 1,
      totals: together(members.map(({ lane }) => lane)),
      rounds: rounds.map((round) => together(members.flatMap(({ index }) => round.lanes?.[index] ?? []))),
      latency: {
        read: sumOf(members.map(({ lane }) => lane.reads?.counts ?? [])),
        write: sumOf(members.map(({ lane }) => lane.writes?.counts ?? [])),
        trim: sumOf(members.map(({ lane }) => lane.trims?.counts ?? [])),
        sync: sumOf(members.map(({ lane }) => lane.syncs?.counts ?? [])),
      },
      loop: first.loop,
      latencyTarget: first.latencyTarget,
    };
  });
}

/** "file.fio [section]", as params.job has it. */
const SECTION = / \[([^[\]]*)\]$/;

function wholeCell(cell: Cell, rounds: Cell['rounds']): Part {
  const { histogram, reads, writes, trims, syncs } = cell.latencyNs ?? {};
  const counted = rounds.map((round) => withCounts(cell, round));
  const totals = sumCounts(counted);
  const isRead = (totals.readIos ?? 0) > 0;
  const isApart = [reads, writes, trims, syncs].some((each) => each !== undefined);
  const only = (isWanted: boolean): SparseHistogram => (isWanted && !isApart ? (histogram?.counts ?? []) : []);
  const { targetNs, windowNs = 0, percentile = 100 } = cell.latencyTarget ?? {};
  return {
    section: SECTION.exec(String(cell.params.job))?.[1],
    isOneOfSeveral: false,
    totals,
    rounds: counted,
    latency: {
      read: reads?.counts ?? only(isRead),
      write: writes?.counts ?? only(!isRead),
      trim: trims?.counts ?? [],
      sync: syncs?.counts ?? [],
    },
    loop: cell.latencyNs?.loop ?? 'closed',
    latencyTarget: targetNs === undefined ? undefined : { targetNs, windowNs, percentile },
  };
}

/** Of a result whose version did not count by direction: all of the one that the job has, of one size. */
function withCounts(cell: Cell, round: RawSample): Counts {
  const isCounted = [round.readIos, round.writeIos, round.trimIos, round.syncIos].some((ios) => ios !== undefined);
  if (isCounted) return round;
  const bytes = Math.round(round.ios * (cell.bytesPerIo ?? (Number.parseFloat(String(cell.params.bs)) || 0)));
  const isWrite = /^(rand)?write/.test(String(cell.params.rw));
  return isWrite
    ? { ns: round.ns, writeIos: round.ios, writeBytes: bytes }
    : { ns: round.ns, readIos: round.ios, readBytes: bytes };
}

function sumCounts(each: readonly Counts[]): Counts {
  const sum = (field: keyof Counts): number => each.reduce((total, counts) => total + (counts[field] ?? 0), 0);
  return {
    ns: sum('ns'),
    ...{ readIos: sum('readIos'), readBytes: sum('readBytes') },
    ...{ writeIos: sum('writeIos'), writeBytes: sum('writeBytes') },
    ...{ trimIos: sum('trimIos'), trimBytes: sum('trimBytes'), syncIos: sum('syncIos') },
  };
}

/** Queue pairs that ran side by side: fio's group has the runtime of the longest. */
function together(lanes: readonly Counts[]): Counts {
  return { ...sumCounts(lanes), ns: Math.max(0, ...lanes.map(({ ns }) => ns)) };
}

function sumOf(histograms: readonly SparseHistogram[]): SparseHistogram {
  return toSparse(addSparse(histograms, BUCKETS));
}

function directionOf(
  { totals, rounds }: Part,
  iosField: 'readIos' | 'writeIos' | 'trimIos',
  bytesField: 'readBytes' | 'writeBytes' | 'trimBytes',
  latency: SparseHistogram,
): FioDirection {
  const ios = totals[iosField] ?? 0;
  const perSecond = (field: typeof iosField | typeof bytesField): number[] =>
    ios === 0 ? [] : rounds.map((round) => ((round[field] ?? 0) * 1e9) / round.ns);
  return {
    ios,
    bytes: totals[bytesField] ?? 0,
    runtimeMs: ios === 0 ? 0 : Math.max(1, Math.round(totals.ns / 1e6)),
    latency,
    bytesPerS: perSecond(bytesField),
    iops: perSecond(iosField),
  };
}

/**
 * fio's options of a job under fio's names, then the lab's own. Where several sections run together, a cell's parameters are named
 * fio.SECTION.OPTION, and no option has a full stop in its name.
 */
function jobOptions(cell: Cell, { section, isOneOfSeveral }: Part): Record<string, string> {
  const prefix = isOneOfSeveral ? `fio.${section}.` : 'fio.';
  const fios: [string, string][] = [];
  const own: [string, string][] = [];
  for (const [key, value] of Object.entries(cell.params)) {
    if (value === null || value === undefined) continue;
    if (!key.startsWith('fio.')) own.push([key, String(value)]);
    else if (key.startsWith(prefix) && !key.slice(prefix.length).includes('.'))
      fios.push([key.slice(prefix.length), String(value)]);
  }
  const name = section ?? cell.id;
  return Object.fromEntries([['name', name], ...own, ...fios]);
}

/** Samples of all directions. */
export function latencyOfAll({ directions }: FioJob): SparseHistogram {
  const counts = new Map<number, number>();
  for (const name of DIRECTIONS) {
    for (const [bucket, count] of directions[name].latency) counts.set(bucket, (counts.get(bucket) ?? 0) + count);
  }
  return [...counts].sort(([a], [b]) => a - b);
}

/** fio's rates: of the sums, by whole milliseconds. */
export function ratesOf({ ios, bytes, runtimeMs }: FioDirection): { bwBytes: number; bwKib: number; iops: number } {
  if (runtimeMs === 0) return { bwBytes: 0, bwKib: 0, iops: 0 };
  const bwBytes = Math.floor((1000 * bytes) / runtimeMs);
  return { bwBytes, bwKib: Math.floor(bwBytes / 1024), iops: (1000 * ios) / runtimeMs };
}

/** Share in percent of a job's mean bandwidth in that of its group (convert_agg_kbytes_percent), at most 100. */
export function shareOfGroup(meanKib: number, group: readonly FioJob[], name: Direction): number {
  const groupKib = group.reduce((sum, { directions }) => sum + ratesOf(directions[name]).bwBytes, 0) / 1024;
  return groupKib === 0 ? 0 : Math.min(100, (100 * meanKib) / groupKib);
}
