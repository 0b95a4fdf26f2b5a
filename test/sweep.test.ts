// A sweep as a user meets it: killed, resumed, split over shards and merged.
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { sweepLines } from '../src/report/formats/sweep_markdown.ts';
import { parseResult, type Result } from '../src/result/schema.ts';
import type { SweepDocument } from '../src/sweep/folder.ts';
import { isOf } from '../src/sweep/shard.ts';
import { command } from './support/command.ts';
import { scratchFolder } from './support/scratch.ts';
import { until } from './support/wait.ts';

const P2PLAB = fileURLToPath(new URL('../bin/p2plab.js', import.meta.url));
/** Cells of some milliseconds: one scheme, counted and timed by one slice each. */
const TINY = [
  '--scheme',
  'page',
  '--buffers',
  'fixed',
  '--mode',
  'inline',
  '--payload',
  'none',
  '--bar',
  '64MiB',
].concat(...[['--ram', '64MiB'], ['--rounds', '1'], ['--round-ms', '1'], ['--quiet']]);

let scratch = '';
beforeAll(() => {
  scratch = scratchFolder('sweep');
});

const p2plab = (args: readonly string[], env: Record<string, string> = {}) => command(args, { dir: scratch, env });

interface Killed {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** In a process of its own, which can be killed. */
function inProcess(args: readonly string[], onStart?: (child: ChildProcess) => void) {
  const child = spawn(process.execPath, [P2PLAB, ...args], { cwd: scratch });
  const ended: Killed = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    ended.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    ended.stderr += chunk;
  });
  onStart?.(child);
  return new Promise<Killed>((done) => {
    child.on('close', (code) => done({ ...ended, code }));
  });
}
const read = (path: string): string => readFileSync(join(scratch, path), 'utf8');
const resultOf = (dir: string): Result => parseResult(read(`${dir}/result.json`), dir);
const filesOf = (dir: string): string[] => readdirSync(join(scratch, dir, 'cells')).sort();

/** What of a result is the same whenever and wherever the points are measured. */
function deterministic({ cells, sweep }: Result) {
  return {
    sweep,
    cells: cells.map(({ id, scheme, params, perIo, metadataBytes, refused }) => {
      const { resident: _, ...modelled } = metadataBytes ?? { resident: null };
      return { id, scheme, params, perIo: { ...perIo, wakeups: null }, modelled, refused };
    }),
  };
}

