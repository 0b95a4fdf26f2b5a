// Flows from the command line: every scheme with every buffer source ends in a figure or in the kernel's refusal.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSchemes } from '../src/lab/machine/modules.ts';
import { type Cell, parseResult, type Result } from '../src/result/schema.ts';
import { jobFile, QUICK } from './support/cli.ts';
import { command, type Ended } from './support/command.ts';

async function resultOf(args: string[]): Promise<{ ended: Ended; result: Result }> {
  const ended = await command(['run', ...args, '--out', 'out', '--json', 'result.json']);
  expect([ended.code, ended.stderr]).toEqual([0, ended.stderr]);
  return { ended, result: parseResult(readFileSync(join(ended.dir, 'result.json'), 'utf8'), 'result.json') };
}

const arm = ({ scheme, params }: Cell): string => `${params.flow} ${scheme} ${params.buffers}`;

describe('flows', () => {
  it('give a figure or a refusal with its reason for every scheme and buffer source', async () => {
    const { result } = await resultOf([...QUICK, '--scheme', 'all', '--flow', 'direct,copy', '--mode', 'inline']);
    const schemes = listSchemes().map(({ name }) => name);
    const wanted = ['direct', 'copy'].flatMap((flow) =>
      schemes
        .filter((scheme) => scheme !== 'null')
        .flatMap((scheme) => ['pool', 'fixed', 'user'].map((buffers) => `${flow} ${scheme} ${buffers}`)),
    );
    expect(result.cells.map(arm)).toEqual(expect.arrayContaining([...wanted, 'copy page ram', 'copy null fixed']));
    for (const cell of result.cells) {
      const { refused } = cell;
      const hasFigure = (cell.cpuNsPerIo?.median ?? 0) > 0 && cell.perIo !== null;
      expect([arm(cell), hasFigure, refused?.errno]).toEqual([arm(cell), refused === undefined, refused?.errno]);
      if (refused !== undefined) expect(refused.reason).not.toContain('gives no reason');
    }
    // Refusals are the scheme's, not the flow's: both clients reach the provider.
    const refusedIn = (flow: string): string[] =>
      result.cells
        .filter(({ refused, params }) => refused !== undefined && params.flow === flow)
        .map((cell) => arm(cell).slice(flow.length));
    expect(refusedIn('copy')).toEqual(refusedIn('direct'));
    expect(refusedIn('copy')).not.toEqual([]);
  }, 120_000);

  it('copy: counts copies, times them whole, checks them, and compares P2P with the bounce through RAM', async () => {
    const job = jobFile('[a]\nrw=randrw\nbs=8k\niodepth=16\niodepth_batch=4\nnorandommap\n');
    const { ended, result } = await resultOf([
      job,
      ...QUICK,
      // Long enough for samples of latency in every slice, also where others keep the cores busy.
      ...['--rounds', '4', '--round-ms', '25'],
      '--flow',
      'copy',
      '--payload',
      'verify',
      '--buffers',
      'fixed',
      '--scheme',
      'page',
    ]);
    expect(ended.stderr).toContain("the job's share of writes means nothing there");
    expect(ended.stderr).toContain('A is 0000:04:00.0, B 0000:05:00.0');
    const cell = (id: string): Cell => result.cells.find((each) => each.id === id) as Cell;
    const reference = cell('g0/page/fixed');
    expect(reference.params).toMatchObject({
      flow: 'copy',
      clients: ['0000:04:00.0', '0000:05:00.0'],
      role: 'reference',
    });
    expect(reference.verified).toMatchObject({ errors: 0 });
    // Blocks of lead-ins and drains are checked too.
    expect(reference.verified?.bytes).toBeGreaterThanOrEqual((reference.verified?.ios ?? 0) * 8192);
    expect(reference.perIo).toMatchObject({ mapCalls: 2, p2pTests: 6 });
    expect(reference.latencyNs?.samples).toBeGreaterThan(0);
    const bounce = cell('g0/page/ram');
    expect(bounce.perIo).toMatchObject({ mapCalls: 0, p2pTests: 0 });
    expect(bounce.metadataBytes).toMatchObject({ memmap: 0, mapState: 0, pool: 0 });
    expect(result.comparisons.filter(({ a, b }) => a === bounce.id && b === reference.id)).not.toEqual([]);
    // The floor is no address scheme, and its memory is P2P.
    expect(result.cells.filter(({ params }) => params.buffers === 'ram').map(({ scheme }) => scheme)).toEqual(['page']);
  }, 120_000);

  it('copy: a second client that cannot reach the provider refuses the arm, named', async () => {
    const { result } = await resultOf([
      ...[...QUICK, '--flow', 'copy', '--buffers', 'fixed', '--mode', 'inline', '--scheme', 'page,dma_vec'],
      // On the root bus, behind a host bridge that this CPU does not let P2P through.
      ...['--cpu', 'intel:6', '--client-b', '0000:00:00.0'],
    ]);
    const refusals = result.cells
      .filter(({ refused, scheme }) => refused && scheme !== 'null')
      .map(({ id, refused }) => [id, refused?.errno]);
    expect(refusals).toEqual([
      ['g0/page/fixed', 'EREMOTEIO'],
      ['g0/dma_vec/fixed', 'EINVAL'],
    ]);
    const reason = result.cells.find(({ id }) => id === 'g0/page/fixed')?.refused?.reason;
    expect(reason).toContain('it is refused for 0000:00:00.0, not for 0000:04:00.0');
    // What goes through RAM has nothing to be refused, and is the reference then.
    expect(result.cells.find(({ id }) => id === 'g0/page/ram')?.params.role).toBe('reference');
  }, 120_000);
});
