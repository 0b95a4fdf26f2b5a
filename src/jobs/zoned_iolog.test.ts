// The access streams of zonemode=zbd beside the logs that fio 3.33 writes of the same jobs on files whose zones it emulates.
import { spawnSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, it } from 'vitest';
import { expectSameIos } from '../../test/support/fio_iolog.ts';
import { FIO_3_33, needing } from '../../test/support/needs.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { resolveJobs } from './resolve.ts';

const SIZES = ['bs=4k', 'bs=64k', 'bsrange=4k-64k', 'bssplit=4k/60:16k/30:64k/10', 'bs=12k', 'bs=3k'];
const WRITES = ['write', 'randwrite', 'rw', 'randrw'];
const LIMITS = [
  'max_open_zones=1',
  'max_open_zones=3',
  'max_open_zones=8',
  'max_open_zones=5 job_max_open_zones=2',
  'max_open_zones=3 ignore_zone_limits=1',
];
const JOBS = [
  ...WRITES.flatMap((rw) => SIZES.map((size) => `rw=${rw} ${size}`)),
  ...WRITES.flatMap((rw) => LIMITS.map((limit) => `rw=${rw} bs=16k ${limit} io_size=24m`)),
  ...WRITES.map((rw) => `rw=${rw} bs=16k zonecapacity=768k io_size=20m`),
  ...WRITES.map((rw) => `rw=${rw} bs=20k zonecapacity=700k io_size=20m max_open_zones=4`),
  ...WRITES.map((rw) => `rw=${rw} bs=4k norandommap io_size=20m`),
  ...WRITES.map((rw) => `rw=${rw} bs=16k loops=3 max_open_zones=2`),
  // Resets before zones are full.
  'rw=randwrite bs=16k io_size=24m zone_reset_threshold=0.5 zone_reset_frequency=0.1',
  'rw=write bs=16k io_size=24m zone_reset_threshold=0.2 zone_reset_frequency=0.25',
  'rw=randrw bs=16k io_size=24m zone_reset_threshold=0 zone_reset_frequency=1',
  'rw=randwrite bs=16k io_size=24m zone_reset_frequency=0.3',
  'rw=randwrite bs=16k io_size=24m zone_reset_threshold=0.5',
  // Zones left out.
  'rw=write bs=64k zoneskip=1m',
  'rw=write bs=64k zoneskip=2z zonecapacity=512k',
  'rw=rw bs=64k zoneskip=1z',
  // Reads.
  'rw=read bs=64k read_beyond_wp=1',
  'rw=randread bs=16k read_beyond_wp=1',
  'rw=rw bs=16k read_beyond_wp=1 rwmixread=70',
  'rw=read bs=64k read_beyond_wp=1 zoneskip=1z',
  'rw=randrw bs=16k rwmixread=80 io_size=24m',
  'rw=rw bsrange=4k-64k rwmixread=30 io_size=24m',
  // Parts of the file.
  'rw=randwrite bs=16k offset=1z size=4z',
  'rw=write bs=64k offset=1536k size=4m',
  'rw=randwrite bs=64k offset=1536k size=4m',
  'rw=write bs=64k size=3584k',
  'rw=randwrite bs=64k size=4z io_size=9z max_open_zones=2',
  'rw=randwrite bs=64k number_ios=77 size=3z',
  'rw=randwrite bs=16k zonesize=640k size=8m max_open_zones=3',
  // Order.
  'rw=randwrite:8 bs=16k max_open_zones=3',
  'rw=randrw bs=16k percentage_random=50 max_open_zones=3',
  'rw=write:16k bs=16k',
  'rw=randwrite bs=16k random_distribution=zipf:1.2 max_open_zones=4 io_size=24m',
  'rw=randwrite bs=16k random_generator=lfsr max_open_zones=4',
  'rw=randwrite bs=16k randseed=42 max_open_zones=4',
  // Verified: full zones are not written again.
  'rw=write bs=64k verify=crc32c do_verify=0',
  'rw=randwrite bs=64k verify=crc32c do_verify=0 max_open_zones=3',
  // Several files.
  'rw=write bs=64k nrfiles=3',
  'rw=randwrite bs=64k nrfiles=3 max_open_zones=2 job_max_open_zones=3',
  // Trims.
  'rw=trim bs=1m',
];

const FILE_BYTES = 8 * 2 ** 20;

function section(lines: string, index: number): string {
  const zonesize = lines.includes('zonesize=') ? '' : 'zonesize=1m ';
  const options = `${zonesize}${lines} write_iolog=case${index}.log`.replaceAll(' ', '\n');
  return `[case${index}]\n${options}\n`;
}

const JOB_FILE = [
  '[global]\nioengine=psync\nthread\nzonemode=zbd\nfilesize=8m\nfallocate=none\n',
  ...JOBS.map(section),
].join('');

needing(FIO_3_33).describe('zoned, beside the iologs of fio', () => {
  let folder = '';
  let jobs: readonly Job[] = [];
  beforeAll(() => {
    folder = scratchFolder('zoned-iolog');
    writeFileSync(join(folder, 'jobs.fio'), JOB_FILE);
    for (const [index, lines] of JOBS.entries()) {
      const files = Number(/nrfiles=(\d+)/.exec(lines)?.[1] ?? 1);
      for (let file = 0; file < files; file++) {
        const path = join(folder, `case${index}.0.${file}`);
        writeFileSync(path, '');
        truncateSync(path, FILE_BYTES);
      }
    }
    spawnSync('fio', ['--output-format=terse', 'jobs.fio'], { cwd: folder, encoding: 'utf8' });
    const limits = { maxIodepth: 1024, namespaceBytes: 2 ** 40 };
    jobs = resolveJobs(parseJobFile(JOB_FILE, 'jobs.fio'), { limits }).jobs;
  });

  it.each(JOBS.map((lines, index) => [lines, index] as const))('%s', (_lines, index) => {
    expectSameIos(jobs[index] as Job, join(folder, `case${index}.log`));
  });
});
