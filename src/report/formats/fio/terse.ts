// A result as fio's --output-format=terse writes it (stat.c, show_thread_status_terse_all): one line for each job, its fields
// separated by semicolons. Versions 2 to 5 differ in the fields of trims and in those of samples.
import type { Result } from '../../../result/schema.ts';
import { depthTable } from './depths.ts';
import type { TerseVersion } from './formats.ts';
import { DIRECTIONS, type Direction, type FioJob, fioJobs, latencyOfAll, ratesOf, shareOfGroup } from './jobs.ts';
import { latencyTables, PERCENTILES, percentilesOf, type Spread, spread, spreadOf } from './latency.ts';

/** FIO_IO_U_LIST_MAX_LEN: percentiles of a line, whether there are as many or not. */
const PERCENTILES_OF_LINE = 20;

/** The lines of all jobs, each with its newline. */
export function fioTerse(result: Result, version: TerseVersion): string {
  const jobs = fioJobs(result);
  return jobs.map((job) => `${lineOf(job, jobs, version, result.run.version)}\n`).join('');
}

function lineOf(job: FioJob, jobs: readonly FioJob[], version: TerseVersion, labVersion: string): string {
  const name = oneField(job.name);
  const group = jobs.filter(({ groupid }) => groupid === job.groupid);
  const directions = DIRECTIONS.filter((each) => each !== 'trim' || version !== 3);
  const { latency_ns: ns, latency_us: us, latency_ms: ms } = latencyTables(latencyOfAll(job));
  const below = Object.values(ns).reduce((sum, share) => sum + share, 0);
  // The first microsecond takes all nanoseconds, so that the line has the fields it had before fio knew nanoseconds.
  const bands = [
    ...Object.values(us).map((share, index) => (index === 0 ? share + below : share)),
    ...Object.values(ms),
  ];
  const { description } = job.options;
  const fields = [
    ...(version === 2 ? ['2', name] : [String(version), `p2plab-${labVersion}`, name]),
    ...[String(job.groupid), '0'],
    ...directions.flatMap((each) => directionFields(job, each, group, version)),
    ...['0.000000%', '0.000000%', '0', '0', '0'],
    ...Object.values(depthTable(job)).map((share) => `${share.toFixed(1)}%`),
    ...bands.map((share) => `${share.toFixed(2)}%`),
  ].join(';');
  return description === undefined ? fields : `${fields}${version === 2 ? '\n' : ''};${oneField(description)}`;
}

/** Text of a job file as part of a line whose fields are separated by semicolons. */
function oneField(text: string): string {
  return text.replaceAll(/[;\p{Cc}]/gu, ' ');
}

function directionFields(job: FioJob, name: Direction, group: readonly FioJob[], version: TerseVersion): string[] {
  const direction = job.directions[name];
  const { bwKib, iops } = ratesOf(direction);
  const latency = microseconds(spreadOf(direction.latency));
  const percentiles = percentilesOf(direction.latency);
  const bandwidth = spread(direction.bytesPerS.map((bytes) => bytes / 1024));
  const rate = spread(direction.iops);
  const share = bandwidth.N === 0 ? 0 : shareOfGroup(bandwidth.mean, group, name);
  return [
    ...[Math.floor(direction.bytes / 1024), bwKib, Math.floor(iops), direction.runtimeMs].map(String),
    ...spreadFields(spread([])),
    ...spreadFields(latency),
    ...PERCENTILES.map((percent, index) => {
      return `${percent.toFixed(6)}%=${Math.floor((percentiles[index]?.[1] ?? 0) / 1000)}`;
    }),
    ...Array<string>(PERCENTILES_OF_LINE - PERCENTILES.length).fill('0%=0'),
    ...spreadFields(latency),
    ...[String(Math.floor(bandwidth.min)), String(Math.floor(bandwidth.max)), `${share.toFixed(6)}%`],
    ...[bandwidth.mean.toFixed(6), bandwidth.stddev.toFixed(6)],
    ...(version === 5 ? [String(bandwidth.N), ...spreadFields(rate), String(rate.N)] : []),
  ];
}

function microseconds({ min, max, mean, stddev, N }: Spread): Spread {
  return { min: min / 1000, max: max / 1000, mean: mean / 1000, stddev: stddev / 1000, N };
}

function spreadFields({ min, max, mean, stddev }: Spread): string[] {
  return [String(Math.floor(min)), String(Math.floor(max)), mean.toFixed(6), stddev.toFixed(6)];
}
