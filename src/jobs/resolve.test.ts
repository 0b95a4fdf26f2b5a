import { describe, expect, it } from 'vitest';
import { defaultJob } from './default_job.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { type Override, type ResolvedJobs, resolveJobs } from './resolve.ts';

const GIB = 2 ** 30;
const LIMITS = { maxIodepth: 256, namespaceBytes: 64 * GIB };

function resolve(text: string, set: Override[] = []): ResolvedJobs {
  return resolveJobs(parseJobFile(text, 'jobs.fio'), { limits: LIMITS, set });
}
function job(lines: string, set: Override[] = []): Job {
  return resolve(`[j]\n${lines}\n`, set).jobs[0] as Job;
}
function sizesOf(lines: string): { read: [number, number][]; write: [number, number][] } {
  const { read, write } = job(lines).blockSizes;
  const pairs = (sizes: typeof read) => sizes.map(({ bytes, weight }): [number, number] => [bytes, weight]);
  return { read: pairs(read), write: pairs(write) };
}

describe('a job without options', () => {
  it("has fio's defaults and the whole namespace", () => {
    expect(job('')).toMatchObject({
      name: 'j',
      group: 0,
      numjobs: 1,
      rw: { reads: true, writes: false, random: false },
      rwmixRead: 100,
      blockSizes: { read: [{ bytes: 4096, weight: 1 }] },
      blockAlignBytes: { read: 4096, write: 4096 },
      sizeBytes: 64 * GIB,
      offsetBytes: 0,
      iodepth: 1,
      iodepthBatch: 1,
      totalIos: (64 * GIB) / 4096,
      runtimeMs: undefined,
      timeBased: false,
      rampMs: 0,
      randSeed: 0xb1899bed,
      norandommap: false,
      distribution: { kind: 'random' },
      verify: false,
    });
  });
});

describe('patterns', () => {
  it.each([
    ['rw=read', true, false, false, 100],
    ['rw=write', false, true, false, 0],
    ['rw=randread', true, false, true, 100],
    ['rw=randwrite\nrwmixread=70', false, true, true, 0],
    ['rw=rw', true, true, false, 50],
    ['readwrite=readwrite\nrwmixread=70', true, true, false, 70],
    ['rw=randrw\nrwmixwrite=40', true, true, true, 60],
    ['rw=randrw\nrwmixread=60\nrwmixwrite=30', true, true, true, 70],
  ])('%j', (lines, reads, writes, random, rwmixRead) => {
    expect(job(lines)).toMatchObject({ rw: { reads, writes, random }, rwmixRead });
  });

  it('a suffix is a run length for random patterns and a gap for sequential ones', () => {
    expect(job('rw=randread:8\nrw_sequencer=identical').sequence).toEqual({
      randomEvery: 8,
      between: 'identical',
      skipBytes: 0,
    });
    expect(job('rw=read:4k').sequence.skipBytes).toBe(4096);
    expect(job('rw=write:-8k').sequence.skipBytes).toBe(-8192);
  });

  it('offsets that are not aligned to the block size turn the random map off, with a warning', () => {
    const { jobs, warnings } = resolve('[j]\nrw=randread\nbs=64k\nba=4k\n');
    expect(jobs[0]?.norandommap).toBe(true);
    expect(warnings).toEqual(['jobs.fio: [j] has blockalign, which turns the random map off (norandommap), as in fio']);
  });

  it('any other distribution than random goes without a map', () => {
    expect(job('rw=randread\nrandom_distribution=zipf:1.2').norandommap).toBe(true);
  });
});

