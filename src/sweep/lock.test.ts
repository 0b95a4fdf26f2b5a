// Two sweeps in one folder.
import { spawnSync } from 'node:child_process';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { thisPlace } from '../base/owner.ts';
import { lockFolder } from './lock.ts';

let dir = '';
beforeEach(() => {
  dir = scratchFolder('lock');
});

const leftBy = (holder: object, name = 'lock.json'): void => writeFileSync(join(dir, name), JSON.stringify(holder));

describe('a lock', () => {
  it('is held once, and is gone when it is given back', async () => {
    const lock = await lockFolder(dir, undefined);
    await expect(lockFolder(dir, undefined)).rejects.toThrow(/a sweep is running here \(process \d+ on/);
    await expect(lockFolder(dir, { index: 1, count: 2 })).rejects.toThrow(/is running here/);
    await lock.release();
    expect(readdirSync(dir)).toEqual([]);
    await (await lockFolder(dir, undefined)).release();
  });

  it('of one of twenty that ask at once is held by one', async () => {
    leftBy({ pid: spawnSync('true').pid, host: hostname(), started: '1', place: thisPlace(), shard: null });
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(dir, undefined)));
    const got = asked.filter(({ status }) => status === 'fulfilled');
    expect(got).toHaveLength(1);
  });

  it('lets different shards of one split work side by side', async () => {
    const one = await lockFolder(dir, { index: 1, count: 2 });
    const two = await lockFolder(dir, { index: 2, count: 2 });
    await expect(lockFolder(dir, { index: 2, count: 2 })).rejects.toThrow(/shard 2\/2 of a sweep is running/);
    await expect(lockFolder(dir, { index: 2, count: 3 })).rejects.toThrow(/is running/);
    await expect(lockFolder(dir, undefined)).rejects.toThrow(/is running/);
    await Promise.all([one.release(), two.release()]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('that a dead process left is taken over, also when its number is used again', async () => {
    leftBy({ pid: spawnSync('true').pid, host: hostname(), started: '12345', place: thisPlace(), shard: null });
    await (await lockFolder(dir, undefined)).release();
    leftBy({ pid: process.pid, host: hostname(), started: 'another', place: thisPlace(), shard: null });
    await (await lockFolder(dir, undefined)).release();
    leftBy({ not: 'a lock' });
    await (await lockFolder(dir, undefined)).release();
  });

  describe('of a process that cannot be seen from here', () => {
    const theirs = { pid: 1, host: 'elsewhere', started: '1', place: 'ffffffff', shard: null };
    const beats = { everyMs: 10_000, freshMs: 60_000, watchMs: 200 };
    const dated = (ms: number): void => utimesSync(join(dir, 'lock.json'), new Date(ms), new Date(ms));

    it('counts while it is dated as now', async () => {
      leftBy(theirs);
      await expect(lockFolder(dir, undefined, { beats })).rejects.toThrow(/process 1 on elsewhere/);
    });

    it('is taken over when it does not beat, whatever its date', async () => {
      for (const offMs of [-3_600_000, 3_600_000]) {
        leftBy(theirs);
        dated(Date.now() + offMs);
        await (await lockFolder(dir, undefined, { beats })).release();
      }
      expect(readdirSync(dir)).toEqual([]);
    });

    it('counts when it beats, by a clock that is an hour off', async () => {
      leftBy(theirs);
      let at = Date.now() - 3_600_000;
      dated(at);
      const beating = setInterval(() => {
        at += 1000;
        dated(at);
      }, 10);
      await expect(lockFolder(dir, undefined, { beats: { ...beats, watchMs: 20_000 } })).rejects.toThrow(
        /running here/,
      );
      clearInterval(beating);
    });

    it('in another namespace of pids of this machine is not looked up here', async () => {
      leftBy({ ...theirs, pid: process.pid, host: hostname() });
      await expect(lockFolder(dir, undefined, { beats })).rejects.toThrow(/is running here/);
    });
  });

  it('that cannot be written is said so, with exit code 2', async () => {
    const gone = join(dir, 'gone');
    await expect(lockFolder(gone, undefined)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/lock cannot be made/),
    });
  });

  it('says what holds it, and what its holder left unfinished goes when it is taken', async () => {
    const dead = { pid: spawnSync('true').pid, host: hostname(), started: '1', place: thisPlace(), shard: null };
    leftBy(dead);
    writeFileSync(join(dir, `lock.json.${dead.pid}-1-${dead.place}.01234567.tmp`), '');
    const lock = await lockFolder(dir, undefined, { what: 'a run' });
    expect(readdirSync(dir)).toEqual(['lock.json']);
    await expect(lockFolder(dir, undefined)).rejects.toThrow(/a run is running here/);
    await lock.release();
  });
});
