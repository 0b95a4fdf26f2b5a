// What figures are made from: the raw samples of an arm that may be used, by metric and process.

import type { Mode } from '../plan/run_plan.ts';
import type { RawSample } from '../result/schema.ts';
import { median } from '../stats/location.ts';
import { classifyWarmup, type WarmupClass, withoutOutliers } from '../stats/warmup_class.ts';

/** An arm's record, or a cell's rounds. */
export interface Sampled {
  readonly samples: readonly RawSample[];
}

/** A metric: the field of a cell, the schedule it comes from, and one sample's value. */
export interface Metric {
  field: 'iops' | 'nsPerIo' | 'cpuNsPerIo';
  mode: Mode;
  higherIsBetter: boolean;
  value(sample: RawSample): number;
}

const METRICS: readonly Metric[] = [
  { field: 'iops', mode: 'threads', higherIsBetter: true, value: ({ ios, ns }) => (ios / ns) * 1e9 },
  { field: 'nsPerIo', mode: 'threads', higherIsBetter: false, value: ({ ios, ns }) => ns / ios },
  { field: 'cpuNsPerIo', mode: 'inline', higherIsBetter: false, value: ({ ios, ns }) => ns / ios },
];
/** nsPerIo is iops upside down: comparing both would only say the same twice. */
export const COMPARED: readonly Metric[] = METRICS.filter(({ field }) => field !== 'nsPerIo');

export function metricOf(field: Metric['field']): Metric {
  return METRICS.find((metric) => metric.field === field) as Metric;
}

/** The samples of a schedule that were not disturbed; all of them where none was left. */
export function usedSamples(record: Sampled, mode: Mode): RawSample[] {
  const ofMode = record.samples.filter((sample) => sample.mode === mode);
  const clean = ofMode.filter(({ dirty }) => dirty !== true);
  return clean.length > 0 ? clean : ofMode;
}

/** Whether every round of a schedule was disturbed: its figures are the noise's, and tell no levels. */
export function isAllDisturbed(record: Sampled, mode: Mode): boolean {
  return record.samples.every((sample) => sample.mode !== mode || sample.dirty === true);
}

export function processOf(sample: RawSample): number {
  return sample.process ?? 0;
}

/** Values of a metric in the order of their rounds, for each process that has any. */
export function valuesByProcess(record: Sampled, metric: Pick<Metric, 'mode' | 'value'>): Map<number, number[]> {
  const byProcess = Map.groupBy(usedSamples(record, metric.mode), processOf);
  return new Map([...byProcess].map(([process, samples]) => [process, samples.map(metric.value)]));
}

/** Fewer rounds of a process than this do not tell a change from noise. */
const CLASSED_ROUNDS = 8;
/**
 * More are taken together to about so many medians: a shared machine changes its level from one millisecond to the next, for all
 * arms alike, and what is asked here is whether an arm went on changing over the whole of its rounds.
 */
const CLASSED_MEDIANS = 24;

/** Medians of equally many consecutive values. */
function mediansOf(values: readonly number[]): number[] {
  const size = Math.ceil(values.length / CLASSED_MEDIANS);
  if (size === 1) return [...values];
  const count = Math.floor(values.length / size);
  return Array.from({ length: count }, (_, i) => median(values.slice(i * size, (i + 1) * size)));
}

/** What an arm did over its rounds, for each process that had enough of them. Sees no other arm. */
export function warmupClasses(record: Sampled, mode: Mode): Map<number, WarmupClass> {
  const metric = metricOf(mode === 'threads' ? 'nsPerIo' : 'cpuNsPerIo');
  const classed = [...valuesByProcess(record, metric)].filter(([, values]) => values.length >= CLASSED_ROUNDS);
  return new Map(
    classed.map(([process, values]) => [
      process,
      classifyWarmup(withoutOutliers(mediansOf(values)), { higherIsBetter: metric.higherIsBetter }).class,
    ]),
  );
}
