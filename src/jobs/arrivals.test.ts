import { describe, expect, it } from 'vitest';
import { compileStream, STREAM_WORDS } from './access_stream.ts';
import { defaultJob } from './default_job.ts';
import type { Job } from './job.ts';
import { streamEntries } from './stream_entries.ts';

const ENTRIES = 16_384;
const limits = { maxIodepth: 1023, namespaceBytes: 2 ** 40 };
const region = { bytes: 2 ** 34, windowBytes: 2 ** 28, slots: { first: 0, stride: 1 } };

function jobOf(options: string): Job {
  const set = options.split(' ').map((word) => {
    const [key = '', ...value] = word.split('=');
    return { key, value: value.join('=') };
  });
  return defaultJob(limits, set);
}

function compiled(job: Job, clone = 0) {
  const words = new Uint32Array(ENTRIES * STREAM_WORDS);
  const gaps = new Float64Array(ENTRIES);
  const facts = compileStream(job, clone, { p2pShare: 100, bar: region, ram: region }, words, gaps);
  return { gaps, facts, entries: streamEntries(words), words };
}

const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0) / values.length;

describe('arrivals of one direction', () => {
  it('are evenly spaced at a linear rate', () => {
    const { gaps, facts } = compiled(jobOf('rate_iops=1000'));
    expect(Math.max(...gaps.map((gap) => Math.abs(gap - 1e6)))).toBeLessThan(1e-3);
    expect(facts.meanGapNs).toBeCloseTo(1e6, 3);
  });

  it('have exponential gaps of the same mean at a Poisson rate', () => {
    const { gaps } = compiled(jobOf('rate_iops=50 rate_process=poisson'));
    const meanNs = mean(gaps);
    expect(meanNs / 2e7).toBeGreaterThan(0.97);
    expect(meanNs / 2e7).toBeLessThan(1.03);
    // P(gap > k means) = exp(-k), and no memory: neighbouring gaps are uncorrelated.
    for (const k of [0.5, 1, 2, 4]) {
      const share = gaps.filter((gap) => gap > k * meanNs).length / ENTRIES;
      expect(Math.abs(share - Math.exp(-k))).toBeLessThan(0.015);
    }
    const deviations = Array.from(gaps, (gap) => gap / meanNs - 1);
    const products = deviations.slice(1).map((deviation, i) => deviation * (deviations[i] as number));
    expect(Math.abs(mean(products))).toBeLessThan(0.03);
  });

  it('repeat with the seed and differ from clone to clone', () => {
    const job = { ...jobOf('rate_iops=50 rate_process=poisson'), numjobs: 2 };
    expect(compiled(job).gaps).toEqual(compiled(job).gaps);
    expect(compiled(job).gaps).not.toEqual(compiled(job, 1).gaps);
  });

  it('follow the size of each I/O at a bandwidth', () => {
    const { gaps, entries } = compiled(jobOf('rate=1m bssplit=4k/50:64k/50'));
    entries.forEach(({ blocks }, i) => {
      expect((gaps[i] as number) / ((blocks * 512 * 1e9) / 2 ** 20)).toBeCloseTo(1, 6);
    });
  });

  it('leave the stream itself alone', () => {
    expect(compiled(jobOf('rate_iops=1000')).words).toEqual(compiled(jobOf('rw=randread')).words);
  });
});

describe('reads and writes with rates of their own', () => {
  it('are two processes side by side: what is due next decides', () => {
    const { gaps, entries, facts } = compiled(jobOf('rw=randrw rate_iops=3000,1000'));
    const writes = entries.filter(({ opcode }) => opcode === 1).length;
    expect(writes / ENTRIES).toBeCloseTo(0.25, 2);
    expect(facts.meanGapNs).toBeCloseTo(1e9 / 4000, -1);
    let atNs = 0;
    const writeTimes: number[] = [];
    entries.forEach(({ opcode }, i) => {
      if (opcode === 1) writeTimes.push(atNs);
      atNs += gaps[i] as number;
    });
    expect(writeTimes.slice(0, 4).map((ns) => Math.round(ns / 1e6))).toEqual([0, 1, 2, 3]);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
  });

  it('share one value when only one is given, as in fio', () => {
    const { entries } = compiled(jobOf('rw=randrw rwmixread=90 rate_iops=1000'));
    expect(entries.filter(({ opcode }) => opcode === 1).length / ENTRIES).toBeCloseTo(0.5, 2);
  });
});

describe('values that make no rate', () => {
  it.each([
    ['rate_iops=fast', /whole number/],
    ['rate_iops=-5', /whole number/],
    ['rate=1x', /whole number of bytes/],
    ['rate_iops=100 rate=1m', /sets the read rate already/],
    ['rw=randrw rate_iops=100,0', /reads and writes or for neither/],
    ['rate_iops=1,2,3,4', /at most three values/],
    ['rate_iops=100 rate_process=gauss', /linear or poisson/],
    ['io_submit_mode=later', /inline or offload/],
  ])('%s is refused', (options, message) => {
    expect(() => jobOf(options)).toThrow(message);
  });

  it.each(['rate_iops=0', 'rate=0', 'rate_process=poisson', 'rw=randwrite rate_iops=100,0'])(
    '%s is a closed loop',
    (options) => {
      expect(jobOf(options).rate).toBeUndefined();
      expect(compiled(jobOf(options)).facts.meanGapNs).toBeUndefined();
    },
  );
});