describe('a sweep', () => {
  const AXES = ['--axis', 'bs=512,4k,64k', '--axis', 'iodepth=1,8'];

  it('measures each point once, says what it would do before, and does nothing twice', async () => {
    const planned = await p2plab(['sweep', ...AXES, ...TINY, '--out', 'once', '--dry-run']);
    expect(planned.stdout).toMatch(/6 points: 6 to measure in about .*Largest machine: .*resident/s);
    expect(readdirSync(scratch)).not.toContain('once');
    const first = await p2plab(['sweep', ...AXES, ...TINY, '--out', 'once']);
    expect(first.stderr).toBe('');
    expect(first.code).toBe(0);
    expect(first.stdout).toContain('6 points: 6 measured; 6 of them now, 0 before');
    const files = Object.fromEntries(filesOf('once').map((file) => [file, read(`once/cells/${file}`)]));
    // The figures, and in the last line where the report is.
    expect(first.stdout).toMatch(/^ *bs .*iodepth.*scheme.*CPU ns\/I\/O/m);
    expect(first.stdout.trimEnd().split('\n').at(-1)).toBe('once/report.html');
    const again = await p2plab(['sweep', ...AXES, ...TINY, '--out', 'once']);
    expect(again.stdout).toContain('0 of them now, 6 before');
    expect(Object.fromEntries(filesOf('once').map((file) => [file, read(`once/cells/${file}`)]))).toEqual(files);
    for (const [file, text] of Object.entries(files)) expect(parseResult(text, file).cells).toHaveLength(3);
    const { cells } = resultOf('once');
    expect(new Set(cells.map(({ params }) => `${params.bs} ${params.iodepth}`)).size).toBe(6);
    expect(read('once/cells.csv').split('\n')).toHaveLength(1 + cells.length + 1);
    // A file that is torn or empty, or another point's, is no point.
    const [torn, empty, swapped, whole] = filesOf('once') as [string, string, string, string];
    writeFileSync(join(scratch, 'once/cells', torn), (files[torn] as string).slice(0, 1000));
    writeFileSync(join(scratch, 'once/cells', empty), '');
    writeFileSync(join(scratch, 'once/cells', swapped), files[whole] as string);
    writeFileSync(join(scratch, 'once/cells', `${torn}.4711.0badcafe.tmp`), '{');
    const mended = await p2plab(['sweep', ...AXES, ...TINY, '--out', 'once']);
    expect(mended).toMatchObject({ code: 0, stdout: expect.stringContaining('3 of them now, 3 before') });
    expect(filesOf('once')).toEqual(Object.keys(files));
    const forced = await p2plab([
      'sweep',
      '--axis',
      'bs=512,4k,64k',
      '--axis',
      'iodepth=1',
      ...TINY,
      '--out',
      'once',
      '--force',
    ]);
    expect(forced.stdout).toContain('3 points: 3 measured; 3 of them now');
    expect(filesOf('once')).toHaveLength(6);
  }, 60_000);

  it('that is killed at any moment goes on where it was: no point lost, none torn, none twice', async () => {
    const args = ['sweep', '--axis', 'bs=512,1k,2k,4k', '--axis', 'iodepth=1,4,16', ...TINY, '--out', 'killed'];
    let measured = 0;
    for (const afterCells of [1, 4, 8]) {
      await inProcess(args, (child) => {
        void until(() => pointsIn('killed') >= afterCells).then(() => child.kill('SIGKILL'));
      });
      measured = pointsIn('killed');
      expect(measured).toBeGreaterThanOrEqual(afterCells);
      for (const file of filesOf('killed').filter((each) => each.endsWith('.json')))
        expect(parseResult(read(`killed/cells/${file}`), file).cells).toHaveLength(3);
    }
    const last = await p2plab(args);
    expect(last.code).toBe(0);
    expect(last.stdout).toContain(`12 points: 12 measured; ${12 - measured} of them now, ${measured} before`);
    const sweep = JSON.parse(read('killed/sweep.json')) as SweepDocument;
    expect(filesOf('killed')).toEqual(sweep.cells.map(({ hash }) => `${hash}.json`).sort());
    expect(readdirSync(join(scratch, 'killed')).filter((file) => /lock|tmp/.test(file))).toEqual([]);
    const ids = resultOf('killed').cells.map(({ id }) => id);
    expect(new Set(ids).size).toBe(36);
  }, 90_000);

  it('ends with 130 on Ctrl-C, valid as it is, and refuses to share its folder meanwhile', async () => {
    const args = ['sweep', ...AXES, ...TINY, '--rounds', '20', '--round-ms', '20', '--out', 'stopped'];
    let other: Promise<Killed> | undefined;
    const ended = await inProcess(args, (child) => {
      void until(() => pointsIn('stopped') >= 1).then(async () => {
        other = inProcess(args);
        await other;
        child.kill('SIGINT');
      });
    });
    expect(ended.code).toBe(130);
    expect(await other).toMatchObject({ code: 2, stderr: expect.stringMatching(/a sweep is running here/) });
    const { sweep } = resultOf('stopped');
    const states = Map.groupBy(sweep?.cells ?? [], ({ state }) => state);
    expect(states.get('measured')?.length).toBe(filesOf('stopped').length);
    expect(states.get('missing')?.length).toBeGreaterThan(0);
  }, 60_000);

  it('goes on after a point that dies, records why, ends with 4, and measures it again when asked to', async () => {
    writeFileSync(
      join(scratch, 'faulty.yaml'),
      'bs: [4k]\niodepth: [1, 8]\nexclude: [{iodepth: 1}]\ninclude: [{bs: 4k, iodepth: 4, fault: "host0:exit@1"}, {bs: 4k, iodepth: 2}]\n',
    );
    const args = ['sweep', 'faulty.yaml', ...TINY, '--out', 'faulty'];
    const first = await p2plab(args);
    expect(first.code).toBe(4);
    expect(first.stderr).toMatch(/1 points failed, the first \([0-9a-f]{16}\): worker host0 died/);
    expect(first.stdout).toContain('3 points: 2 measured, 1 failed; 2 of them now, 0 before');
    const failed = resultOf('faulty').sweep?.cells.find(({ state }) => state === 'failed');
    expect(failed?.reason).toMatch(/worker host0 died/);
    expect(read('faulty/summary.md')).toMatch(
      /## Failed\n\n- [0-9a-f]{16} \(bs 4k, iodepth 4, fault host0:exit@1\): worker host0/,
    );
    const file = `faulty/cells/${failed?.hash}.json`;
    const before = read(file);
    expect(await p2plab(args)).toMatchObject({ code: 4, stdout: expect.stringContaining('0 of them now, 2 before') });
    expect(read(file)).toBe(before);
    expect((await p2plab([...args, '--retry-failed'])).code).toBe(4);
    expect(read(file)).not.toBe(before);
  }, 60_000);
});

