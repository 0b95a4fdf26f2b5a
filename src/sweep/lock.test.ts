// Two sweeps in one folder.
import { spawnSync } from 'node:child_process';
import { readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
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
    leftBy({ pid: spawnSync('true').pid, host: hostname(), started: '1', shard: null });
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
    leftBy({ pid: spawnSync('true').pid, host: hostname(), started: '12345', shard: null });
    await (await lockFolder(dir, undefined)).release();
    leftBy({ pid: process.pid, host: hostname(), started: 'another', shard: null });
    await (await lockFolder(dir, undefined)).release();
    leftBy({ not: 'a lock' });
    await (await lockFolder(dir, undefined)).release();
  });

  it('of another machine counts while it is fresh', async () => {
    leftBy({ pid: 1, host: 'elsewhere', started: '1', shard: null });
    await expect(lockFolder(dir, undefined)).rejects.toThrow(/process 1 on elsewhere/);
    const long = new Date(Date.now() - 3_600_000);
    utimesSync(join(dir, 'lock.json'), long, long);
    await (await lockFolder(dir, undefined)).release();
  });
});
