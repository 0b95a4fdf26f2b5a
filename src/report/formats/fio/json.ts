// A result as fio would write it with --output-format=json or json+ (fio 3.33, stat.c, show_thread_status_json), for the tools that
// read fio's files. fio's bins are this lab's histogram buckets. What a block path without files, processes or system calls of its
// own has nothing to say to is 0, as fio writes it for jobs that did not measure it; what only this lab knows is in "p2plab".

import { FIGURE_LABELS } from '../../../result/labels.ts';
import type { Result } from '../../../result/schema.ts';
import type { SparseHistogram } from '../../../stats/histogram.ts';
import { keptWords } from '../../words/kept_rounds.ts';
import { batchTable, depthOf, depthTable } from './depths.ts';
import type { FioJsonFormat } from './formats.ts';
import { DIRECTIONS, type Direction, type FioJob, fioJobs, latencyOfAll, ratesOf, shareOfGroup } from './jobs.ts';
import { binsOf, latencyTables, percentilesOf, sampleCount, spread, spreadOf } from './latency.ts';

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** Fields that this lab does not measure, by fio's names: 0 in every job. */
const NOT_MEASURED = ['slat_ns', 'usr_cpu', 'sys_cpu', 'ctx', 'majf', 'minf'] as const;

/** The whole document; json+ has the bins of every histogram. */
export function fioDocument(result: Result, format: FioJsonFormat): JsonObject {
  const started = new Date(result.run.startedAt);
  const jobs = fioJobs(result);
  const shown = new Set(jobs.map(({ cell }) => cell.id));
  const absent = result.cells.filter(({ id }) => !shown.has(id));
  return {
    'fio version': `p2plab-${result.run.version}`,
    timestamp: Math.floor(started.getTime() / 1000),
    timestamp_ms: started.getTime(),
    time: ctime(started),
    jobs: jobs.map((job) => jobOf(job, jobs, format)),
    ...(absent.length === 0
      ? {}
      : {
          p2plab: {
            noJobs: absent.map(({ id, refused }) => ({
              cell: id,
              why: refused === undefined ? 'not measured on threads' : `refused: ${refused.errno}, ${refused.reason}`,
            })),
          },
        }),
  };
}

/** fio's floating-point fields; those of the tables of percentages besides. */
const FLOATS = new Set(
  'iops bw_agg bw_mean bw_dev iops_mean iops_stddev mean stddev usr_cpu sys_cpu latency_percentile'.split(' '),
);
const FLOAT_TABLES = /^(iodepth_(level|submit|complete)|latency_(ns|us|ms))$/;

/** The document as text, with fio's number formats: a float has six digits behind the point, whatever it is. */
export function fioText(document: JsonObject): string {
  const written = (key: string, value: Json, indent: string, inTable: boolean): string => {
    if (typeof value === 'number') return inTable || FLOATS.has(key) ? value.toFixed(6) : String(value);
    if (value === null || typeof value !== 'object') return JSON.stringify(value);
    const deeper = `${indent}  `;
    const lines = Array.isArray(value)
      ? value.map((item: Json) => `${deeper}${written('', item, deeper, false)}`)
      : Object.entries(value as JsonObject).map(
          ([name, item]) => `${deeper}${JSON.stringify(name)} : ${written(name, item, deeper, FLOAT_TABLES.test(key))}`,
        );
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}'];
    return lines.length === 0 ? `${open}${close}` : `${open}\n${lines.join(',\n')}\n${indent}${close}`;
  };
  return `${written('', document, '', false)}\n`;
}

