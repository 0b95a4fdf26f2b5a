// `p2plab cost` as a user meets it: what it writes, the same bytes in every process, and what it refuses.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CostDocument } from '../../src/cost/document.ts';
import { p2plab } from '../support/cli.ts';
import { command } from '../support/command.ts';

const SMALL = [
  '--scheme',
  'page,dma_vec',
  '--buffers',
  'fixed',
  '--bar',
  '64MiB',
  '--ram',
  '64MiB',
  '--payload',
  'none',
  '--seeds',
  '2',
];
const MILAN = fileURLToPath(new URL('../../src/cost/cpus/milan.yaml', import.meta.url));

/** Modules, and their maps, may have to be compiled first. */
const COLD = { timeout: 900_000 };

/** What is said besides that modules are compiled, once. */
function said(stderr: string): string {
  return stderr.replace(/^p2plab: compiling .*\n/gm, '');
}

describe('p2plab cost', () => {
  it('writes the same document in two processes, whatever their environment', COLD, async () => {
    const words = ['cost', ...SMALL, '--no-lines', '--cpu', 'genoa'];
    const mine = await command([...words, '--quiet', '--json', '-']);
    const other = await p2plab([...words, '--json', 'cost.json']);
    expect([mine.code, other.code, said(mine.stderr)]).toEqual([0, 0, '']);
    const written = readFileSync(join(other.dir, 'cost.json'), 'utf8');
    expect(mine.stdout === written).toBe(true);
    const document: CostDocument = JSON.parse(written);
    expect(document.schema).toBe('p2plab.cost/1');
    expect(Object.keys(document.modules)).toEqual(['device', 'host.dma_vec', 'host.null', 'host.page']);
    const [page, vec] = document.cells;
    expect([page?.id, vec?.id]).toEqual(['g0/page/fixed', 'g0/dma_vec/fixed']);
    const misses = page?.host?.cpus.genoa;
    expect(misses?.cycles.lo).toBeGreaterThan(0);
    for (const { host } of document.cells) {
      const { lo, dep, hi } = host?.cpus.genoa?.cycles ?? { lo: 3, dep: 2, hi: 1 };
      expect(lo <= dep && dep <= hi).toBe(true);
    }
    const [difference] = document.differences;
    expect([difference?.a, difference?.b, difference?.perIo.ops]).toEqual([
      ...['g0/dma_vec/fixed', 'g0/page/fixed'],
      (vec?.host?.perIo.ops ?? 0) - (page?.host?.perIo.ops ?? 0),
    ]);
    expect(difference?.structures.find(({ name }) => name === 'page')?.perIo.lines).toBe(-1);
  });

  it('prints tables, a difference, CSV and a file for callgrind_annotate', COLD, async () => {
    const words = ['cost', ...SMALL, '--quiet', '--seeds', '1', '--cpu', 'spr', '--prefetch', 'none,next-line'];
    const more = ['--diff', 'page/fixed,dma_vec/fixed', '--csv', 'cost.csv', '--callgrind', 'callgrind.out'];
    const { code, stdout, stderr, dir } = await command([...words, ...more]);
    expect([code, said(stderr)]).toEqual([0, '']);
    expect(stdout).toMatch(/page\/fixed less dma_vec\/fixed +\+\d+/);
    expect(stdout).toMatch(/src\/machine\/mm\/page\.ts:\d+ +isPciP2pdmaPage +\+\d+/);
    const [titles, first] = readFileSync(join(dir, 'cost.csv'), 'utf8').split('\n');
    expect(titles).toContain('host_spr+next-line_l3Misses_mean');
    expect(first?.split(',').length).toBe(titles?.split(',').length);
    const callgrind = readFileSync(join(dir, 'callgrind.out'), 'utf8');
    expect(callgrind).toMatch(/^events: Ir Accesses$/m);
    expect(callgrind).toMatch(/^fl=src\/machine\/mm\/page\.ts\nfn=\[g0\/page\/fixed\] host: \w+\n\d+ \d+ \d+$/m);
  });

  it('says what a scheme refuses, and goes on', async () => {
    const words = ['cost', ...SMALL, '--quiet', '--no-lines', '--buffers', 'user', '--markdown', '-', '--seeds', '1'];
    const { code, stdout } = await command(words);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\| dma_vec\/user \| refused: EINVAL/);
    expect(stdout).toMatch(/\| page\/user \| \d+/);
  });

  const refusals: [what: string, words: string[], message: RegExp][] = [
    ['an unknown processor', ['--cpu', 'milann'], /--cpu: unknown processor 'milann', did you mean 'milan'\?/],
    ['a processor that cannot be', ['--cpu', 'own.yaml'], /own\.yaml:\d+: l1d\.sets\.value: expected a power of two/],
    ['more placements than are simulated', ['--seeds', '65'], /--seeds.*from 1 to 64/s],
    ['a job with times of its own', ['--set', 'rate_iops=100k'], /has a rate, think time or flow share/],
    ['the removal of the provider', ['--remove-at', '50%'], /cost: --remove-at/],
    ['an arm that was not run', ['--diff', 'page/user,dma_vec/fixed'], /--diff: there is no arm 'page\/user'/],
  ];
  for (const [what, words, message] of refusals) {
    it(`refuses ${what} with one message`, async () => {
      const dir = (await command(['--version'])).dir;
      writeFileSync(
        join(dir, 'own.yaml'),
        readFileSync(MILAN, 'utf8').replace(
          'value: 64, source: "AMD 56665, Software Optimization Guide for Family 19h Models 00h to 2Fh: 32 KiB',
          'value: 63, source: "AMD: 32 KiB',
        ),
      );
      const { code, stdout, stderr } = await command(
        ['cost', ...SMALL, '--no-lines', '--quiet', '--seeds', '1', ...words],
        { dir },
      );
      expect([code, stdout]).toEqual([2, '']);
      expect(stderr).toMatch(message);
      expect(stderr).not.toMatch(/at .*\.ts:\d+:\d+/);
    });
  }
});
