// From raw records to the cells and comparisons of a result. Pure: the same records give the same figures.
import { Bio, BioVec, REQUEST_STRIDE } from '../../build/layout.ts';
import type { Cell, ComparisonRecord, Latency, MetadataBytes, RawSample } from '../report/result.ts';
import { compare } from '../stats/compare.ts';
import { estimate } from '../stats/estimate.ts';
import { HISTOGRAM_LAYOUT, percentiles, sampleCount, toSparse } from '../stats/histogram.ts';
import type { ArmRecord, GroupRecord } from './measure_group.ts';
import { groupParams, type Mode, type RunParams, schemeParams } from './run_plan.ts';

/** A metric: the field of a cell, the schedule it comes from, and one sample's value. */
interface Metric {
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
const COMPARED: readonly Metric[] = METRICS.filter(({ field }) => field !== 'nsPerIo');

/** The cells of a group, in the order of its arms. */
export function cellsOf(group: GroupRecord, params: RunParams): Cell[] {
  const shared = groupParams(group.plan, params);
  return group.arms.map((record) => ({
    id: record.arm.id,
    scheme: record.arm.scheme,
    params: {
      scheme: record.arm.scheme,
      buffers: record.arm.buffers,
      role: record.arm.role,
      ...shared,
      ...schemeParams(record.options ?? {}),
    },
    oversubscribed: group.oversubscribed,
    iops: estimateOf(record, 'iops'),
    nsPerIo: estimateOf(record, 'nsPerIo'),
    cpuNsPerIo: estimateOf(record, 'cpuNsPerIo'),
    gbPerS: bandwidth(record, group.plan.payload !== 'none'),
    bytesPerIo: record.bytesPerIo,
    latencyNs: latencyOf(record),
    perIo: record.perIo
      ? { ...record.perIo, wakeups: record.wakeupIos > 0 ? record.wakeups / record.wakeupIos : null }
      : null,
    metadataBytes: record.refused ? null : metadataOf(record, group.plan),
    verified:
      record.verifiedIos > 0
        ? { ios: record.verifiedIos, bytes: record.verifiedBlocks * 512, errors: record.verifyErrors }
        : null,
    rounds: record.samples,
    ...(record.refused ? { refused: record.refused } : {}),
  }));
}

/**
 * Comparisons inside a group: the copy with the reference; an arm with the reference scheme's arm of the same buffers,
 * else with the reference; and where a scheme refuses the buffers of one of the reference scheme's arms, its long-lived
 * buffers with that arm.
 */
export function comparisonsOf(group: GroupRecord, params: RunParams): ComparisonRecord[] {
  const running = group.arms.filter(({ samples }) => samples.length > 0);
  const reference = running.find(({ arm }) => arm.role === 'reference');
  if (reference === undefined) return [];
  const own = running.filter(({ arm }) => arm.scheme === reference.arm.scheme && arm.role !== 'aa');
  const pairs: [ArmRecord, ArmRecord][] = [];
  for (const record of running) {
    if (record === reference) continue;
    const sameBuffers = own.find(({ arm }) => arm.buffers === record.arm.buffers);
    const isOwn = own.includes(record);
    pairs.push([record, isOwn || sameBuffers === undefined ? reference : sameBuffers]);
  }
  for (const target of own) pairs.push(...substitutes(running, target, reference.arm.scheme));
  return pairs.flatMap(([a, b]) => COMPARED.flatMap((metric) => compared(a, b, metric, params)));
}

/** Schemes that cannot do `target`'s buffers, with the buffers that their users would take instead. */
function substitutes(running: ArmRecord[], target: ArmRecord, referenceScheme: string): [ArmRecord, ArmRecord][] {
  const others = Map.groupBy(
    running.filter(({ arm }) => arm.role === 'arm' && arm.scheme !== referenceScheme),
    ({ arm }) => arm.scheme,
  );
  return [...others.values()].flatMap((arms): [ArmRecord, ArmRecord][] => {
    if (arms.some(({ arm }) => arm.buffers === target.arm.buffers)) return [];
    const instead = arms.find(({ arm }) => arm.buffers === 'fixed');
    return instead === undefined ? [] : [[instead, target]];
  });
}

function compared(a: ArmRecord, b: ArmRecord, metric: Metric, params: RunParams): ComparisonRecord[] {
  const left = valuesOf(a, metric);
  const right = valuesOf(b, metric);
  if (left.length === 0 || left.length !== right.length) return [];
  const { ratio, ci95, ci90, verdict, detail, minDetectable, roundsNeeded, n, marginPercent } = compare(left, right, {
    higherIsBetter: metric.higherIsBetter,
    seed: params.seed,
    margin: params.marginPercent / 100,
  });
  const ids = { metric: metric.field, a: a.arm.id, b: b.arm.id };
  return [{ ...ids, ratio, ci95, ci90, verdict, detail, minDetectable, roundsNeeded, n, marginPercent }];
}

function valuesOf(record: ArmRecord, metric: Metric): number[] {
  return record.samples.filter(({ mode }) => mode === metric.mode).map(metric.value);
}

function estimateOf(record: ArmRecord, field: Metric['field']) {
  const metric = METRICS.find((each) => each.field === field) as Metric;
  const values = valuesOf(record, metric);
  return values.length === 0 ? null : estimate(values);
}

/** Payload moved, 10^9 bytes per second; null when none was moved. */
function bandwidth(record: ArmRecord, moves: boolean): number | null {
  const iops = estimateOf(record, 'iops');
  return moves && iops !== null ? (iops.median * record.bytesPerIo) / 1e9 : null;
}

function latencyOf(record: ArmRecord): Latency | null {
  const { counts, maxNs } = record.latency;
  const samples = sampleCount(counts);
  if (samples === 0) return null;
  const { p50, p90, p99, p999, max } = percentiles(counts, maxNs);
  const histogram = { layout: HISTOGRAM_LAYOUT, counts: toSparse(counts) };
  return { p50, p90, p99, p999, max, samples, histogram, loop: 'closed' };
}

/** vmemmap is mapped by 2 MiB pages for whole 128 MiB sections, by 4 KiB pages otherwise (x86-64 vmemmap_populate). */
const SECTION_BYTES = 128 * 2 ** 20;

function metadataOf(record: ArmRecord, plan: GroupRecord['plan']): MetadataBytes {
  const inFlight = plan.jobs.reduce((sum, job) => sum + job.iodepth * job.numjobs, 0);
  const perIo = Bio.bytes + BioVec.bytes + REQUEST_STRIDE + (record.perIo?.descriptorBytes ?? 0);
  const wholeSections = plan.barBytes % SECTION_BYTES === 0;
  return {
    memmap: record.memmapBytes,
    pageTables: wholeSections ? 0 : (record.memmapBytes / 4096) * 8,
    pool: record.poolBytes,
    mapState: record.mapStateBytes,
    descriptors: Math.round(inFlight * perIo),
    resident: record.residentBytes,
  };
}
