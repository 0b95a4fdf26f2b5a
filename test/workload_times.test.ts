// Workloads with times of their own, from a job file to the result: pauses bound the rate, shares hold the mix, a latency target
// sets the depth.
import { describe, expect, it } from 'vitest';
import type { Result } from '../src/result/schema.ts';
import { jobFile, QUICK } from './support/cli.ts';
import { command } from './support/command.ts';

const FIXED = ['--buffers', 'fixed', '--scheme', 'dma_vec', '--bar', '64MiB', '--out', 'out', '--json', '-'];

async function resultOf(text: string, ...more: string[]): Promise<Result> {
  const ended = await command(['run', jobFile(text), ...QUICK, ...FIXED, ...more]);
  expect(ended.code, ended.stderr).toBe(0);
  return JSON.parse(ended.stdout) as Result;
}

describe('a job file that', () => {
  it('thinks does no more I/O than its pauses allow, in a closed loop', async () => {
    const { cells } = await resultOf(
      '[a]\nrw=randread\niodepth=8\nthinktime=1000\nthinktime_blocks=10\nthinktime_blocks_type=issue\n',
      '--mode',
      'threads',
    );
    for (const { iops, latencyNs } of cells) {
      // Ten I/Os between pauses of a millisecond, however fast or slow the machine is.
      expect(iops?.median).toBeLessThan(10_000 * 1.2);
      expect(latencyNs?.loop).toBe('closed');
    }
  }, 60_000);

  it('shares has its mix in both schedules, and data that checks', async () => {
    const text = '[global]\nbs=4k\niodepth=16\n[w]\nrw=randwrite\nflow=1\n[r]\nrw=randread\nflow=8\n';
    const { cells } = await resultOf(text, '--payload', 'verify');
    for (const { verified, rounds } of cells) {
      expect(verified?.errors).toBe(0);
      expect(verified?.ios).toBeGreaterThan(0);
      expect(new Set(rounds.map(({ mode }) => mode))).toEqual(new Set(['threads', 'inline']));
    }
  }, 60_000);

  it('has a latency target that all keep is measured at its own depth, and says so', async () => {
    const { cells } = await resultOf(
      '[a]\nrw=randread\niodepth=32\nlatency_target=10s\nlatency_window=1ms\n',
      '--mode',
      'threads',
    );
    expect(cells.map(({ latencyTarget }) => latencyTarget)).toMatchObject(cells.map(() => ({ depth: 32, met: true })));
  }, 60_000);

  it('waits for another runs after it, in a group of its own', async () => {
    const text = '[a]\nrw=randread\n[b]\nwait_for=a\nrw=randwrite\n';
    const { cells } = await resultOf(text, '--mode', 'inline');
    expect([...new Set(cells.map(({ params }) => `${params.group} ${params.rw}`))]).toEqual([
      'g0 randread',
      'g1 randwrite',
    ]);
  }, 60_000);
});