describe('block sizes', () => {
  it('one size for reads and one for writes', () => {
    expect(sizesOf('bs=8k,16k')).toEqual({ read: [[8192, 1]], write: [[16384, 1]] });
    expect(sizesOf('bs=,16k')).toEqual({ read: [[4096, 1]], write: [[16384, 1]] });
  });

  it('a range is every multiple of its start, and its end with what is left, as fio draws it', () => {
    expect(sizesOf('bsrange=4k-16k').read).toEqual([4, 8, 12, 16].map((k) => [k * 1024, 0.25]));
    expect(sizesOf('bsrange=10k-4k').read).toEqual([
      [4096, 0.4],
      [8192, 0.4],
      [10240, 0.2],
    ]);
    expect(sizesOf('bsrange=4k-4k').read).toEqual([[4096, 1]]);
  });

  // What fio 3.33 draws for each of these.
  it.each<[string, [number, number][]]>([
    [
      'bssplit=4k/50:64k/50',
      [
        [4096, 0.5],
        [65536, 0.5],
      ],
    ],
    [
      'bssplit=4k/50:1k/:32k/',
      [
        [1024, 0.25],
        [32768, 0.25],
        [4096, 0.5],
      ],
    ],
    [
      'bssplit=4k:8k/60:12k',
      [
        [4096, 0.2],
        [12288, 0.2],
        [8192, 0.6],
      ],
    ],
    [
      'bssplit=4k/50:8k/20',
      [
        [8192, 0.2],
        [4096, 0.8],
      ],
    ],
    [
      'bssplit=4k/0:8k/20',
      [
        [8192, 0.2],
        [4096, 0.8],
      ],
    ],
    ['bssplit=4k/100:8k', [[4096, 1]]],
    [
      'bssplit=4k/40:6k/60',
      [
        [4096, 0.4],
        [4096, 0.6],
      ],
    ],
  ])('%s fills in and rounds as fio does', (line, expected) => {
    expect(sizesOf(line).read).toEqual(expected);
  });

  it('bssplit for reads and writes', () => {
    expect(sizesOf('bssplit=2k/50:4k/50,4k/90:8k/10')).toEqual({
      read: [
        [2048, 0.5],
        [4096, 0.5],
      ],
      write: [
        [8192, 0.1],
        [4096, 0.9],
      ],
    });
  });

  it('bssplit beats bs in one section, a later section beats both, and --set beats all', () => {
    expect(sizesOf('bssplit=4k/100\nbs=8k').read).toEqual([[4096, 1]]);
    expect(resolve('[global]\nbssplit=4k/50:8k\n[j]\nbs=16k\n').jobs[0]?.blockSizes.read).toEqual([
      { bytes: 16384, weight: 1 },
    ]);
    expect(job('bssplit=4k/50:8k', [{ key: 'bs', value: '64k' }]).blockSizes.read).toEqual([
      { bytes: 65536, weight: 1 },
    ]);
  });
});

describe('regions and amounts', () => {
  it('size and offset as bytes and as percentages of the namespace', () => {
    expect(job('size=1g\noffset=2g')).toMatchObject({ sizeBytes: GIB, offsetBytes: 2 * GIB });
    expect(job('size=25%')).toMatchObject({ sizeBytes: 16 * GIB });
    expect(job('offset=50%')).toMatchObject({ offsetBytes: 32 * GIB, sizeBytes: 32 * GIB });
    expect(job('size=100%\noffset=1g').sizeBytes).toBe(63 * GIB);
    expect(job('offset=33%\noffset_align=1m').offsetBytes % 2 ** 20).toBe(0);
  });

  it('fill_device goes to the end of the namespace', () => {
    expect(job('rw=write\nsize=1g\noffset=4g\nfill_device=1').sizeBytes).toBe(60 * GIB);
  });

  it.each([
    ['size=1m', 256],
    ['size=1m\nloops=3', 768],
    ['size=1m\nio_size=512k\nloops=2', 256],
    ['size=1m\nnumber_ios=100\nloops=2', 200],
    ['size=1m\nnumber_ios=300', 256],
    ['size=1m\nio_size=10m\nnumber_ios=300', 300],
    ['size=1026k', 256],
    ['size=1m\nbssplit=4k/50:12k/50', 128],
    ['size=1m\nrw=rw\nrwmixread=75\nbs=4k,20k', 128],
    ['size=1m\ntime_based\nruntime=5', Number.POSITIVE_INFINITY],
  ])('%j is %d I/Os, as fio counts them', (lines, ios) => {
    expect(job(lines).totalIos).toBe(ios);
  });

  it('time_based without a runtime is off, with a warning', () => {
    const { jobs, warnings } = resolve('[j]\ntime_based\nsize=1m\n');
    expect(jobs[0]).toMatchObject({ timeBased: false, totalIos: 256 });
    expect(warnings).toEqual(['jobs.fio: [j] has time_based but no runtime: it ends after its size, as in fio']);
  });
});

