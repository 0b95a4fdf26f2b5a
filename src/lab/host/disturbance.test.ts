import { readlinkSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { ProbesModule } from '../../../build/exports.ts';
import { needing, PROC } from '../../../test/support/needs.ts';
import { startSentinel, watchRound } from './disturbance.ts';

describe('a round that is watched', () => {
  const watch = (runDelays: number[], running: number, threadIds: number[] = []) =>
    watchRound({ threadIds: () => threadIds, runDelayMs: () => runDelays.shift() as number }, running)();

  it('has the mean of what its working threads waited since it began', () => {
    expect(watch([100, 106], 2).runDelayMs).toBe(3);
    // A thread that has ended takes its time with it.
    expect(watch([100, 90], 2).runDelayMs).toBe(0);
  });

  it('has no figure where the system counts none', () => {
    expect(watch([Number.NaN, Number.NaN], 2).runDelayMs).toBeNull();
  });

  it('has no CPU time where a thread cannot be looked at', () => {
    expect(watch([0, 0], 1, [0])).toMatchObject({ cpuMs: null, involuntarySwitches: null });
  });

  it('counts how often the process went on after a stop, in the round alone', async () => {
    const crew = { threadIds: () => [], runDelayMs: () => 0 };
    const before = watchRound(crew, 1);
    process.emit('SIGCONT');
    await nextTurn();
    expect(before().stops).toBe(1);
    const finish = watchRound(crew, 1);
    expect(finish().stops).toBe(0);
  });

  needing(PROC).it('has the CPU time and the switches of its threads', () => {
    const own = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    const finish = watchRound({ threadIds: () => [own], runDelayMs: () => 0 }, 1);
    const before = process.cpuUsage();
    let spent = 0;
    while (spent < 5000) {
      const { user, system } = process.cpuUsage(before);
      spent = user + system;
    }
    const { cpuMs, involuntarySwitches, wallMs } = finish();
    expect(cpuMs).toBeGreaterThan(0);
    expect(involuntarySwitches).toBeGreaterThanOrEqual(0);
    expect(wallMs).toBeGreaterThan(0);
  });
});

describe('the sentinel', () => {
  it('runs as many steps as its time holds, at least a thousand, and never long', () => {
    const asked: number[] = [];
    const spin = (steps: number): number => {
      asked.push(steps);
      return steps;
    };
    const sentinel = startSentinel({ spin } as unknown as ProbesModule);
    expect(asked).toEqual([1_000_000, 1_000_000]);
    for (const ms of [0, 250, 10_000]) expect(sentinel.run(ms)).toBeGreaterThan(0);
    const [none, most, more] = asked.slice(2) as [number, number, number];
    expect(none).toBe(1000);
    expect(most).toBeGreaterThan(none);
    expect(more).toBe(most);
  });
});
