// A result as fio would write it with --output-format=json or json+ (stat.c, show_thread_status_json), for the tools that read
// fio's files. One fio job for each cell that was measured on threads; fio's bins are this lab's histogram buckets.
// fio fields that a block path without files, processes or traces of its own has nothing to say to are 0, as fio writes
// them for jobs that did not measure them; what only this lab knows is in "p2plab".
import {
  bucketLower,
  bucketMid,
  bucketUpper,
  fromSparse,
  percentile,
  type SparseHistogram,
} from '../stats/histogram.ts';
import type { Cell, Result } from './result.ts';

/** fio's default percentile_list. */
const PERCENTILES = [1, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5, 99.9, 99.95, 99.99];
const DEPTHS = ['1', '2', '4', '8', '16', '32', '>=64'];
const BATCHES = ['0', '4', '8', '16', '32', '64', '>=64'];
const LATENCY_BANDS = { ns: [2, 4, 10, 20, 50, 100, 250, 500, 750, 1000], us: 1e3, ms: 1e6 } as const;

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export const FIO_FORMATS = ['json', 'json+'] as const;
export type FioFormat = (typeof FIO_FORMATS)[number];

/** The whole document; json+ has the bins of every histogram. */
export function fioDocument(result: Result, format: FioFormat): JsonObject {
  const started = new Date(result.run.startedAt);
  const cells = result.cells.filter((cell) => slicesOf(cell).length > 0);
  const groups = [...new Set(cells.map(({ params }) => String(params.group)))];
  return {
    'fio version': `p2plab-${result.run.version}`,
    timestamp: Math.floor(started.getTime() / 1000),
    timestamp_ms: started.getTime(),
    time: started.toUTCString(),
    jobs: cells.map((cell) => jobOf(cell, groups.indexOf(String(cell.params.group)), format)),
  };
}

function jobOf(cell: Cell, groupid: number, format: FioFormat): JsonObject {
  const slices = slicesOf(cell);
  const runtimeMs = slices.reduce((sum, { ns }) => sum + ns, 0) / 1e6;
  const share = readShare(cell);
  const { histogram, reads, writes } = cell.latencyNs ?? {};
  const depth = Number(cell.params.iodepth);
  return {
    jobname: cell.id,
    groupid,
    error: 0,
    eta: 0,
    elapsed: Math.ceil(runtimeMs / 1000),
    'job options': jobOptions(cell),
    read: directionOf(cell, share, reads?.counts ?? (share === 1 ? histogram?.counts : undefined), format),
    write: directionOf(cell, 1 - share, writes?.counts ?? (share === 0 ? histogram?.counts : undefined), format),
    trim: directionOf(cell, 0, undefined, format),
    sync: { total_ios: 0, lat_ns: spread([]) },
    job_runtime: Math.round(runtimeMs),
    usr_cpu: 0,
    sys_cpu: 0,
    ctx: 0,
    majf: 0,
    minf: 0,
    iodepth_level: levels(DEPTHS, Number.isFinite(depth) ? Math.min(6, Math.floor(Math.log2(depth))) : undefined),
    iodepth_submit: levels(BATCHES, batchLevel(Number(cell.params.batch))),
    iodepth_complete: levels(BATCHES, batchLevel(Number(cell.params.batch))),
    ...latencyBands(histogram?.counts ?? []),
    latency_depth: Number.isFinite(depth) ? depth : 0,
    latency_target: 0,
    latency_percentile: 100,
    latency_window: 0,
    p2plab: {
      scheme: cell.scheme,
      cpuNsPerIo: cell.cpuNsPerIo?.median ?? null,
      metadataBytes: cell.metadataBytes?.memmap ?? null,
      latencySamples: cell.latencyNs?.samples ?? 0,
      latencyLoop: cell.latencyNs?.loop ?? 'closed',
    },
  };
}

/** Slices of threads mode that were not disturbed; where all were, all of them, as in the cell's own figures. */
function slicesOf(cell: Cell): Cell['rounds'] {
  const all = cell.rounds.filter(({ mode }) => mode === 'threads');
  const clean = all.filter(({ dirty }) => dirty !== true);
  return clean.length > 0 ? clean : all;
}

/** Every resolved option; fio's own under fio's names. */
function jobOptions(cell: Cell): Record<string, string> {
  const entries = Object.entries(cell.params).flatMap(([key, value]) =>
    value === null || value === undefined ? [] : [[key.replace(/^fio\./, ''), String(value)] as const],
  );
  return { name: cell.id, ...Object.fromEntries(entries) };
}

/** Share of reads: by the pattern, else by the latency samples, else by rwmixread. */
function readShare(cell: Cell): number {
  const pattern = String(cell.params.rw ?? 'read');
  const isMixed = /rw|readwrite|\+/.test(pattern);
  if (!isMixed) return /write/.test(pattern) ? 0 : 1;
  const samples = (counts: SparseHistogram = []): number => counts.reduce((sum, [, count]) => sum + count, 0);
  const [reads, writes] = [samples(cell.latencyNs?.reads?.counts), samples(cell.latencyNs?.writes?.counts)];
  if (reads + writes > 0) return reads / (reads + writes);
  return Number(cell.params['fio.rwmixread'] ?? 50) / 100;
}

