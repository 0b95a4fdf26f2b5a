import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIO_CLAT2CSV, needing } from '../../../../test/support/needs.ts';
import { resultFixture } from '../../../../test/support/result_fixture.ts';
import { scratchFolder } from '../../../../test/support/scratch.ts';
import type { Cell, LaneTotals, RawSample, Result } from '../../../result/schema.ts';
import { fioDocument, fioText } from './json.ts';
import { fioTerse } from './terse.ts';

const HISTOGRAM = { layout: 'fio-6-29' };
const READS = { ...HISTOGRAM, counts: [[100, 100]] as [number, number][] };
const WRITES = { ...HISTOGRAM, counts: [[317, 300]] as [number, number][] };

/** One of four I/Os of a round reads 4 KiB, the others write 64 KiB. */
function mixed(round: RawSample): RawSample {
  const readIos = round.ios / 4;
  const writeIos = round.ios - readIos;
  return { ...round, readIos, readBytes: readIos * 4096, writeIos, writeBytes: writeIos * 65_536 };
}

/** A result whose first cell has known latencies: 100 reads of 100 ns, 300 writes in the bucket of 1,000 ns. */
function result(change: Partial<Cell> = {}): Result {
  const fixture = resultFixture({ sweepBars: [] });
  const cell = fixture.cells[0] as Cell;
  const latencyNs = { p50: 1004, p90: 1004, p99: 1004, p999: 1004, max: 1005, samples: 400, loop: 'closed' as const };
  fixture.cells[0] = {
    ...cell,
    params: { ...cell.params, rw: 'randrw', bs: '4096-65536', 'fio.verify': 'crc32c', rounds: 20 },
    rounds: cell.rounds.map(mixed),
    latencyNs: {
      ...latencyNs,
      histogram: { ...HISTOGRAM, counts: [...READS.counts, ...WRITES.counts] },
      reads: READS,
      writes: WRITES,
    },
    ...change,
  };
  return fixture;
}

// biome-ignore lint/suspicious/noExplicitAny: fio's document, read as its users do
const jobs = (format: 'json' | 'json+' = 'json', of = result()): any[] => fioDocument(of, format).jobs as any[];
const threadsOf = (cell: Cell | undefined): RawSample[] =>
  (cell?.rounds ?? []).filter(({ mode }) => mode === 'threads');
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

