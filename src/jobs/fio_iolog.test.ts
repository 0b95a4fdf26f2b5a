// The lab's access streams beside the logs that fio 3.33 writes of the same jobs: every direction, file, offset and size is the same.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { expectSameIos } from '../../test/support/fio_iolog.ts';
import { FIO_3_33, needing } from '../../test/support/needs.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { resolveJobs } from './resolve.ts';

const PATTERNS = ['read', 'write', 'rw', 'randread', 'randwrite', 'randrw'];
const SIZES = ['bs=4k', 'bs=4k,16k', 'bsrange=4k-64k', 'bsrange=4k-10k', 'bssplit=4k/60:16k/30:64k/10'];
const JOBS = [
  ...PATTERNS.flatMap((rw) => SIZES.map((size) => `rw=${rw} ${size} size=2m`)),
  ...PATTERNS.map((rw) => `rw=${rw} size=1m norandommap rwmixread=70`),
  ...PATTERNS.map((rw) => `rw=${rw} size=1m nrfiles=3 loops=2`),
  // Seeds.
  'rw=randread size=1m randseed=42',
  'rw=randrw bssplit=4k/50:8k/50 size=1m randseed=42 loops=3',
  'rw=randread size=1m randrepeat=0 randseed=42',
  'rw=randrw bsrange=4k-16k size=1m allrandrepeat=1',
  // Distributions.
  ...[
    'zipf',
    'zipf:1.2',
    'zipf:0.8:0.3',
    'pareto',
    'pareto:0.2',
    'pareto:0.3:0.7',
    'normal',
    'normal:10',
    'normal:40',
  ].map((kind) => `rw=randread size=4m random_distribution=${kind}`),
  'rw=randread size=4m random_distribution=normal:20:0.2 filename=/dev/of-another-name',
  'rw=randrw size=4m random_distribution=zoned:60/10:30/20:8/30:2/40',
  'rw=randread size=40m number_ios=1000 random_distribution=zoned_abs:60/1m:30/4m:10/20m',
  // Generators and alignment.
  'rw=randread size=2m random_generator=lfsr',
  'rw=randread size=8m bs=16k random_generator=lfsr loops=2',
  'rw=randwrite size=3m random_generator=lfsr',
  'rw=randwrite size=5m random_generator=lfsr',
  'rw=randrw bsrange=4k-16k size=2m random_generator=tausworthe64',
  'rw=randread bs=16k ba=4k size=4m',
  'rw=randread bs=4k ba=16k size=4m',
  'rw=randread bs=3k ba=512 size=1m',
  'rw=randread bsrange=3k-10k size=1m',
  'rw=randrw bssplit=4k/60:64k/60 size=1m',
  // Order.
  'rw=randread:8 size=1m',
  'rw=randread:8 size=1m rw_sequencer=identical',
  'rw=read:4k size=1m',
  'rw=read:-8k size=1m',
  'rw=write:12k size=1m offset=1m',
  'rw=randrw size=1m percentage_random=40,80',
  'rw=randread size=1m percentage_random=50 bs=4k,16k bs_is_seq_rand=1',
  // Zones.
  'rw=read zonesize=64k zonerange=128k zoneskip=64k zonemode=strided size=4m',
  'rw=randread zonesize=64k zonerange=128k zoneskip=64k zonemode=strided size=4m',
  'rw=randread zonesize=256k zonerange=128k zoneskip=0 zonemode=strided size=4m',
  'rw=read size=60k zonesize=8k zonerange=16k zoneskip=8k zonemode=strided',
  // How much.
  'rw=randread size=1m io_size=4m',
  'rw=randread size=4m io_size=1m',
  'rw=randwrite size=1m io_size=3m norandommap',
  'rw=randread size=1m io_size=3m random_distribution=zipf',
  'rw=randread size=1m number_ios=100',
  'rw=randread size=1m number_ios=0',
  'rw=randread size=1m offset=0%',
  'rw=read size=14k loops=3',
  // Files.
  'rw=randread filesize=1m',
  'rw=randread filesize=4m size=1m',
  'rw=randread filesize=1m nrfiles=4',
  'rw=randread filesize=1m-4m nrfiles=4',
  'rw=read filesize=1m-4m nrfiles=4 io_size=3m',
  'rw=read filesize=4m nrfiles=4 size=5m',
  'rw=randread size=1m filename=a:b:c',
  'rw=randread size=4m nrfiles=8 openfiles=3',
  ...['sequential', 'roundrobin:4', 'random', 'random:4', 'zipf:1.2', 'pareto:0.3', 'normal:20'].map(
    (kind) => `rw=randread size=4m nrfiles=8 file_service_type=${kind}`,
  ),
  // Trims.
  'rw=trim bs=4k,8k,16k size=1m',
  'rw=randtrim bs=4k,8k,16k size=1m',
  'rw=randtrim bsrange=4k-16k size=1m',
  'rw=trimwrite bs=64k size=1m',
  'rw=randtrimwrite bs=4k size=1m',
  'rw=trimwrite bssplit=4k/60:16k/30:64k/10 size=1m',
  'rw=randtrimwrite bssplit=4k/60:16k/30:64k/10 size=1m',
  'rw=trimwrite bsrange=4k-16k size=1m',
  'rw=randtrimwrite bsrange=512/25:1k:25:2k:25:4k/25 size=64k',
  'rw=trimwrite bsrange=512/25:1k:25:2k:25:4k/25 size=64k',
];

/** All cases as sections of one job file: fio starts once, and each has a thread number of its own. */
const JOB_FILE = [
  '[global]\nioengine=null\nthread\n',
  ...JOBS.map((lines, index) => `[case${index}]\nwrite_iolog=case${index}.log\n${lines.replaceAll(' ', '\n')}\n`),
].join('');

needing(FIO_3_33).describe('beside the iologs of fio', () => {
  let folder = '';
  let jobs: readonly Job[] = [];
  beforeAll(() => {
    folder = scratchFolder('fio-iolog');
    writeFileSync(join(folder, 'jobs.fio'), JOB_FILE);
    const { status, stderr } = spawnSync('fio', ['--output-format=terse', 'jobs.fio'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(status, stderr).toBe(0);
    jobs = resolveJobs(parseJobFile(JOB_FILE, 'jobs.fio'), {
      limits: { maxIodepth: 1024, namespaceBytes: 2 ** 40 },
    }).jobs;
  });

  it('has at least 60 cases', () => {
    expect(JOBS.length).toBeGreaterThan(60);
  });

  it.each(JOBS.map((lines, index) => [lines, index] as const))('%s', (_lines, index) => {
    expectSameIos(jobs[index] as Job, join(folder, `case${index}.log`));
  });
});
