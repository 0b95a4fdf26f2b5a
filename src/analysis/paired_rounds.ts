// The rounds that two arms share, and which of them may be compared: whole rounds without disturbance, of processes that became
// steady, at one level. What rests on too little says why, and gets no verdict.
import type { RawSample } from '../result/schema.ts';
import { levelsOf, mostFrequent } from '../stats/levels.ts';
import { median } from '../stats/location.ts';
import { type Metric, processOf, type Sampled, warmupClasses } from './samples.ts';

/**
 * Share of the rounds that must be undisturbed for a verdict, and how many at least. Of many short rounds a few tens are evidence
 * enough: what sets them aside is what the kernel counted, and sees no arm.
 */
const CLEAN_SHARE = 0.5;
const CLEAN_ROUNDS = 3;
const MANY = { cleanShare: 0.2, cleanRounds: 40 };
/** Share of the processes that may be left out because they never became steady. */
const UNSTEADY_SHARE = 0.2;

/** One round that both arms share. */
export interface Pair {
  process: number;
  dirty: boolean;
  a: number;
  b: number;
}

export interface PairedRounds {
  /** Rounds to compare: those of the level with most processes. */
  used: Pair[];
  /** All levels, that one first. */
  levels: Pair[][];
  /** Why there is no verdict, whatever the rounds say. */
  withheld: string | undefined;
}

/** Undefined where the arms share no round. */
export function pairRounds(a: Sampled, b: Sampled, metric: Metric): PairedRounds | undefined {
  const all = sharedRounds(a, b, metric);
  const clean = all.filter(({ dirty }) => !dirty);
  const measured = clean.length > 0 ? clean : all;
  if (measured.length === 0) return undefined;
  const unsteady = new Set([a, b].flatMap((record) => unsteadyProcesses(record, metric)));
  const steady = measured.filter(({ process }) => !unsteady.has(process));
  const usable = steady.length > 0 ? steady : measured;
  // Of disturbed rounds the noise decides, and it tells no levels.
  const levels = clean.length > 0 ? pairLevels(usable) : [usable];
  const [used = usable] = levels;
  const withheld =
    tooFewClean(clean.length, all.length) ?? tooUnsteady(measured, steady) ?? tooFewProcesses(all, used, levels.length);
  return { used, levels, withheld };
}

function sharedRounds(a: Sampled, b: Sampled, metric: Metric): Pair[] {
  const key = (sample: RawSample): string => `${processOf(sample)} ${sample.round}`;
  const ofMode = (record: Sampled) => record.samples.filter(({ mode }) => mode === metric.mode);
  const others = new Map(ofMode(b).map((sample) => [key(sample), sample]));
  return ofMode(a).flatMap((sample) => {
    const other = others.get(key(sample));
    if (other === undefined) return [];
    const dirty = sample.dirty === true || other.dirty === true;
    return [{ process: processOf(sample), dirty, a: metric.value(sample), b: metric.value(other) }];
  });
}

function unsteadyProcesses(record: Sampled, metric: Metric): number[] {
  const classes = [...warmupClasses(record, metric.mode)];
  return classes.filter(([, name]) => name === 'no steady state').map(([process]) => process);
}

/** The rounds by the levels at which their processes ran both arms, the level with most processes first. */
function pairLevels(pairs: readonly Pair[]): Pair[][] {
  const byProcess = [...Map.groupBy(pairs, ({ process }) => process).values()];
  const levelsOfSide = (side: 'a' | 'b'): number[] =>
    levelsOf(byProcess.map((ofProcess) => median(ofProcess.map((pair) => pair[side]))));
  const [ofA, ofB] = [levelsOfSide('a'), levelsOfSide('b')];
  const keys = byProcess.map((_, index) => `${ofA[index]} ${ofB[index]}`);
  const first = mostFrequent(keys);
  const ordered = [...new Set(keys)].sort((x, y) => Number(y === first) - Number(x === first) || (x < y ? -1 : 1));
  return ordered.map((level) => byProcess.filter((_, index) => keys[index] === level).flat());
}

function tooFewClean(clean: number, all: number): string | undefined {
  if (clean >= Math.max(CLEAN_SHARE * all, Math.min(CLEAN_ROUNDS, all))) return undefined;
  if (clean >= Math.max(MANY.cleanShare * all, MANY.cleanRounds)) return undefined;
  return `the machine was disturbed in ${all - clean} of ${all} rounds`;
}

function tooUnsteady(measured: readonly Pair[], steady: readonly Pair[]): string | undefined {
  const excluded = processCount(measured) - processCount(steady);
  if (excluded <= UNSTEADY_SHARE * processCount(measured)) return undefined;
  return `${excluded} of ${processCount(measured)} processes reached no steady state`;
}

/** A run of several processes has no verdict from one of them: what that process alone does cannot be told apart. */
function tooFewProcesses(all: readonly Pair[], used: readonly Pair[], levels: number): string | undefined {
  const planned = processCount(all);
  if (planned === 1 || processCount(used) > 1) return undefined;
  if (levels > 1) return `the ${planned} processes ran at ${levels} levels`;
  return `only one of ${planned} processes has undisturbed rounds`;
}

function processCount(pairs: readonly Pair[]): number {
  return new Set(pairs.map(({ process }) => process)).size;
}