describe('depth, seeds, verify', () => {
  it('a batch of 0 or more than iodepth is iodepth', () => {
    expect(job('iodepth=16\niodepth_batch=0').iodepthBatch).toBe(16);
    expect(job('iodepth=16\niodepth_batch_submit=64').iodepthBatch).toBe(16);
    expect(job('iodepth=16\niodepth_batch=4').iodepthBatch).toBe(4);
  });

  it("randrepeat=0 takes the run's seed, and randseed beats it", () => {
    const file = parseJobFile('[a]\nrandrepeat=0\n[b]\nrandrepeat=0\nrandseed=5\n[c]\n', 'jobs.fio');
    const seeds = resolveJobs(file, { limits: LIMITS, seed: 99 }).jobs.map(({ randSeed }) => randSeed);
    expect(seeds).toEqual([99, 5, 0xb1899bed]);
  });

  it.each([
    ['verify=crc32c', true],
    ['verify=meta\ndo_verify=0', true],
    ['verify=sha3-256', true],
    ['verify=0', false],
    ['verify=none', false],
    ['verify=null', false],
  ])('%j is %s', (lines, verify) => {
    expect(job(lines).verify).toBe(verify);
  });

  it.each([
    ['zipf', { kind: 'zipf', theta: 1.1, center: undefined }],
    ['zipf:0.5:0.25', { kind: 'zipf', theta: 0.5, center: 0.25 }],
    ['pareto', { kind: 'pareto', h: 0.2, center: undefined }],
    ['normal:20', { kind: 'normal', deviationPercent: 20, center: undefined }],
  ])('random_distribution=%s', (value, distribution) => {
    expect(job(`rw=randread\nrandom_distribution=${value}`).distribution).toEqual(distribution);
  });

  it('zones take what sizes are left blank in equal parts', () => {
    const zone = (accessPercent: number, extent: number) => ({ accessPercent, extent });
    expect(job('random_distribution=zoned:50/5:30/15:20').distribution).toMatchObject({
      zones: { read: [zone(50, 5), zone(30, 15), zone(20, 80)] },
    });
    expect(job('random_distribution=zoned_abs:60/20G:40/10g,100/1g').distribution).toEqual({
      kind: 'zoned_abs',
      zones: { read: [zone(60, 20 * GIB), zone(40, 10 * GIB)], write: [zone(100, GIB)] },
    });
  });
});

describe('several jobs', () => {
  it('stonewall starts a group, at the first job too', () => {
    const text = '[a]\nstonewall\n[b]\nnumjobs=3\n[c]\nwait_for_previous\n[d]\nstonewall=0\n';
    const { jobs } = resolve(text);
    expect(jobs.map(({ group }) => group)).toEqual([0, 0, 1, 1]);
    expect(jobs.map(({ firstClone }) => firstClone)).toEqual([0, 1, 4, 5]);
  });

  it('are reported apart unless group_reporting puts them together', () => {
    expect(resolve('[a]\n[b]\n').jobs.map(({ reportGroup }) => reportGroup)).toEqual([0, 1]);
    const text = '[global]\ngroup_reporting\n[a]\n[b]\n[c]\nnew_group\n[d]\nstonewall\n';
    expect(resolve(text).jobs.map(({ reportGroup }) => reportGroup)).toEqual([0, 0, 1, 2]);
  });
});

