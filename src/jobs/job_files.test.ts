import { describe, expect, it } from 'vitest';
import { GIB, MIB, TIB } from '../base/units.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { namespaceEnd } from './job_region.ts';
import { resolveJobs } from './resolve.ts';

function jobOf(lines: string): Job {
  const file = parseJobFile(`[j]\n${lines.replaceAll(' ', '\n')}\n`, 'jobs.fio');
  return resolveJobs(file, { limits: { maxIodepth: 64, namespaceBytes: TIB } }).jobs[0] as Job;
}

describe('the files of a job', () => {
  it.each([
    ['filesize=1m', 1, MIB],
    ['filesize=1m nrfiles=4', 4, 4 * MIB],
    ['filesize=1m nrfiles=4 size=2m', 4, 2 * MIB],
    ['size=4m nrfiles=4', 4, 4 * MIB],
    ['size=4m filename=/dev/a:/dev/b', 2, 4 * MIB],
    ['filesize=1m size=50%', 1, MIB / 2],
    ['size=0', 1, TIB],
  ])('%s: %d of %d bytes', (lines, count, sizeBytes) => {
    const job = jobOf(`rw=randread ${lines}`);
    expect([job.files.count, job.sizeBytes]).toEqual([count, sizeBytes]);
  });

  it('lie one behind another in a namespace as large as they are', () => {
    expect(namespaceEnd(jobOf('filesize=1t nrfiles=3'))).toBe(3 * TIB);
    expect(namespaceEnd(jobOf('size=20t offset=1t'))).toBe(21 * TIB);
    expect(namespaceEnd(jobOf('size=1g offset=1g offset_increment=2t numjobs=4'))).toBe(6 * TIB + 2 * GIB);
  });

  it('of clones that begin beyond the usual namespace are on a larger one', () => {
    expect(namespaceEnd(jobOf('offset_increment=124g numjobs=29'))).toBe(4 * TIB);
  });
});

describe('what fio makes nothing of', () => {
  it.each([
    'number_ios=0',
    'iodepth=8 iodepth_low=8',
    'iodepth=8 iodepth_low=0',
    'iodepth=8 serialize_overlap=1 rw=randread',
    'serialize_overlap=1 rw=randwrite',
    'ioengine=cpp_null',
    'ioengine=/usr/lib/fio/plug-in.so',
    'ioengine=libzbc',
    'xnvme_be=spdk end_syncfs=1 verify_policy=1 recover_zbd_write_error=1 write_zone_remainder=1',
  ])('%s runs', (lines) => {
    expect(jobOf(`size=1g ${lines}`).totalIos).toBe(GIB / 4096);
  });

  it.each([
    ['iodepth=8 iodepth_low=2', 'jobs.fio:3: iodepth_low=2: lets the queue drain to 2'],
    ['rw=randwrite iodepth=8 serialize_overlap=1', 'jobs.fio:4: serialize_overlap=1: holds back writes that overlap'],
    ['ioengine=ime_psync', 'ioengine=ime_psync moves data over a network store'],
    ['ioengine=page_fault', 'ioengine=page_fault touches pages of memory and does no I/O'],
    ['random_sequence_stride=4k', 'random_sequence_stride=4k is the stride of random_distribution=sequence'],
    ['file_service_type=zipf:1', 'file_service_type=zipf:1: theta must be at least 0 and not 1'],
    ['filesize=1m-2m-3m', 'filesize=1m-2m-3m: expected a size or a range of sizes'],
  ])('%s is refused for what it is', (lines, message) => {
    expect(() => jobOf(lines)).toThrow(message);
  });
});
