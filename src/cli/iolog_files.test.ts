import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import type { Job } from '../jobs/job.ts';
import { parseJobFile } from '../jobs/job_file.ts';
import { resolveJobs } from '../jobs/resolve.ts';
import { loadTrace } from '../jobs/traces/load_trace.ts';
import { writeAskedIologs, writeIologs } from './iolog_files.ts';

function jobsOf(text: string): readonly Job[] {
  return resolveJobs(parseJobFile(text, 'jobs.fio'), { limits: { maxIodepth: 64, namespaceBytes: 2 ** 40 } }).jobs;
}

describe('an iolog', () => {
  it('of version 3 has the files and each I/O of the job', () => {
    const path = join(scratchFolder('iolog'), 'log');
    expect(writeIologs(path, jobsOf('[j]\nrw=write\nsize=8k\n'), 3)).toEqual([
      `${path}: 6 lines, the access stream of [j]`,
    ]);
    expect(readFileSync(path, 'utf8')).toBe(
      'fio version 3 iolog\n0 j.0.0 add\n0 j.0.0 open\n0 j.0.0 write 0 4096\n0 j.0.0 write 4096 4096\n0 j.0.0 close\n',
    );
  });

  it('of version 2 waits where a job has a rate, and says the same as version 3 when it is read again', () => {
    const folder = scratchFolder('iolog');
    const jobs = jobsOf('[j]\nrw=randrw\nsize=1m\nrate_iops=1000,500\nrate_process=poisson\n');
    const [two, three] = ([2, 3] as const).map((version) => {
      const path = join(folder, `v${version}`);
      writeIologs(path, jobs, version);
      return loadTrace(path);
    });
    expect(two?.count).toBe(256);
    expect(two?.timed && three?.timed).toBe(true);
    expect(two?.offsetBytes).toEqual(three?.offsetBytes);
    expect(two?.op).toEqual(three?.op);
    expect(two?.timeNs).toEqual(three?.timeNs);
  });

  it("of several clones is one file each, by fio's thread numbers", () => {
    const folder = scratchFolder('iolog');
    const jobs = jobsOf('[a]\nrw=read\nsize=8k\n[b]\nrw=randread\nsize=16k\nnumjobs=2\nwrite_iolog=log\n');
    const path = join(folder, 'all');
    expect(writeIologs(path, jobs, 3).map((line) => line.slice(path.length, path.length + 2))).toEqual([
      '.1',
      '.2',
      '.3',
    ]);
    const asked = jobs.map((job) => (job.iolog === undefined ? job : { ...job, iolog: join(folder, job.iolog) }));
    writeAskedIologs(asked);
    expect(readFileSync(join(folder, 'log.2'), 'utf8')).toBe(readFileSync(`${path}.2`, 'utf8'));
    expect(readFileSync(join(folder, 'log.3'), 'utf8')).toContain('b.1.0 read');
  });

  it('that cannot be written is named', () => {
    expect(() => writeIologs('/nowhere/log', jobsOf('[j]\nsize=4k\n'), 3)).toThrow(
      '/nowhere/log: cannot write the iolog (ENOENT',
    );
  });
});