describe('--set', () => {
  it('overrides every job, in order, and may use aliases', () => {
    const set = [
      { key: 'iodepth', value: '4' },
      { key: 'blocksize', value: '8k' },
      { key: 'iodepth', value: '8' },
    ];
    const { jobs } = resolve('[a]\niodepth=2\n[b]\nbs=64k\n', set);
    for (const each of jobs) expect(each).toMatchObject({ iodepth: 8, blockSizes: { read: [{ bytes: 8192 }] } });
    expect(jobs[0]?.options).toMatchObject({ iodepth: '8', bs: '8k' });
  });

  it('leaves the effective options for results', () => {
    const options = (lines: string, set: Override[] = []) => job(lines, set).options;
    expect(options('', [])).toEqual({
      rw: 'read',
      bs: '4096',
      size: String(64 * GIB),
      offset: '0',
      numjobs: '1',
      iodepth: '1',
      iodepth_batch: '1',
      randseed: String(0xb1899bed),
    });
    const set = [{ key: 'bs', value: '64k' }];
    expect(options('rw=randrw\nrwmixwrite=20\nbssplit=4k/50:8k\ndirect=1\nthread', set)).toMatchObject({
      rw: 'randrw',
      rwmixread: '80',
      bs: '64k',
      norandommap: '0',
      direct: '1',
      thread: '1',
    });
    expect(options('bssplit=4k/50:8k', set)).not.toHaveProperty('bssplit');
    expect(options('bssplit=4k/50:8k,\nbs=,16k')).toMatchObject({ bssplit: '4k/50:8k,', bs: ',16k' });
  });

  it('can take back what is refused', () => {
    const set = [{ key: 'thinkcycles', value: '0' }];
    expect(resolve('[a]\nthinkcycles=100\n', set).jobs).toHaveLength(1);
  });

  it('means the same for the default job', () => {
    expect(defaultJob(LIMITS)).toMatchObject({
      rw: { reads: true, writes: false, random: true },
      iodepth: 256,
      iodepthBatch: 32,
      norandommap: true,
      sizeBytes: 64 * GIB,
      totalIos: (64 * GIB) / 4096,
    });
    const set = [
      { key: 'rw', value: 'randrw' },
      { key: 'time_based', value: undefined },
      { key: 'runtime', value: '5' },
    ];
    expect(defaultJob(LIMITS, set)).toMatchObject({ rwmixRead: 50, timeBased: true, runtimeMs: 5000 });
  });

  it('errors say where they come from', () => {
    expect(() => defaultJob(LIMITS, [{ key: 'iodept', value: '3' }])).toThrow(
      "--set: fio has no option 'iodept', did you mean 'iodepth'?",
    );
    expect(() => defaultJob(LIMITS, [{ key: 'iodepth', value: '512' }])).toThrow(
      '--set: iodepth=512: a queue holds at most 256',
    );
  });
});

describe('what is not run as written', () => {
  it('ignored options are named in one line, engines with their value', () => {
    expect(
      resolve('[global]\ndirect=1\nioengine=libaio\n[a]\nfilename=x\n[b]\nfilename=y\nioengine=sync\n').warnings,
    ).toEqual([
      'jobs.fio: ignored, as they do not change what the emulated device is given: direct, ioengine=libaio, ioengine=sync',
    ]);
  });

  it('a depth that a synchronous engine would not have is said', () => {
    expect(resolve('[a]\niodepth=8\nioengine=psync\n').warnings[1]).toBe(
      'jobs.fio: [a] runs at iodepth=8; fio would cap it at 1, as ioengine=psync waits for each I/O',
    );
  });

  it('all refusals come in one message, each with its line and reason', () => {
    const text =
      '[global]\nthinkcycles=5\n[a]\nrw=randtrim\nnum_range=8\nfsync=32\nwrite_barrier=4\n[b]\nioengine=rdma\nthinkcycles=7\nbs=1000\n';
    expect(() => resolve(text)).toThrow(
      [
        'jobs.fio: the lab cannot run this workload as written.',
        '  jobs.fio:2: thinkcycles=5 (and 1 more) pauses by counting cycles of a processor; give the pause as a time: thinktime.',
        '  jobs.fio:5: num_range=8 trims several ranges with one I/O; use iodepth_batch, as trims of a batch share a command.',
        '  jobs.fio:7: write_barrier=4 asks for barrier writes, which Linux no longer has; use fsync.',
        '  jobs.fio:9: ioengine=rdma moves data over an RDMA link; the lab runs what a local NVMe device is given. Use a block engine such as io_uring.',
      ].join('\n'),
    );
  });

  it.each(['rate=0', 'startdelay=0', 'thinktime=0s', 'sync=none', 'zonemode=none', 'nrfiles=1', 'rate_process=linear'])(
    '%s changes nothing and is not refused',
    (line) => {
      expect(resolve(`[a]\n${line}\n`).jobs).toHaveLength(1);
    },
  );
});

