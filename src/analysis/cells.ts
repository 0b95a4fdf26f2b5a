// From raw records to the cells of a result. Pure: the same records give the same figures.
import { Bio, BioVec, REQUEST_STRIDE } from '../../build/layout.ts';
import { groupParams, schemeParams } from '../plan/group_params.ts';
import { type MeasureParams, queuesOf } from '../plan/run_plan.ts';
import type { Cell, CellEstimate, Latency, MetadataBytes } from '../result/schema.ts';
import { estimate, estimateOverProcesses } from '../stats/estimate.ts';
import {
  addSparse,
  directionCounts,
  HISTOGRAM_LAYOUT,
  LATENCY_COUNTERS,
  merge,
  percentiles,
  sampleCount,
  toSparse,
} from '../stats/histogram.ts';
import { levelsOf, mostFrequent } from '../stats/levels.ts';
import { median } from '../stats/location.ts';
import { movedBytes } from './done_ios.ts';
import type { ArmRecord, GroupRecord } from './group_record.ts';
import { iommuNs, throughput } from './iommu_model.ts';
import { keptRounds, laneTotals, latencyByDirection, measuredBytesPerIo, usedLatency } from './kept_rounds.ts';
import { removalOf } from './removal_figures.ts';
import { isAllDisturbed, type Metric, metricOf, usedSamples, valuesByProcess, warmupClasses } from './samples.ts';

/** The cells of a group, in the order of its arms. */
export function cellsOf(group: GroupRecord, params: MeasureParams): Cell[] {
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
    iops: estimateOf(record, metricOf('iops')),
    nsPerIo: estimateOf(record, metricOf('nsPerIo')),
    cpuNsPerIo: estimateOf(record, metricOf('cpuNsPerIo')),
    gbPerS: group.plan.payload === 'none' ? null : (estimateOf(record, BANDWIDTH)?.median ?? null),
    ...sized(keptRounds(record, group.plan)),
    ...laneTotals(record, group.plan),
    latencyNs: latencyOf(record, group),
    ...targetOf(record, group),
    perIo: record.perIo
      ? { ...record.perIo, wakeups: record.wakeupIos > 0 ? record.wakeups / record.wakeupIos : null }
      : null,
    ...modelledOf(record, group.plan, params),
    ...(record.stages ? { stages: record.stages } : {}),
    metadataBytes: record.refused ? null : metadataOf(record, group.plan),
    verified:
      record.verifiedIos > 0
        ? { ios: record.verifiedIos, bytes: record.verifiedBlocks * 512, errors: record.verifyErrors }
        : null,
    rounds: record.samples,
    ...warmupOf(record),
    ...(record.refused ? { refused: record.refused } : {}),
    ...(record.removal && params.removal
      ? { removal: removalOf(record.removal, params.removal, group.plan.payload === 'verify') }
      : {}),
  }));
}

/** What the search for the depth of a latency target came to; its terms where one job has them. */
function targetOf({ arm }: ArmRecord, { calibration, plan }: GroupRecord): Pick<Cell, 'latencyTarget'> {
  const found = calibration.depths?.[arm.id];
  const [job, ...others] = plan.jobs;
  return found === undefined ? {} : { latencyTarget: { ...found, ...(others.length > 0 ? {} : job?.latencyTarget) } };
}

/** Payload read and written, 10^9 bytes per second: the sum over lanes that run at rates of their own. */
const BANDWIDTH: Pick<Metric, 'mode' | 'value'> = {
  mode: 'threads',
  value: (sample) => (sample.lanes ?? [sample]).reduce((sum, lane) => sum + movedBytes(lane) / lane.ns, 0),
};

/** The rounds kept, and the mean size of their I/Os. */
function sized(rounds: Pick<Cell, 'kept'>): Pick<Cell, 'kept' | 'bytesPerIo'> {
  const bytesPerIo = measuredBytesPerIo(rounds);
  return { ...(bytesPerIo === undefined ? {} : { bytesPerIo }), ...rounds };
}

function estimateOf(record: ArmRecord, metric: Pick<Metric, 'mode' | 'value'>): CellEstimate | null {
  const byProcess = valuesByProcess(record, metric);
  const processes = [...byProcess.keys()];
  const medians = processes.map((process) => median(byProcess.get(process) as number[]));
  const [only] = processes;
  if (only === undefined) return null;
  if (processes.length === 1) return estimate(byProcess.get(only) as number[]);
  const levels = isAllDisturbed(record, metric.mode) ? medians.map(() => 0) : levelsOf(medians);
  const shown = Number(mostFrequent(levels.map(String)));
  const atLevel = (level: number): number[] => processes.filter((_, index) => levels[index] === level);
  const mediansOf = (level: number): number[] => medians.filter((_, index) => levels[index] === level);
  const figure =
    mediansOf(shown).length > 1
      ? estimateOverProcesses(mediansOf(shown))
      : estimate(byProcess.get(atLevel(shown)[0] as number) as number[]);
  const count = Math.max(...processes) + 1;
  return {
    ...figure,
    byProcess: Array.from({ length: count }, (_, process) => medians[processes.indexOf(process)] ?? null),
    ...(Math.max(...levels) === 0
      ? {}
      : {
          levels: [...new Set(levels)]
            .sort((a, b) => a - b)
            .map((level) => ({ processes: atLevel(level), median: median(mediansOf(level)) })),
        }),
  };
}