describe("fio's document", () => {
  it('has a job of a group of its own for each cell with threads slices, with every option', () => {
    const [job] = jobs();
    expect(job.jobname).toBe(result().cells[0]?.id);
    expect(job['job options']).toMatchObject({ rw: 'randrw', verify: 'crc32c', scheme: result().cells[0]?.scheme });
    const cells = result().cells.filter((cell) => threadsOf(cell).length > 0);
    expect(jobs().map(({ p2plab }) => p2plab.cell)).toEqual(cells.map(({ id }) => id));
    expect(jobs().map(({ groupid }) => groupid)).toEqual(cells.map((_, index) => index));
  });

  it('says which cells have no job, and why', () => {
    const { p2plab } = fioDocument(result(), 'json') as { p2plab?: { noJobs: { cell: string; why: string }[] } };
    const refused = result().cells.filter((cell) => cell.refused !== undefined);
    expect(p2plab?.noJobs.map(({ cell }) => cell)).toEqual(refused.map(({ id }) => id));
    expect(p2plab?.noJobs[0]?.why).toMatch(/^refused: EOPNOTSUPP, /);
  });

  it('has the I/Os and bytes of reads and writes as they were counted, and rates of them by the runtime', () => {
    const [job] = jobs();
    const rounds = threadsOf(result().cells[0]);
    const [ios, ns] = [sum(rounds.map((round) => round.ios)), sum(rounds.map((round) => round.ns))];
    expect(job.read).toMatchObject({ total_ios: ios / 4, io_bytes: (ios / 4) * 4096, runtime: Math.round(ns / 1e6) });
    expect(job.write).toMatchObject({ total_ios: ios * 0.75, io_bytes: ios * 0.75 * 65_536 });
    expect(job.write.iops).toBeCloseTo((1000 * ios * 0.75) / job.write.runtime, 6);
    expect(job.write.bw_bytes).toBe(Math.floor((1000 * job.write.io_bytes) / job.write.runtime));
    expect(job.write.bw).toBe(Math.floor(job.write.bw_bytes / 1024));
    expect(job.read.clat_ns).toMatchObject({ min: 100, max: 100, mean: 100, stddev: 0, N: 100 });
    expect(job.read.clat_ns.percentile['99.900000']).toBe(100);
    expect(job.write.clat_ns.N).toBe(300);
    expect(job.trim).toMatchObject({ total_ios: 0, runtime: 0, clat_ns: { N: 0 } });
    const bands = [job.latency_ns, job.latency_us, job.latency_ms].flatMap((table) => Object.values(table) as number[]);
    expect(sum(bands)).toBeCloseTo(100);
    expect(job.p2plab).toMatchObject({ latencySamples: 400, latencySampleShare: 400 / ios });
  });

  it('rests on the rounds that were kept, and says of how many', () => {
    const cell = result().cells[0] as Cell;
    const rounds = cell.rounds.map((round) => (round.round % 3 === 0 ? { ...round, dirty: true } : round));
    const [job] = jobs('json', result({ rounds }));
    expect(job.p2plab).toMatchObject({
      ...{ rounds: '8 of 20 rounds', roundsKept: 8, roundsMeasured: 12, roundsPlanned: 20, roundsDisturbed: 4 },
    });
    const kept = threadsOf({ ...cell, rounds }).filter(({ dirty }) => dirty !== true);
    expect(job.read.total_ios + job.write.total_ios).toBe(sum(kept.map(({ ios }) => ios)));
    expect(job.read.bw_samples).toBe(8);
  });

  it('has a job for each queue pair with figures and options of its own, or one where fio reports them together', () => {
    const params = { 'fio.a.rw': 'read', 'fio.a.b.rw': 'randwrite', 'fio.a.iodepth': '4', 'fio.a.b.iodepth': '16' };
    const lane = (ns: number, ios: number) => ({ ns, readIos: ios, readBytes: ios * 512 });
    const round = { round: 0, order: 0, mode: 'threads' as const, ios: 30, ns: 10 };
    const lanes: LaneTotals[] = [
      { job: 'a', clone: 0, loop: 'open', ...lane(4e6, 10), reads: READS },
      { job: 'a.b', clone: 0, reportGroup: 3, loop: 'closed', ...lane(8e6, 12) },
      { job: 'a.b', clone: 1, reportGroup: 3, loop: 'closed', ...lane(6e6, 8) },
    ];
    const cell = { params, lanes, rounds: [{ ...round, lanes: [lane(4e6, 10), lane(8e6, 12), lane(6e6, 8)] }] };
    const [first, second, next] = jobs('json+', result({ ...cell, kept: undefined }));
    expect([first.jobname, second.jobname]).toEqual(['g0/page/user/a', 'g0/page/user/a.b']);
    expect([first.groupid, second.groupid, next.groupid]).toEqual([0, 0, 1]);
    expect(first['job options']).toMatchObject({ name: 'a', rw: 'read', iodepth: '4' });
    expect(second['job options']).toMatchObject({ name: 'a.b', rw: 'randwrite', iodepth: '16' });
    expect(first.read).toMatchObject({ total_ios: 10, io_bytes: 5120, runtime: 4, iops: 2500, clat_ns: { N: 100 } });
    expect(second.read).toMatchObject({ total_ios: 20, io_bytes: 10_240, runtime: 8, iops: 2500, clat_ns: { N: 0 } });
    // Shares of the group's bandwidth.
    expect(first.read.bw_agg + second.read.bw_agg).toBeCloseTo(100, 1);
    expect(first.iodepth_level['4']).toBe(100);
    expect(second.iodepth_level['16']).toBe(100);
  });

  it('has bins in json+ only, by the values fio writes for its buckets', () => {
    expect(jobs()[0].read.clat_ns.bins).toBeUndefined();
    // fio's bucket 317 begins at (64 + 317 % 64) << 3 = 1,000 and is 8 wide: its value is the middle.
    expect(jobs('json+')[0].write.clat_ns.bins).toEqual({ 1004: 300 });
  });

  it('is written with the number formats of fio', () => {
    const text = fioText(fioDocument(result(), 'json+'));
    expect(JSON.parse(text).jobs).toHaveLength(jobs().length);
    expect(text).toMatch(/"usr_cpu" : 0\.000000,/);
    expect(text).toMatch(/"100" : \d+\.\d{6}/);
    expect(text).toMatch(/"99\.000000" : 100,/);
    expect(text).toMatch(/"1004" : 300\n/);
  });

  it('has the depth and the terms of a latency target', () => {
    const latencyTarget = { depth: 32, met: true, targetNs: 50_000, windowNs: 2_000_000, percentile: 99.9 };
    const [job] = jobs('json', result({ latencyTarget }));
    const { latency_depth, latency_target, latency_percentile, latency_window } = job;
    expect([latency_depth, latency_target, latency_percentile, latency_window]).toEqual([32, 50_000, 99.9, 2000]);
    expect(jobs()[0]).toMatchObject({ latency_target: 0, latency_percentile: 100, latency_window: 0 });
  });

  it('takes results of versions that did not count directions: all I/Os are of the one that the job has', () => {
    const [, , second] = jobs();
    const cell = result().cells.find(({ id }) => id === second.p2plab.cell);
    expect(second.read.total_ios).toBe(sum(threadsOf(cell).map(({ ios }) => ios)));
    expect(second.read.io_bytes).toBe(4096 * second.read.total_ios);
  });

  needing(FIO_CLAT2CSV).it("passes through fio's own converter", () => {
    const folder = scratchFolder('clat2csv');
    const file = join(folder, 'out.json');
    writeFileSync(file, fioText(fioDocument(result(), 'json+')));
    const convert = (...more: string[]) =>
      spawnSync('fio_jsonplus_clat2csv', [file, join(folder, 'out.csv'), ...more], { encoding: 'utf8' });
    expect(convert()).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(folder, 'out_job0.csv'), 'utf8')).toMatch(/^1004, .*300, 300, 1.0/m);
    expect(convert('--validate').stdout).toMatch(/out_job0.csv validated/);
  });
});