function directionOf(cell: Cell, share: number, counts: SparseHistogram | undefined, format: FioFormat): JsonObject {
  const slices = slicesOf(cell);
  const ios = Math.round(share * slices.reduce((sum, each) => sum + each.ios, 0));
  const runtimeMs = share === 0 ? 0 : slices.reduce((sum, { ns }) => sum + ns, 0) / 1e6;
  const bytesPerIo = meanBytes(cell);
  const iops = share === 0 ? [] : slices.map((slice) => (share * slice.ios * 1e9) / slice.ns);
  const bandwidth = iops.map((each) => (each * bytesPerIo) / 1024);
  const total = share * (cell.iops?.median ?? 0);
  // Submission is not timed apart, so that completion and total latency are the same.
  const latency = latencyOf(counts ?? [], format);
  return {
    io_bytes: Math.round(ios * bytesPerIo),
    io_kbytes: Math.round((ios * bytesPerIo) / 1024),
    bw_bytes: Math.round(total * bytesPerIo),
    bw: Math.round((total * bytesPerIo) / 1024),
    iops: total,
    runtime: Math.round(runtimeMs),
    total_ios: ios,
    short_ios: 0,
    drop_ios: 0,
    slat_ns: spread([]),
    clat_ns: latency,
    lat_ns: latency,
    ...prefixed('bw', bandwidth, { agg: share * 100 }),
    ...prefixed('iops', iops, {}),
  };
}

/** bw_min, bw_max, ... over the slices; bandwidths in whole KiB/s as in fio. */
function prefixed(name: 'bw' | 'iops', values: readonly number[], more: Record<string, number>): JsonObject {
  const { min, max, mean, stddev, N } = spread(values);
  const deviation = name === 'bw' ? 'bw_dev' : 'iops_stddev';
  return {
    [`${name}_min`]: Math.round(min),
    [`${name}_max`]: Math.round(max),
    ...Object.fromEntries(Object.entries(more).map(([key, value]) => [`${name}_${key}`, value])),
    [`${name}_mean`]: mean,
    [deviation]: stddev,
    [`${name}_samples`]: N,
  };
}

/** Mean size of an I/O. */
function meanBytes(cell: Cell): number {
  if (cell.bytesPerIo !== undefined) return cell.bytesPerIo;
  const [least, most] = String(cell.params.bs).split('-').map(Number);
  return ((least as number) + (most ?? (least as number))) / 2;
}

function latencyOf(counts: SparseHistogram, format: FioFormat): JsonObject {
  const samples = counts.reduce((sum, [, count]) => sum + count, 0);
  if (samples === 0) return spread([]);
  const values = counts.map(([bucket, count]) => [bucketMid(bucket), count] as const);
  const mean = values.reduce((sum, [value, count]) => sum + value * count, 0) / samples;
  const variance = values.reduce((sum, [value, count]) => sum + (value - mean) ** 2 * count, 0) / samples;
  const all = fromSparse(counts);
  const first = counts[0] as SparseHistogram[number];
  const last = counts.at(-1) as SparseHistogram[number];
  return {
    min: bucketLower(first[0]),
    max: bucketUpper(last[0]),
    mean,
    stddev: Math.sqrt(variance),
    N: samples,
    percentile: Object.fromEntries(
      PERCENTILES.map((percent) => [percent.toFixed(6), percentile(all, percent / 100) as number]),
    ),
    ...(format === 'json+' ? { bins: Object.fromEntries(values.map(([value, count]) => [String(value), count])) } : {}),
  };
}

function spread(values: readonly number[]): { min: number; max: number; mean: number; stddev: number; N: number } {
  const N = values.length;
  if (N === 0) return { min: 0, max: 0, mean: 0, stddev: 0, N };
  const mean = values.reduce((sum, value) => sum + value, 0) / N;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, N - 1);
  return { min: Math.min(...values), max: Math.max(...values), mean, stddev: Math.sqrt(variance), N };
}

/** All I/Os at one level, as a closed loop keeps them. */
function levels(names: readonly string[], level: number | undefined): JsonObject {
  return Object.fromEntries(names.map((name, index) => [name, index === level ? 100 : 0]));
}

function batchLevel(batch: number): number | undefined {
  if (!Number.isFinite(batch)) return undefined;
  return batch <= 4 ? 1 : Math.min(6, Math.ceil(Math.log2(batch)) - 1);
}

/** fio's three tables of how many percent took up to so long: each entry counts what is above the one before. */
function latencyBands(counts: SparseHistogram): JsonObject {
  const samples = Math.max(
    1,
    counts.reduce((sum, [, count]) => sum + count, 0),
  );
  const percentBetween = (from: number, to: number): number => {
    const within = counts.filter(([bucket]) => bucketMid(bucket) >= from && bucketMid(bucket) < to);
    return (100 * within.reduce((sum, [, count]) => sum + count, 0)) / samples;
  };
  const bands = LATENCY_BANDS.ns;
  const table = (unitNs: number, edges: readonly number[], start: number): Record<string, number> =>
    Object.fromEntries(
      edges.map((edge, i) => [
        String(edge),
        percentBetween(i === 0 ? start : (edges[i - 1] as number) * unitNs, edge * unitNs),
      ]),
    );
  const milliseconds = table(LATENCY_BANDS.ms, [...bands, 2000], 1000 * LATENCY_BANDS.us);
  return {
    latency_ns: table(1, bands, 0),
    latency_us: table(LATENCY_BANDS.us, bands, 1000),
    latency_ms: { ...milliseconds, '>=2000': percentBetween(2000 * LATENCY_BANDS.ms, Number.POSITIVE_INFINITY) },
  };
}
