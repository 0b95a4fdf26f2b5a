// What the figures of a cell rest on: the rounds kept of those planned, and the I/Os and bytes done in them, by direction and lane.
import { isPaced } from '../jobs/arrivals.ts';
import { type Mode, queuesOf } from '../plan/run_plan.ts';
import type { Cell, KeptRounds, LaneTotals } from '../result/schema.ts';
import {
  addSparse,
  directionCounts,
  HISTOGRAM_LAYOUT,
  LATENCY_COUNTERS,
  LATENCY_DIRECTIONS,
  sampleCount,
  toSparse,
} from '../stats/histogram.ts';
import { compactDone, iosOf, movedBytes, type SomeDone, sumDone } from './done_ios.ts';
import type { ArmRecord, GroupRecord, SliceLatency } from './group_record.ts';
import { usedSamples } from './samples.ts';

/** Of each schedule that the arm has rounds of. More rounds than planned are those of further looks (--budget). */
export function keptRounds(record: ArmRecord, plan: GroupRecord['plan']): Pick<Cell, 'kept'> {
  const kept = (mode: Mode): KeptRounds | undefined => {
    const measured = record.samples.filter((sample) => sample.mode === mode);
    if (measured.length === 0) return undefined;
    const used = usedSamples(record, mode);
    return {
      rounds: used.length,
      measured: measured.length,
      planned: Math.max(plan.rounds, measured.length),
      disturbed: measured.filter(({ dirty }) => dirty === true).length,
      ns: used.reduce((sum, { ns }) => sum + ns, 0),
      ...compactDone(sumDone(used)),
    };
  };
  const entries = plan.modes.flatMap((mode) => {
    const found = kept(mode);
    return found === undefined ? [] : [[mode, found] as const];
  });
  return entries.length === 0 ? {} : { kept: Object.fromEntries(entries) };
}

/** The latency samples of the slices that were not disturbed; all where none was left. */
export function usedLatency(record: ArmRecord): SliceLatency[] {
  const clean = record.latency.filter(({ dirty }) => dirty !== true);
  return clean.length > 0 ? clean : record.latency;
}

/** Each queue pair by itself, where there are several: its job, and what it did in the rounds kept of the threads schedule. */
export function laneTotals(record: ArmRecord, plan: GroupRecord['plan']): Pick<Cell, 'lanes'> {
  const queues = queuesOf(plan);
  const used = usedSamples(record, 'threads').filter(({ lanes }) => lanes !== undefined);
  if (queues.length < 2 || used.length === 0) return {};
  const latency = usedLatency(record);
  return {
    lanes: queues.map(({ job, clone }, lane): LaneTotals => {
      const slices = used.flatMap(({ lanes }) => lanes?.[lane] ?? []);
      const counts = addSparse(
        latency.map(({ lanes }) => lanes[lane] ?? []),
        LATENCY_COUNTERS,
      );
      return {
        job: job.name,
        clone,
        ...(isOn(job.options.group_reporting) ? { reportGroup: job.reportGroup } : {}),
        ...(job.latencyTarget === undefined ? {} : { latencyTarget: job.latencyTarget }),
        loop: isPaced(job) ? 'open' : 'closed',
        ns: slices.reduce((sum, { ns }) => sum + ns, 0),
        ...compactDone(sumDone(slices)),
        ...latencyByDirection(counts),
      };
    }),
  };
}

function isOn(option: string | undefined): boolean {
  return option !== undefined && option !== '0';
}

/** Histograms of the directions that have samples. @param counts LATENCY_COUNTERS of them */
export function latencyByDirection(counts: readonly number[]): Pick<LaneTotals, (typeof LATENCY_DIRECTIONS)[number]> {
  const sampled = LATENCY_DIRECTIONS.map((name) => [name, directionCounts(counts, name)] as const).filter(
    ([, of]) => sampleCount(of) > 0,
  );
  return Object.fromEntries(sampled.map(([name, of]) => [name, { layout: HISTOGRAM_LAYOUT, counts: toSparse(of) }]));
}

/** Mean size of the I/Os that were measured, by threads where those ran; undefined where nothing was. */
export function measuredBytesPerIo({ kept }: Pick<Cell, 'kept'>): number | undefined {
  const done: SomeDone = kept?.threads ?? kept?.inline ?? {};
  const { trimBytes = 0 } = done;
  return iosOf(done) > 0 ? (movedBytes(done) + trimBytes) / iosOf(done) : undefined;
}
