import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { GIB, MIB, TIB } from '../base/units.ts';
import { compileStream, STREAM_WORDS } from './access_stream.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { resolveJobs } from './resolve.ts';
import { streamEntries } from './stream_entries.ts';

let folder = '';
beforeAll(() => {
  folder = scratchFolder('replay');
  writeFileSync(join(folder, 'a.mqsim'), '1000 0 100 8 1\n2000 1 100 16 0\n4000 0 108 1 1\n');
  writeFileSync(join(folder, 'b.mqsim'), '5 7 4 4 0\n');
  mkdirSync(join(folder, 'jobs'));
});

function resolved(options: string, trace = 'a.mqsim'): { job: Job; warnings: readonly string[] } {
  const names = trace
    .split('|')
    .map((each) => join(folder, each))
    .join(':');
  const text = `[replay]\niodepth=4\nread_iolog=${names}\n${options}`;
  const { jobs, warnings } = resolveJobs(parseJobFile(text, join(folder, 'x.fio')), {
    limits: { maxIodepth: 1023, namespaceBytes: TIB },
  });
  return { job: jobs[0] as Job, warnings };
}

function stream(job: Job, clone = 0, verifyBlocks?: number) {
  const region = { bytes: GIB, windowBytes: 16 * MIB, slots: { first: 0, stride: 1 } };
  const out = new Uint32Array(16 * STREAM_WORDS);
  const place = {
    p2pShare: 100,
    bar: region,
    ram: region,
    ...(verifyBlocks === undefined ? {} : { verifyBlocks, serializes: true }),
  };
  compileStream(job, clone, place, out);
  return streamEntries(out).map(({ opcode, lba, blocks }) => [opcode, lba, blocks]);
}