describe('a wrong value is refused with file:line and an example:', () => {
  it.each([
    ['bs=1000', 'bs=1000: 1000 bytes is not a multiple of 512, the block of the namespace; for example bs=4k.'],
    [
      'bs=4KiB',
      'bs=4KiB: 4000 bytes is not a multiple of 512, the block of the namespace; for example bs=4k. To fio 1k is 1024 bytes and 1KiB is 1000 (kb_base=1024): write k, m, g.',
    ],
    ['bs=8k\nsize=4k', 'bs=8k: a block of 8 KiB does not fit into a size of 4 KiB. Lower bs or raise size.'],
    ['size=2k', 'size=2k: a block of 4 KiB does not fit into a size of 2 KiB. Lower bs or raise size.'],
    ['bs=0', 'bs=0: must be at least 1, for example bs=4k.'],
    ['bs=1.5m', 'bs=1.5m: expected a whole number of bytes with an optional unit, for example bs=4k.'],
    ['bsrange=4k', 'bsrange=4k: expected a range of sizes, for example bsrange=4k-64k.'],
    ['bssplit=4k/50:8k/60:16k', 'bssplit=4k/50:8k/60:16k: the percentages sum to 110; expected at most 100.'],
    ['iodepth=0', 'iodepth=0: expected a whole number of at least 1, for example iodepth=32.'],
    [
      'iodepth=512',
      'iodepth=512: a queue holds at most 256 I/Os; lower iodepth to that, or spread the I/Os over more jobs (numjobs).',
    ],
    ['numjobs=0', 'numjobs=0: expected a whole number of at least 1, for example numjobs=4.'],
    ['rwmixread=101', 'rwmixread=101: expected a whole number from 0 to 100, for example rwmixread=70.'],
    [
      'rw=readd',
      'rw=readd: expected one of read, write, rw, readwrite, randread, randwrite, randrw, trim, randtrim, trimwrite, randtrimwrite, for example rw=randread.',
    ],
    ['rw=', 'rw=: needs a value, for example rw=randread.'],
    [
      'offset=2g\nfilesize=1g',
      'offset=2g: starts at 2 GiB, behind the end of the file at 1 GiB. Lower it, or raise size.',
    ],
    [
      'filesize=5000t\nnrfiles=2',
      'filesize=5000t: reaches to 9.77 PiB; a namespace has at most 8 PiB here. Lower size or offset.',
    ],
    ['offset=1000', 'offset=1000: must be a multiple of 512, for example offset=1m.'],
    ['ioengine=libaioo', "ioengine=libaioo: fio has no such engine, did you mean 'libaio'?"],
    ['verify=crc99', "verify=crc99: expected one of fio's checksums such as crc32c, md5, sha256 or xxhash, or none."],
    [
      'random_distribution=zipf:1',
      'random_distribution=zipf:1: theta must be at least 0 and not 1, for example zipf:1.2.',
    ],
    [
      'random_distribution=zoned:50/5:30/15',
      'random_distribution=zoned:50/5:30/15: the access percentages must sum to 100, for example zoned:60/10:40/90.',
    ],
    [
      'random_distribution=zoned_abs:50/5g:50/100g',
      'random_distribution=zoned_abs:50/5g:50/100g: the zones sum to 105 GiB, more than size=64 GiB.',
    ],
    ['random_generator=mt', 'random_generator=mt: expected tausworthe, tausworthe64 or lfsr.'],
    ['kb_base=10', 'kb_base=10: expected 1000 or 1024.'],
  ])('%j', (lines, message) => {
    const line = message.startsWith('size=8g') ? 3 : 2;
    expect(() => job(lines)).toThrow(
      expect.objectContaining({ name: 'LabError', exitCode: 2, message: `jobs.fio:${line}: ${message}` }),
    );
  });
});