function warmupOf(record: ArmRecord): Pick<Cell, 'warmup'> {
  const warmup = (['threads', 'inline'] as const).flatMap((mode) =>
    [...warmupClasses(record, mode)].map(([process, name]) => ({ process, mode, class: name })),
  );
  return warmup.length > 0 ? { warmup } : {};
}

/** Time of hardware that is not here, and the rate with the device that the user names. */
function modelledOf(record: ArmRecord, plan: GroupRecord['plan'], params: MeasureParams): Pick<Cell, 'modelled'> {
  const { invalidations, pteLines } = record.perIo ?? {};
  const translated = typeof invalidations === 'number' && typeof pteLines === 'number';
  const iommuNsPerIo = translated ? iommuNs({ invalidations, pteLines }) : undefined;
  const cpu = estimateOf(record, metricOf('cpuNsPerIo'));
  const { serviceNs } = params;
  if (record.refused || (iommuNsPerIo === undefined && serviceNs === undefined)) return {};
  const cpuNsPerIo = cpu === null ? undefined : cpu.median + (iommuNsPerIo ?? 0);
  return {
    modelled: {
      ...(iommuNsPerIo === undefined ? {} : { iommuNsPerIo }),
      ...(cpuNsPerIo === undefined ? {} : { cpuNsPerIo }),
      ...(serviceNs === undefined || cpuNsPerIo === undefined
        ? {}
        : { serviceNs, ...throughput(cpuNsPerIo, serviceNs, queuesOf(plan).length) }),
    },
  };
}

function latencyOf(record: ArmRecord, group: GroupRecord): Latency | null {
  const used = usedLatency(record);
  const all = addSparse(
    used.flatMap(({ lanes }) => lanes),
    LATENCY_COUNTERS,
  );
  // As fio's own totals: a Flush is no I/O of data, and has its histogram to itself.
  const counts = merge((['reads', 'writes', 'trims'] as const).map((name) => directionCounts(all, name)));
  const maxNs = Math.max(...used.map((slice) => slice.maxNs));
  const samples = sampleCount(counts);
  if (samples === 0) return null;
  const { p50, p90, p99, p999, max } = percentiles(counts, maxNs);
  const directions = latencyByDirection(all);
  return {
    ...{ p50, p90, p99, p999, max, samples, histogram: { layout: HISTOGRAM_LAYOUT, counts: toSparse(counts) } },
    ...(Object.keys(directions).length > 1 || directions.trims ? directions : {}),
    ...loopOf(record, group),
  };
}

/** Share of the offer that must be achieved for a rate to be kept. */
const KEPT_SHARE = 0.98;

/** @returns the kind of loop, and of an open one what was offered and what came of it */
function loopOf(record: ArmRecord, group: GroupRecord): Pick<Latency, 'loop' | 'offered'> {
  const { offeredIops } = group;
  if (offeredIops === undefined) return { loop: 'closed' };
  const samples = usedSamples(record, 'threads');
  const sum = (field: 'ios' | 'ns'): number => samples.reduce((total, sample) => total + sample[field], 0);
  const achievedIops = (sum('ios') / sum('ns')) * 1e9;
  // Arrivals that are drawn or recorded are not evenly spread: three standard errors of a Poisson count.
  const even = group.plan.jobs.every(({ rate }) => rate?.process === 'linear');
  const slack = even ? 0 : 3 / Math.sqrt(sum('ios'));
  const kept = achievedIops >= KEPT_SHARE * (1 - slack) * offeredIops;
  return { loop: 'open', offered: { iops: offeredIops, achievedIops, kept } };
}

/** vmemmap is mapped by 2 MiB pages for whole 128 MiB sections, by 4 KiB pages otherwise (x86-64 vmemmap_populate). */
const SECTION_BYTES = 128 * 2 ** 20;

function metadataOf(record: ArmRecord, plan: GroupRecord['plan']): MetadataBytes {
  const inFlight = plan.jobs.reduce((sum, job) => sum + job.iodepth * job.numjobs, 0);
  const perIo = Bio.bytes + BioVec.bytes + REQUEST_STRIDE + (record.perIo?.descriptorBytes ?? 0);
  const wholeSections = plan.barBytes % SECTION_BYTES === 0;
  return {
    memmap: record.memmapBytes,
    pageTables: (wholeSections ? 0 : (record.memmapBytes / 4096) * 8) + (record.iommuTableBytes ?? 0),
    pool: record.poolBytes,
    mapState: record.mapStateBytes,
    descriptors: Math.round(inFlight * perIo),
    resident: record.residentBytes,
  };
}