describe('a replayed trace', () => {
  it('is the stream, in a circle, each device behind the one before it', () => {
    const { job, warnings } = resolved('replay_no_stall=1\nbs=4k');
    const records = [
      [2, 100, 8],
      [1, GIB / 512 + 100, 16],
      [2, 108, 1],
    ];
    expect(stream(job)).toEqual(Array.from({ length: 16 }, (_, i) => records[i % 3]));
    expect(job).toMatchObject({ rw: { reads: true, writes: true }, totalIos: Number.POSITIVE_INFINITY });
    expect(job.blockSizes.read).toEqual([
      { bytes: 512, weight: 0.5 },
      { bytes: 4096, weight: 0.5 },
    ]);
    expect(warnings.join('\n')).toMatch(/its bs do not apply/);
    expect(warnings.join('\n')).toMatch(/2 devices laid one behind another/);
    expect(job.replays?.[0]?.dueNs).toBeUndefined();
  });

  describe('with trims and flushes', () => {
    const lines = 'Q WS 8 + 8|Q FWS|Q D 4096 + 4194304|Q FWFS 64 + 8|Q R 0 + 1'.split('|');
    const text = lines.map((line, i) => {
      const [action, kind, ...rest] = line.split(' ');
      return `  8,0    1        1     0.00000${i}000  1234  ${action}   ${kind} ${rest.join(' ')} [fio]`;
    });

    beforeAll(() => {
      writeFileSync(join(folder, 'ops.blk'), text.join('\n'));
    });

    it('sends them in their place: trims in pieces, a flush ahead of its write, Force Unit Access', () => {
      const { job, warnings } = resolved('replay_no_stall=1\nioengine=io_uring\nfsync=1', 'ops.blk');
      expect(job).toMatchObject({ fsync: { everyWrites: [], waits: false }, rw: { trims: 'recorded' } });
      // Sizes are of what moves data.
      expect(job.blockSizes).toEqual({ read: [{ bytes: 512, weight: 1 }], write: [{ bytes: 4096, weight: 1 }] });
      const region = { bytes: GIB, windowBytes: 16 * MIB, slots: { first: 0, stride: 1 } };
      const out = new Uint32Array(8 * STREAM_WORDS);
      const facts = compileStream(job, 0, { p2pShare: 100, bar: region, ram: region }, out);
      const plain = { flush: false, fua: false };
      const records = [
        { opcode: 1, lba: 8, blocks: 8, ...plain },
        { opcode: 0, lba: 0, blocks: 0, flush: true, fua: false },
        { opcode: 9, lba: 4096, blocks: 2 ** 21, ...plain },
        { opcode: 9, lba: 4096 + 2 ** 21, blocks: 2 ** 21, ...plain },
        { opcode: 0, lba: 0, blocks: 0, flush: true, fua: false },
        { opcode: 1, lba: 64, blocks: 8, flush: false, fua: true },
        { opcode: 2, lba: 0, blocks: 1, ...plain },
        { opcode: 1, lba: 8, blocks: 8, ...plain },
      ];
      expect(streamEntries(out)).toMatchObject(records);
      expect(facts).toMatchObject({ ios: 8, reads: 1, writes: 3, trims: 2, flushes: 2 });
      expect(warnings.join('\n')).toMatch(/2 of its records are flushes; figures are per other I\/O/);
      expect(warnings.join('\n')).toMatch(/its fsync do not apply/);
    });

    it('trims no more than a 64th of media that is checked, and leaves out what replay_skip names', () => {
      const { job } = resolved('replay_no_stall=1\nreplay_skip=sync,read', 'ops.blk');
      expect(job.fsync).toBeUndefined();
      const small = stream(job, 0, 1024).slice(0, 4);
      expect(small.map(([opcode, , blocks]) => [opcode, blocks])).toEqual([
        [1, 8],
        [9, 16],
        [9, 16],
        [1, 8],
      ]);
    });
  });

  it('has its devices laid over each other by replay_redirect', () => {
    const { job } = resolved('replay_redirect=/dev/nvme0n1');
    expect(stream(job).slice(0, 2)).toEqual([
      [2, 100, 8],
      [1, 100, 16],
    ]);
  });

  it('is due at its recorded times, scaled by replay_time_scale as fio does: 200 is twice as fast', () => {
    const due = (options: string) => resolved(options).job.replays?.[0]?.dueNs;
    expect(due('')).toEqual(Float64Array.of(0, 1000, 3000));
    expect(due('replay_time_scale=200')).toEqual(Float64Array.of(0, 500, 1500));
    expect(resolved('loops=2').job.totalIos).toBe(6);
  });

  it('is moved by replay_scale and replay_align, and widened to whole blocks', () => {
    const { job, warnings } = resolved('replay_scale=3\nreplay_redirect=x');
    // 51,200 / 3 = 17,066: the first block is 33, the last 42.
    expect(stream(job)[0]).toEqual([2, 33, 9]);
    expect(warnings.join('\n')).toMatch(/widened to whole blocks/);
    expect(stream(resolved('replay_scale=3\nreplay_align=4k\nreplay_redirect=x').job)[0]).toEqual([2, 32, 8]);
  });

  it('is another one for each clone where several are named', () => {
    const { job } = resolved('numjobs=2', 'a.mqsim|b.mqsim');
    expect(stream(job, 1)[0]).toEqual([1, 4, 4]);
  });

  it('is folded into the media where data is checked, no two I/Os in flight on the same block', () => {
    const { job } = resolved('verify=crc32c\nreplay_no_stall=1');
    const entries = stream(job, 0, 2048);
    for (const [i, [, lba, blocks]] of entries.entries()) {
      expect((lba as number) + (blocks as number)).toBeLessThanOrEqual(2048);
      for (const [, other, more] of entries.slice(i + 1, i + 8)) {
        const apart =
          (lba as number) >= (other as number) + (more as number) ||
          (other as number) >= (lba as number) + (blocks as number);
        expect(apart).toBe(true);
      }
    }
  });

  it.each([
    ['replay_skip=reads', /expected a list of read, write, trim and sync/],
    ['replay_align=3', /expected a power of two/],
    ['replay_time_scale=0', /replay_time_scale/],
    ['read_iolog=-', /from files only/],
    ['read_iolog=nowhere.csv', /nowhere.csv: cannot read this file/],
    ['replay_skip=read,write', /has no reads, writes or trims/],
  ])('refuses %s', (options, message) => {
    expect(() => resolved(options)).toThrow(message);
  });
});
