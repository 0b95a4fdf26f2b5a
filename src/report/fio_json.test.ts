import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FIO_CLAT2CSV, needing } from '../../test/support/needs.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { fioDocument } from './fio_json.ts';
import type { Cell, Result } from './result.ts';
import { resultFixture } from './result_fixture.ts';

const HISTOGRAM = { layout: 'fio-6-29' };

/** A result whose first cell has known latencies: 100 reads of 100 ns, 300 writes in the bucket of 1,000 ns. */
function result(): Result {
  const fixture = resultFixture({ sweepBars: [] });
  const cell = fixture.cells[0] as Cell;
  const reads: [number, number][] = [[100, 100]];
  const writes: [number, number][] = [[317, 300]];
  const latencyNs = { p50: 1004, p90: 1004, p99: 1004, p999: 1004, max: 1005, samples: 400, loop: 'closed' as const };
  fixture.cells[0] = {
    ...cell,
    params: { ...cell.params, rw: 'randrw', bs: '4096', 'fio.verify': 'crc32c' },
    bytesPerIo: 4096,
    latencyNs: {
      ...latencyNs,
      histogram: { ...HISTOGRAM, counts: [...reads, ...writes] },
      reads: { ...HISTOGRAM, counts: reads },
      writes: { ...HISTOGRAM, counts: writes },
    },
  };
  return fixture;
}

// biome-ignore lint/suspicious/noExplicitAny: fio's document, read as its users do
const jobs = (format: 'json' | 'json+'): any[] => fioDocument(result(), format).jobs as any[];

describe("fio's document", () => {
  it('has a job for each cell with threads slices, with every option', () => {
    const [job] = jobs('json');
    expect(job.jobname).toBe(result().cells[0]?.id);
    expect(job['job options']).toMatchObject({ rw: 'randrw', verify: 'crc32c', scheme: result().cells[0]?.scheme });
    expect(jobs('json')).toHaveLength(
      result().cells.filter(({ rounds }) => rounds.some(({ mode }) => mode === 'threads')).length,
    );
  });

  it('keeps reads and writes apart, and their sums whole', () => {
    const [job] = jobs('json');
    const cell = result().cells[0] as Cell;
    const ios = cell.rounds.filter(({ mode }) => mode === 'threads').reduce((sum, slice) => sum + slice.ios, 0);
    expect(job.read.total_ios + job.write.total_ios).toBe(ios);
    expect(job.read.total_ios).toBe(Math.round(ios / 4));
    expect(job.read.iops + job.write.iops).toBeCloseTo(cell.iops?.median as number);
    expect(job.read.clat_ns).toMatchObject({ min: 100, max: 100, mean: 100, stddev: 0, N: 100 });
    expect(job.read.clat_ns.percentile['99.900000']).toBe(100);
    expect(job.write.clat_ns.N).toBe(300);
    expect(job.write.bw_bytes).toBe(Math.round(0.75 * (cell.iops?.median as number) * 4096));
    expect(job.trim).toMatchObject({ total_ios: 0, clat_ns: { N: 0 } });
    const bands = [
      ...Object.values(job.latency_ns),
      ...Object.values(job.latency_us),
      ...Object.values(job.latency_ms),
    ];
    expect(bands.reduce((sum: number, each) => sum + (each as number), 0)).toBeCloseTo(100);
  });

  it('has bins in json+ only, by the values fio writes for its buckets', () => {
    expect(jobs('json')[0].read.clat_ns.bins).toBeUndefined();
    // fio's bucket 317 begins at (64 + 317 % 64) << 3 = 1,000 and is 8 wide: its value is the middle.
    expect(jobs('json+')[0].write.clat_ns.bins).toEqual({ 1004: 300 });
  });

  needing(FIO_CLAT2CSV).it("passes through fio's own converter", () => {
    const folder = scratchFolder('fio');
    try {
      const file = join(folder, 'out.json');
      writeFileSync(file, JSON.stringify(fioDocument(result(), 'json+')));
      const convert = (...more: string[]) =>
        spawnSync('fio_jsonplus_clat2csv', [file, join(folder, 'out.csv'), ...more], { encoding: 'utf8' });
      expect(convert()).toMatchObject({ status: 0, stderr: '' });
      expect(readFileSync(join(folder, 'out_job0.csv'), 'utf8')).toMatch(/^1004, .*300, 300, 1.0/m);
      expect(convert('--validate').stdout).toMatch(/out_job0.csv validated/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
