// `p2plab run --remove-at` as a user meets it: real threads, replicates, the table, and what it refuses.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseResult, type Removal, type Result } from '../src/result/schema.ts';
import { command, type Ended } from './support/command.ts';

// Few I/Os in flight, so that there is a before and an after however slow the machine is.
const SMALL = ['--bar', '256MiB', '--payload', 'verify', '--rounds', '2', '--round-ms', '3', '--quiet'].concat([
  '--set',
  'iodepth=16',
  '--batch',
  '4',
]);

const run = (args: readonly string[]): Promise<Ended> => command(['run', ...args]);

function removalOf(result: Result, name: string): Removal {
  const cell = result.cells.find(({ scheme, params }) => `${scheme}/${params.buffers}` === name);
  expect(cell?.removal, name).toBeDefined();
  return cell?.removal as Removal;
}

describe('run --remove-at', () => {
  it('accounts for every I/O of every round, on threads and inline, over two processes', async () => {
    const schemes = 'page,dma_vec,vma,dmabuf';
    const ended = await run([...SMALL, '--scheme', schemes, '--remove-at', '50%', '--processes', '2', '--out', 'out']);
    expect(ended.stderr).not.toContain('unexpected');
    expect(ended.code).toBe(0);
    const result = parseResult(readFileSync(join(ended.dir, 'out/result.json'), 'utf8'), 'result.json');
    const removals = result.cells.flatMap(({ removal }) => removal ?? []);
    expect(removals).toHaveLength(8);
    for (const { rounds } of removals) {
      expect(rounds.map(({ mode }) => mode).sort()).toEqual(['inline', 'inline', 'threads', 'threads']);
      for (const { ios, okBefore, okDraining, okAfter, refused, deviceErrors } of rounds) {
        expect(okBefore + okDraining + okAfter + refused + deviceErrors).toBe(ios);
      }
    }
    for (const [name, rule, errno] of [
      ['page/user', 'pins', 'EFAULT'],
      ['page/pool', 'allocations', 'ENOMEM'],
      ['vma/fixed', 'revoked', 'EINVAL'],
      ['dmabuf/fixed', 'revoked', 'ENODEV'],
    ] as const) {
      const removal = removalOf(result, name);
      expect(removal).toMatchObject({ rule, refused: { errno }, deviceErrors: 0, corruptedBlocks: 0 });
      // The last I/O gives its reference back before it is counted.
      expect(removal.okAfter).toBeLessThanOrEqual(removal.rounds.length);
      expect(removal.refused.ios).toBeGreaterThan(0);
      expect(removal.drainNs?.median).toBeGreaterThanOrEqual(0);
    }
    expect(removalOf(result, 'page/fixed')).toMatchObject({ rule: 'holders', refused: { ios: 0 }, deviceErrors: 0 });
    const used = removalOf(result, 'dma_vec/fixed');
    expect(used).toMatchObject({ rule: 'none', refused: { ios: 0 } });
    expect(used.usedAfter.unclaimed).toBeGreaterThan(0);
    expect(ended.stdout).toContain('used after removal');
    const summary = readFileSync(join(ended.dir, 'out/summary.md'), 'utf8');
    expect(summary).toContain('dma_vec/fixed was used after the provider was gone');
  }, 60_000);

  it('shows where data lands when another device has the addresses, and leaves host RAM alone', async () => {
    const removed = ['--remove-at', '25%', '--hole', 'reassigned', '--p2p-share', '50', '--processes', '1'];
    const ended = await run([...SMALL, '--scheme', 'phys,page', '--buffers', 'fixed,pool', ...removed, '--json', '-']);
    expect(ended.code).toBe(0);
    const result = parseResult(ended.stdout, 'stdout');
    const used = removalOf(result, 'phys/fixed');
    expect(used).toMatchObject({ rule: 'none', deviceErrors: 0, hole: 'reassigned', at: 0.25 });
    expect(used.usedAfter.landedElsewhere).toBeGreaterThan(0);
    // Half of the I/Os are in host RAM and go on.
    expect(removalOf(result, 'page/pool').okAfter).toBeGreaterThan(0);
    expect(result.cells[0]?.params).toMatchObject({ removeAt: 0.25, hole: 'reassigned' });
  }, 60_000);

  it('is refused in one message where its share is none', async () => {
    const ended = await run([...SMALL, '--remove-at', 'half']);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('expected a share');
    expect(ended.stderr).not.toContain('    at ');
  });
});
