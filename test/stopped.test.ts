// A run that is stopped and goes on (Ctrl-Z, fg), by real signals: the rounds in which it stood still are set aside.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { parseResult } from '../src/result/schema.ts';
import { p2plab, QUICK } from './support/cli.ts';
import { needing, PROC } from './support/needs.ts';
import { until } from './support/wait.ts';

const LOUD = QUICK.filter((word) => word !== '--quiet' && word !== '--rounds' && word !== '2');
const TICKS_BETWEEN = 15;
const STOPS = 8;

/** Its state and the ticks that it has computed for; undefined when it has ended. */
function stat(pid: number): { state: string; ticks: number } | undefined {
  try {
    const [state = '', ...fields] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state, ticks: Number(fields[10]) + Number(fields[11]) };
  } catch {
    return undefined;
  }
}

/** Stops and continues the process some times, each after it has worked for a while. */
async function disturb(pid: number, kill: (signal: NodeJS.Signals) => void): Promise<void> {
  for (let stop = 0; stop < STOPS; stop++) {
    const before = stat(pid)?.ticks ?? 0;
    await until(() => (stat(pid)?.ticks ?? Number.POSITIVE_INFINITY) >= before + TICKS_BETWEEN);
    kill('SIGSTOP');
    await until(() => ['T', 'Z', undefined].includes(stat(pid)?.state));
    kill('SIGCONT');
  }
}

needing(PROC).it(
  'a round in which a run was stopped is set aside, and so is the one before it',
  async () => {
    const words = ['run', ...LOUD, '--scheme', 'page', '--buffers', 'fixed', '--mode', 'inline', '--ram', '64MiB'];
    let disturbing: Promise<void> = Promise.resolve();
    const ended = await p2plab([...words, '--rounds', '1500', '--round-ms', '1', '--out', 'out'], (child) => {
      // Its first words are progress: it measures.
      child.stderr.once('data', () => {
        disturbing = disturb(child.pid as number, (signal) => void child.kill(signal));
      });
    });
    await disturbing;
    expect(ended.code).toBe(0);
    const { blocks = [] } = parseResult(readFileSync(join(ended.dir, 'out/result.json'), 'utf8'), 'result.json');
    const stopped = blocks.flatMap((block, index) => ((block.stops ?? 0) > 0 ? [index] : []));
    expect(stopped.length).toBeGreaterThan(0);
    for (const index of stopped) {
      const [before, block] = [blocks[index - 1], blocks[index]];
      expect(block?.dirtyReason).toMatch(/^the process was stopped (once|\d+ times) in [\d.]+ ms \(Ctrl-Z, SIGSTOP\)/);
      if (before !== undefined) expect(before.dirtyReason).toMatch(/^the process was stopped/);
    }
    const told = blocks.filter(({ dirtyReason }) => dirtyReason?.startsWith('the process was stopped')).length;
    expect(told).toBeLessThanOrEqual(2 * stopped.length);
  },
  120_000,
);