describe("fio's terse lines", () => {
  it('are one for each job, with sums, rates and microseconds where fio has them', () => {
    const lines = fioTerse(result(), 3).split('\n').filter(Boolean);
    expect(lines).toHaveLength(jobs().length);
    const fields = (lines[0] as string).split(';');
    const { read, write } = jobs()[0];
    expect(fields.slice(0, 5)).toEqual(['3', 'p2plab-0.1.0', 'g0/page/user', '0', '0']);
    expect(fields.slice(5, 9).map(Number)).toEqual([read.io_kbytes, read.bw, Math.floor(read.iops), read.runtime]);
    // A direction has 46 fields - 5: sums, three spreads, 20 percentiles, bandwidth.
    expect(fields.slice(46, 50).map(Number)).toEqual([
      write.io_kbytes,
      write.bw,
      Math.floor(write.iops),
      write.runtime,
    ]);
    expect(fields[54]).toBe('1');
  });

  it('keep their fields whatever a description holds', () => {
    const change = { params: { ...result().cells[0]?.params, 'fio.description': 'a;b\n3;c' } } as Partial<Cell>;
    const [line, other] = fioTerse(result(change), 5).split('\n') as [string, string];
    expect(line.split(';')).toHaveLength(other.split(';').length + 1);
    expect(line.split(';').at(-1)).toBe('a b 3 c');
  });
});
