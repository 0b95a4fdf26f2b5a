// The command line as a user meets it: real worker threads, exit codes and messages; real processes where they are what is tested.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import type { RunOptions } from '../src/catalogue/options/catalogue.ts';
import { run } from '../src/lab/run.ts';
import { resolveRun } from '../src/options/resolve_run.ts';
import { addRunOptions } from '../src/options/run_options.ts';
import { parseResult, type Result } from '../src/result/schema.ts';
import { jobFile, p2plab, QUICK } from './support/cli.ts';
import { command } from './support/command.ts';

describe('a run', () => {
  it('prints the table, leaves the run folder, and its JSON is one valid document', async () => {
    const ended = await p2plab(['run', ...QUICK, '--processes', '2', '--out', 'out', '--json', 'result.json']);
    expect(ended.stderr).not.toContain('unexpected');
    expect(ended.code).toBe(0);
    expect(ended.stdout).toContain('refused: EINVAL');
    expect(ended.stdout.trimEnd().split('\n').at(-1)).toBe('out/report.html');
    expect(readdirSync(join(ended.dir, 'out'))).toEqual(
      expect.arrayContaining(['result.json', 'rounds.jsonl', 'summary.md', 'iops_by_scheme.png']),
    );
    const result = parseResult(readFileSync(join(ended.dir, 'result.json'), 'utf8'), 'result.json');
    expect(result.cells.map(({ id }) => id)).toContain("g0/page/pool'");
    expect(result.cells.every(({ rounds, refused }) => rounds.length === 4 || refused)).toBe(true);
    expect(result.run.processes?.map(({ process }) => process)).toEqual([0, 1]);
    expect(result.blocks?.map(({ process, round, mode }) => [process, round, mode])).toEqual([
      [0, 0, 'threads'],
      [0, 0, 'inline'],
      [1, 1, 'threads'],
      [1, 1, 'inline'],
    ]);
    // Equal counts for all arms and processes.
    const slices = result.cells.flatMap(({ rounds }) => rounds.filter(({ mode }) => mode === 'inline'));
    expect(new Set(slices.map(({ ios }) => ios)).size).toBe(1);
  }, 120_000);

  it('checks every block with payload verify, over several queue pairs and by interrupt', async () => {
    const job = jobFile(
      '[a]\nrw=randrw\nbssplit=512/20:4k/60:64k/20\niodepth=16\niodepth_batch=4\nnumjobs=2\nnorandommap\n',
    );
    const ended = await command([
      'run',
      job,
      ...QUICK,
      '--payload',
      'verify',
      '--wait',
      'irq',
      '--p2p-share',
      '50',
      '--out',
      'out',
      '--json',
      '-',
    ]);
    const files = readdirSync(join(ended.dir, 'out')).length;
    expect(ended.stderr).toBe(`p2plab: ${files} files in out\nout/report.html\n`);
    const result = JSON.parse(ended.stdout) as Result;
    const verified = result.cells.filter(({ verified }) => verified !== null);
    expect(verified.length).toBeGreaterThan(3);
    expect(verified.every(({ verified: v }) => v !== null && v.bytes > 0 && v.errors === 0)).toBe(true);
  }, 120_000);

  it('ends with exit 4 when a process dies, names it with its stderr, and keeps what others measured', async () => {
    const args = ['run', ...QUICK, '--processes', '3', '--rounds', '3', '--fault', 'process1:exit@50', '--out', 'out'];
    const ended = await p2plab([...args, '--mode', 'inline', '--buffers', 'fixed']);
    expect(ended.stderr).toMatch(/process 2 of 3 ended with exit code 1 .*a planned fault ends this process/s);
    expect(ended.code).toBe(4);
    const result = parseResult(readFileSync(join(ended.dir, 'out/result.json'), 'utf8'), 'result.json');
    expect(result.run.interrupted).toBe(true);
    const used = result.cells.flatMap(({ rounds }) => rounds.map(({ process }) => process));
    expect(new Set(used)).toEqual(new Set([0]));
  }, 120_000);

  it.each(['nvme0:hang@800', 'host0:exit@800'])(
    'ends with exit 4 when a worker dies or hangs, names it, and keeps earlier groups: %s',
    async (fault) => {
      const ended = await command(['run', ...QUICK, '--rounds', '400', '--out', 'out', '--fault', fault]);
      expect(ended.code).toBe(4);
      expect(ended.stderr).toContain(`worker ${fault.split(':')[0]}`);
      expect(readdirSync(join(ended.dir, 'out'))).toContain('result.json');
    },
    120_000,
  );

  it('writes a valid result on Ctrl-C and exits 130', async () => {
    const args = ['run', ...QUICK.filter((word) => word !== '--quiet'), '--rounds', '5000', '--out', 'out'];
    const ended = await p2plab(args, (child) => {
      // Its first words are progress: it measures, and listens.
      child.stderr.once('data', () => child.kill('SIGINT'));
    });
    expect(ended.code).toBe(130);
    const result = parseResult(readFileSync(join(ended.dir, 'out/result.json'), 'utf8'), 'result.json');
    expect(result.run.interrupted).toBe(true);
  }, 120_000);

  it('that is interrupted keeps the rounds that all arms have', async () => {
    const words = addRunOptions(new Command()).parse([...QUICK, '--processes', '2', '--rounds', '5000'], {
      from: 'user',
    });
    const { params } = await resolveRun(undefined, words.opts<RunOptions>());
    const interruption = new AbortController();
    const progress = (_: number, what: string): void => {
      // It is told when a round begins: before the second none is whole.
      if (/, round ([2-9]|\d{2,}) of/.test(what)) interruption.abort();
    };
    const measurement = { signal: interruption.signal, events: { progress }, policy: { cores: 2 } };
    const { result, failure } = await run(params, measurement, { warnings: [], argv: [] });
    expect(failure).toBeUndefined();
    expect(result.run.interrupted).toBe(true);
    const lengths = new Set(result.cells.filter(({ refused }) => !refused).map(({ rounds }) => rounds.length));
    expect([...lengths]).toEqual([expect.any(Number)]);
    expect([...lengths][0]).toBeGreaterThan(0);
  }, 120_000);
});

describe('bad input ends with exit 2 and one message that says what to do', () => {
  const cases: [string, string[], RegExp][] = [
    ['unknown option', ['--bra', '1GiB'], /unknown option '--bra'/],
    ['BAR whose memmap does not fit', ['--bar', '512GiB'], /memory holds 4 GiB.*memmap/s],
    ['bs that is no multiple of 512', ['--set', 'bs=1000'], /512/],
    ['unwritable --out', ['--out', '/proc/p2plab'], /cannot write \/proc\/p2plab/],
    ['missing job file', ['no.fio'], /no\.fio: cannot read/],
  ];
  it.each(cases)('%s', { timeout: 60_000 }, async (_, args, message) => {
    const ended = await command(['run', ...QUICK.filter((word) => word !== '--bar' && word !== '256MiB'), ...args]);
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(2);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.stdout).toBe('');
  });

  it('a bad line of a job file, with its place', async () => {
    const ended = await command(['run', jobFile('[a]\nrw=randread\nblah=3\n'), ...QUICK]);
    expect(ended.stderr).toMatch(/job\.fio:3:.*blah/);
    expect(ended.code).toBe(2);
  });

  it('as a process, too', async () => {
    const ended = await p2plab(['run', '--scheme', 'pge']);
    expect(ended).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/^p2plab: --scheme: unknown scheme 'pge'.*\n$/),
    });
  });
});