describe('shards', () => {
  /** Measured once, by the first test. */
  const args = ['sweep', '--axis', 'bs=512,4k,64k', '--axis', 'iodepth=1,8', ...TINY];

  it('of one sweep make the same result as the whole, in any order, and a missing one is named', async () => {
    const whole = await p2plab([...args, '--out', 'whole']);
    expect(whole.code).toBe(0);
    const parts = [1, 2, 3, 4].map((index) => `part${index}`);
    const { cells } = JSON.parse(read('whole/sweep.json')) as SweepDocument;
    for (const [i, part] of parts.entries()) {
      mkdirSync(join(scratch, part, 'cells'), { recursive: true });
      mkdirSync(join(scratch, part, 'shards'));
      cpSync(join(scratch, 'whole/sweep.json'), join(scratch, part, 'sweep.json'));
      const shard = { index: i + 1, count: 4 };
      writeFileSync(join(scratch, part, 'shards', `${i + 1}-of-4.json`), JSON.stringify({ ...shard, finished: true }));
      for (const { hash } of cells.filter((cell) => isOf(cell.hash, shard)))
        cpSync(join(scratch, 'whole/cells', `${hash}.json`), join(scratch, part, 'cells', `${hash}.json`));
    }
    for (const [name, order] of Object.entries({ forward: parts, backward: parts.toReversed() })) {
      const merged = await p2plab(['merge', ...order, '--out', name]);
      expect(merged).toMatchObject({ code: 0, stderr: '' });
      for (const file of ['result.json', 'cells.csv', 'summary.md', 'sweep.json'])
        expect(read(`${name}/${file}`)).toBe(read(`whole/${file}`));
    }
    // Which shards have points follows from their hashes, and those from the machine's code.
    const lost = parts.findIndex((part) => filesOf(part).length > 0);
    const rest = parts.filter((_, index) => index !== lost);
    const missing = await p2plab(['merge', ...rest, '--out', 'three']);
    expect(missing.code).toBe(4);
    expect(missing.stderr).toMatch(new RegExp(`shard ${lost + 1}/4 is missing: \\d+ points \\([0-9a-f]{16}`));
    expect(resultOf('three').sweep?.cells.some(({ state }) => state === 'missing')).toBe(true);
  }, 60_000);

  it('measured one by one, as a batch system numbers them, have the points of the whole', async () => {
    const environments = [0, 1, 2, 3].map((id) => ({
      SLURM_ARRAY_TASK_ID: String(id),
      SLURM_ARRAY_TASK_COUNT: '4',
      SLURM_ARRAY_TASK_MIN: '0',
    }));
    for (const [i, env] of environments.entries())
      expect(await p2plab([...args, '--out', `s${i}`], env)).toMatchObject({ code: 0 });
    expect((await p2plab(['merge', 's2', 's0', 's3', 's1', '--out', 'split'])).code).toBe(0);
    const [split, whole] = [resultOf('split'), resultOf('whole')];
    expect(deterministic(split)).toEqual(deterministic(whole));
    const strip = (result: Result) => sweepLines({ ...result, comparisons: [], cells: [] });
    expect(strip(split)).toEqual(strip(whole));
  }, 90_000);
});

describe('bad input ends with exit 2 before anything runs', () => {
  it.each<[string, string[], RegExp]>([
    ['nothing that varies', [], /nothing varies.*--axis/],
    ['a value that no run takes', ['--axis', 'payload=none,mov'], /payload=mov.*did you mean 'move'.*Nothing was run/s],
    ['a file that is not there', ['no.yaml'], /no\.yaml: cannot read it/],
    ['an unwritable folder', ['--axis', 'bs=4k', '--out', '/proc/p2plab'], /cannot write \/proc\/p2plab/],
  ])('%s', async (_, args, message) => {
    const ended = await p2plab(['sweep', ...args]);
    expect(ended.stderr).toMatch(message);
    expect(ended.code).toBe(2);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
  });
});

const pointsIn = (dir: string): number =>
  existsSync(join(scratch, dir, 'cells')) ? filesOf(dir).filter((file) => file.endsWith('.json')).length : 0;