function jobOf(job: FioJob, jobs: readonly FioJob[], format: FioJsonFormat): JsonObject {
  const { options } = job;
  const runtimeMs = Math.max(1, Math.round(job.runtimeNs / 1e6));
  const group = jobs.filter(({ groupid }) => groupid === job.groupid);
  const { targetNs = 0, windowNs = 0, percentile = 100 } = job.latencyTarget ?? {};
  return {
    jobname: job.name,
    groupid: job.groupid,
    error: 0,
    eta: 0,
    elapsed: Math.ceil(runtimeMs / 1000),
    'job options': options,
    ...Object.fromEntries(DIRECTIONS.map((name) => [name, directionOf(job, name, group, format)])),
    sync: {
      total_ios: job.sync.ios,
      lat_ns: { ...spreadOf(job.sync.latency), ...percentileFields(job.sync.latency, format) },
    },
    job_runtime: runtimeMs,
    usr_cpu: 0,
    sys_cpu: 0,
    ctx: 0,
    majf: 0,
    minf: 0,
    iodepth_level: depthTable(job),
    iodepth_submit: batchTable(job),
    iodepth_complete: batchTable(job),
    ...latencyTables(latencyOfAll(job)),
    latency_depth: depthOf(job) ?? 0,
    latency_target: targetNs,
    latency_percentile: percentile,
    latency_window: Math.round(windowNs / 1000),
    ...(options.description === undefined ? {} : { desc: options.description }),
    p2plab: ownFields(job),
  };
}

/** What only this lab knows of a job, and what it does not know. */
function ownFields(job: FioJob): JsonObject {
  const { cell, directions, loop, rounds } = job;
  const ios = DIRECTIONS.reduce((sum, name) => sum + directions[name].ios, 0);
  const samples = sampleCount(latencyOfAll(job));
  return {
    cell: cell.id,
    scheme: cell.scheme,
    rounds: keptWords(rounds, 'rounds'),
    roundsKept: rounds.rounds,
    roundsMeasured: rounds.measured,
    roundsPlanned: rounds.planned,
    roundsDisturbed: rounds.disturbed,
    runtimeNs: job.runtimeNs,
    iopsOfRounds: cell.iops?.median ?? null,
    cpuNsPerIo: cell.cpuNsPerIo?.median ?? null,
    cpuNsPerIoLabel: cell.labels?.cpuNsPerIo ?? FIGURE_LABELS.cpuNsPerIo ?? null,
    metadataBytes: cell.metadataBytes?.memmap ?? null,
    latencySamples: samples,
    latencySampleShare: ios === 0 ? 0 : samples / ios,
    latencyLoop: loop,
    latencyFrom: loop === 'open' ? 'when the I/O was due' : 'submission',
    notMeasured: [...NOT_MEASURED],
  };
}

function directionOf(job: FioJob, name: Direction, group: readonly FioJob[], format: FioJsonFormat): JsonObject {
  const direction = job.directions[name];
  const { bwBytes, bwKib, iops } = ratesOf(direction);
  const bandwidth = spread(direction.bytesPerS.map((bytes) => bytes / 1024));
  const rate = spread(direction.iops);
  // Submission is not timed apart, so that completion and total latency are the same.
  const total = { ...spreadOf(direction.latency) };
  return {
    io_bytes: direction.bytes,
    io_kbytes: Math.floor(direction.bytes / 1024),
    bw_bytes: bwBytes,
    bw: bwKib,
    iops,
    runtime: direction.runtimeMs,
    total_ios: direction.ios,
    short_ios: 0,
    drop_ios: 0,
    slat_ns: { ...spread([]) },
    clat_ns: { ...total, ...percentileFields(direction.latency, format) },
    lat_ns: total,
    bw_min: Math.floor(bandwidth.min),
    bw_max: Math.floor(bandwidth.max),
    bw_agg: bandwidth.N === 0 ? 0 : shareOfGroup(bandwidth.mean, group, name),
    bw_mean: bandwidth.mean,
    bw_dev: bandwidth.stddev,
    bw_samples: bandwidth.N,
    iops_min: Math.floor(rate.min),
    iops_max: Math.floor(rate.max),
    iops_mean: rate.mean,
    iops_stddev: rate.stddev,
    iops_samples: rate.N,
  };
}

function percentileFields(counts: SparseHistogram, format: FioJsonFormat): JsonObject {
  if (counts.length === 0) return {};
  const entries = percentilesOf(counts).map(([percent, ns]) => [percent.toFixed(6), ns] as const);
  return { percentile: Object.fromEntries(entries), ...(format === 'json+' ? { bins: binsOf(counts) } : {}) };
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** "Mon Nov 30 16:21:54 2026", by the local clock, as ctime has it. */
function ctime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  const day = String(date.getDate()).padStart(2, ' ');
  return `${DAYS[date.getDay()]} ${MONTHS[date.getMonth()]} ${day} ${clock} ${date.getFullYear()}`;
}
