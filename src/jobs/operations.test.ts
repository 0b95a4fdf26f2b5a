// Trims and flushes of a job: what its options say, and what the stream holds.
import { describe, expect, test } from 'vitest';
import { compileStream, STREAM_WORDS } from './access_stream.ts';
import { iologLines } from './iolog.ts';
import type { Job } from './job.ts';
import { parseJobFile } from './job_file.ts';
import { resolveJobs } from './resolve.ts';
import { streamEntries } from './stream_entries.ts';

const LIMITS = { maxIodepth: 1023, namespaceBytes: 2 ** 40 };
const REGION = { bytes: 2 ** 28, windowBytes: 2 ** 26, slots: { first: 0, stride: 1 } };
const PLACE = { p2pShare: 100, bar: REGION, ram: REGION };
const WRITE = 1;
const DSM = 9;

function jobOf(options: string): Job {
  const { jobs } = resolveJobs(parseJobFile(`[job]\n${options}\n`, 'test.fio'), { limits: LIMITS });
  return jobs[0] as Job;
}

function entriesOf(options: string) {
  const words = new Uint32Array(1024 * STREAM_WORDS);
  const facts = compileStream(jobOf(options), 0, PLACE, words);
  return { facts, entries: streamEntries(words) };
}

test('rw=trim goes through the region in order, with the sizes of trims', () => {
  const { facts, entries } = entriesOf('rw=trim\nbs=4k,8k,64k\nsize=1g');
  expect(facts).toMatchObject({ ios: 1024, reads: 0, writes: 0, trims: 1024, meanBytes: 65536 });
  expect(entries.slice(0, 3)).toMatchObject([0, 128, 256].map((lba) => ({ opcode: DSM, lba, blocks: 128 })));
});

test('rw=randtrim touches each block once before any twice', () => {
  const { entries } = entriesOf('rw=randtrim\nbs=4k\nsize=4m');
  expect(new Set(entries.map(({ lba }) => lba)).size).toBe(1024);
  expect(entries.every(({ opcode }) => opcode === DSM)).toBe(true);
});

test('rw=trimwrite trims each block and then writes it', () => {
  for (const rw of ['trimwrite', 'randtrimwrite']) {
    const { facts, entries } = entriesOf(`rw=${rw}\nbs=16k\nsize=1g`);
    expect(facts).toMatchObject({ trims: 512, writes: 512, reads: 0 });
    for (let i = 0; i < 1024; i += 2) {
      const [trim, write] = entries.slice(i, i + 2);
      expect([trim?.opcode, write?.opcode]).toEqual([DSM, WRITE]);
      expect([write?.lba, write?.blocks]).toEqual([trim?.lba, trim?.blocks]);
    }
  }
});

test('fsync and fdatasync put a Flush behind every so many writes, never behind a read', () => {
  const { entries } = entriesOf('rw=randrw\nsize=1g\nfsync=4\nfdatasync=6');
  let writes = 0;
  for (const { opcode, flush } of entries) {
    if (opcode === WRITE) writes++;
    expect(flush).toBe(opcode === WRITE && (writes % 4 === 0 || writes % 6 === 0));
  }
  expect(writes).toBeGreaterThan(400);
});

test('an engine that queues its fsync goes on; one that calls fsync() waits', () => {
  expect(jobOf('rw=write\nsize=1m\nfsync=1\nioengine=io_uring').fsync).toEqual({ everyWrites: [1], waits: false });
  expect(jobOf('rw=write\nsize=1m\nfdatasync=8\nioengine=libaio').fsync).toEqual({ everyWrites: [8], waits: true });
  expect(jobOf('rw=write\nsize=1m\nfsync=1').fsync?.waits).toBe(true);
  expect(jobOf('rw=write\nsize=1m\nfsync=0').fsync).toBeUndefined();
});

test.each([
  // REQ_FUA on each direct write (dio_bio_write_op); what waits for its writes gets a Flush behind each besides.
  ['sync=1\nioengine=libaio', true, undefined],
  ['sync=dsync\nioengine=io_uring', true, undefined],
  ['sync=sync', true, { everyWrites: [1], waits: true, isOfSync: true }],
  ['sync=dsync\nioengine=pvsync2', true, { everyWrites: [1], waits: true, isOfSync: true }],
  ['sync=dsync\nioengine=posixaio', true, { everyWrites: [1], waits: false, isOfSync: true }],
  ['sync=1\nioengine=libaio\nfsync=8', true, { everyWrites: [8], waits: true }],
  ['sync=none', undefined, undefined],
  ['sync=0', undefined, undefined],
  ['sync=1\nioengine=io_uring_cmd', undefined, undefined],
  ['writefua=1\nioengine=io_uring_cmd', true, undefined],
  ['writefua=1\nioengine=libaio', undefined, undefined],
])('%j: Force Unit Access %s, Flushes %j', (options, fua, fsync) => {
  expect(jobOf(`rw=randrw\nsize=1m\n${options}`)).toMatchObject(fua ? { fua } : {});
  expect(jobOf(`rw=randrw\nsize=1m\n${options}`).fua).toBe(fua);
  expect(jobOf(`rw=randrw\nsize=1m\n${options}`).fsync).toEqual(fsync);
});

test('sync marks writes, and neither reads nor trims', () => {
  for (const { opcode, fua } of entriesOf('rw=randrw\nsize=1g\nsync=1').entries) expect(fua).toBe(opcode === WRITE);
  for (const { opcode, fua } of entriesOf('rw=trimwrite\nsize=1m\nsync=1').entries) expect(fua).toBe(opcode === WRITE);
});

test.each([
  ['sync=2', /sync=2: expected none, sync or dsync/],
  ['sync', /sync: .*value/],
  ['sync=dsync\nfsync=4', /fsync=4: a write of this engine with sync is followed by a Flush already/],
])('refuses %j', (options, message) => {
  expect(() => jobOf(`rw=write\nsize=1m\n${options}`)).toThrow(message);
});

test("a job's log has a sync where fio issues one: before the I/O behind every so many writes", () => {
  const logOf = (options: string) =>
    [...iologLines(jobOf(options), 0, { version: 2, mostIos: 100 })].map((line) => line.split(' ')[1]).slice(3, -1);
  expect(logOf('rw=write\nsize=16k\nfsync=2')).toEqual(['write', 'write', 'sync', 'write', 'write']);
  expect(logOf('rw=write\nsize=12k\nsync=1')).toEqual(['write', 'write', 'write']);
});

describe('end_fsync and fsync_on_close', () => {
  test('put a Flush behind the last I/O, each time the stream has gone through the job', () => {
    const { entries } = entriesOf('rw=randwrite\nsize=400k\nbs=4k\nend_fsync=1\nioengine=io_uring');
    expect(entries.flatMap(({ flush }, index) => (flush ? [index] : []))).toEqual([
      99, 199, 299, 399, 499, 599, 699, 799, 899, 999,
    ]);
    expect(jobOf('rw=write\nsize=1m\nfsync_on_close=1').fsync).toEqual({ everyWrites: [], waits: true, atEnd: true });
  });

  test('are one Flush with an fsync of the same write', () => {
    const { entries } = entriesOf('rw=write\nsize=400k\nbs=4k\nend_fsync=1\nfsync=50\nioengine=io_uring');
    expect(entries.filter(({ flush }) => flush)).toHaveLength(20);
  });

  test.each(['rw=read', 'rw=trim', 'rw=write\ntime_based\nruntime=1'])('are nothing with %j', (options) => {
    expect(jobOf(`${options}\nsize=1m\nend_fsync=1`).fsync).toBeUndefined();
  });
});
