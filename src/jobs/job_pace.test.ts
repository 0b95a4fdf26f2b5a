import { describe, expect, it } from 'vitest';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { type ResolvedJobs, resolveJobs } from './resolve.ts';

const LIMITS = { maxIodepth: 256, namespaceBytes: 64 * 2 ** 30 };

function resolve(text: string): ResolvedJobs {
  return resolveJobs(parseJobFile(text, 'jobs.fio'), { limits: LIMITS });
}
function job(lines: string): Job {
  return resolve(`[j]\n${lines}\n`).jobs[0] as Job;
}

describe('when I/Os may go', () => {
  it('thinktime is in microseconds, after each I/O unless blocks or a time say otherwise', () => {
    const think = (lines: string) => job(lines).think;
    expect(think('thinktime=0')).toBeUndefined();
    expect(think('thinktime=50')).toEqual({ pauseNs: 50_000, ios: 1, countedBy: 'complete', burstNs: undefined });
    expect(think('thinktime=2ms\nthinktime_blocks=8\nthinktime_blocks_type=issue')).toEqual({
      pauseNs: 2e6,
      ios: 8,
      countedBy: 'issue',
      burstNs: undefined,
    });
    expect(think('thinktime=1s\nthinktime_iotime=2')).toMatchObject({ pauseNs: 1e9, ios: undefined, burstNs: 2e9 });
    expect(think('thinktime=1s\nthinktime_iotime=2\nthinktime_blocks=3')).toMatchObject({ ios: 3, burstNs: 2e9 });
  });

  it('flow is a weight beside those of the same flow_id', () => {
    expect(job('flow=8').flow).toEqual({ id: 0, weight: 8 });
    expect(job('flow=3\nflow_id=2').flow).toEqual({ id: 2, weight: 3 });
    expect(job('flow=0').flow).toBeUndefined();
  });

  it('latency_target is in microseconds, all I/Os in time unless a percentile is given', () => {
    expect(job('latency_target=500').latencyTarget).toEqual({ targetNs: 500_000, windowNs: 0, percentile: 100 });
    expect(job('latency_target=2ms\nlatency_window=5s\nlatency_percentile=99.9').latencyTarget).toEqual({
      targetNs: 2e6,
      windowNs: 5e9,
      percentile: 99.9,
    });
  });

  it('two ways at once are refused', () => {
    expect(() => job('rate_iops=1000\nthinktime=5')).toThrow(
      "jobs.fio:3: thinktime=5: rate_iops=1000 says already when this job's I/Os go; keep one of them",
    );
    expect(() => job('flow=1\nlatency_target=5')).toThrow('jobs.fio:3: latency_target=5: flow=1 says already');
  });

  it('what lies outside the measured time is said and changes nothing', () => {
    const { jobs, warnings } = resolve('[a]\nstartdelay=4\nexitall\n[b]\nstartdelay=8\nmax_latency=5ms\n');
    expect(jobs.map(({ group }) => group)).toEqual([0, 0]);
    expect(warnings).toEqual([
      'jobs.fio: startdelay: fio starts the job later; the lab measures while all jobs of a group run',
      'jobs.fio: exitall: fio ends all jobs with the first; the lab measures only while all jobs of a group run',
      'jobs.fio: max_latency: fio ends the job at an I/O that takes longer; the lab goes on: compare latencyNs.max of its result',
    ]);
  });

  it('a job waits for another by its name', () => {
    const groups = (text: string): number[] => resolve(text).jobs.map(({ group }) => group);
    expect(groups('[a]\n[b]\nwait_for=a\n[c]\n[d]\nwait_for=b\n[e]\nstonewall\n')).toEqual([0, 1, 0, 2, 3]);
    expect(() => groups('[alpha]\n[b]\nwait_for=alpa\n')).toThrow(
      "jobs.fio:3: wait_for=alpa: there is no such job before this one, did you mean 'alpha'? There are: alpha.",
    );
  });
});

describe('strided zones', () => {
  it('are as long as the I/O to them, and follow each other, unless said otherwise', () => {
    expect(job('zonesize=1m').zones).toEqual({ sizeBytes: 2 ** 20, rangeBytes: 2 ** 20, skipBytes: 0 });
    expect(job('zonemode=strided\nzonesize=64k\nzonerange=2m\nzoneskip=6m').zones).toEqual({
      sizeBytes: 2 ** 16,
      rangeBytes: 2 * 2 ** 20,
      skipBytes: 6 * 2 ** 20,
    });
    expect(job('zonemode=none\nzonesize=64k').zones).toBeUndefined();
  });

  it('hold a block, and have a size', () => {
    expect(() => job('zonemode=strided')).toThrow('jobs.fio:2: zonemode=strided: needs the bytes of I/O to each zone');
    expect(() => job('bs=64k\nzonesize=4k')).toThrow('a block of 64 KiB does not fit into a zone');
    expect(() => job('zonesize=1000')).toThrow('must be a multiple of 512');
    expect(() => job('zonemode=round\nzonesize=1m')).toThrow('expected none, strided or zbd');
  });
});
