// Folders of sweeps that somebody else has made, changed or broken.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { resultFixture } from '../../test/support/result_fixture.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { prepareFolder, readPoint, readShards, readSweep, SWEEP_SCHEMA, writePoint, writeSweep } from './folder.ts';
import { mergeFolders } from './merge_folders.ts';

const [A, B] = ['00000000000000aa', '00000000000000bb'] as const;
const PLAN = {
  schema: SWEEP_SCHEMA,
  version: '0',
  id: 'x',
  axes: [{ key: 'bs', param: 'bs', values: ['512', '4k'] }],
  repeat: 1,
  cells: [A, B].map((hash, i) => ({ hash, values: { bs: ['512', '4k'][i] as string }, repeat: 1 })),
} as const;
const RESULT = resultFixture({ workloads: [{ payload: 'none', bar: 2 ** 28 }], sweepBars: [], rounds: 6 });

let dir = '';
const point = (hash: string): string => join(dir, 'cells', `${hash}.json`);
beforeEach(async () => {
  dir = scratchFolder('sweep-folder');
  await prepareFolder(dir, true);
  await writeSweep(dir, structuredClone(PLAN) as never);
  for (const hash of [A, B]) await writePoint(dir, hash, RESULT);
});

/** What merging says against the folder. */
async function refusal(): Promise<string> {
  const refused = await mergeFolders([dir]).then(
    () => 'nothing',
    (error: unknown) => error,
  );
  expect(refused).toMatchObject({ name: 'LabError', exitCode: 2 });
  return (refused as Error).message;
}

describe('a point', () => {
  it('says which one it is, and counts under no other name', async () => {
    expect(await readPoint(dir, A)).toEqual({ ...RESULT, cellHash: A });
    const [a, b] = [A, B].map((hash) => readFileSync(point(hash), 'utf8'));
    writeFileSync(point(A), b as string);
    writeFileSync(point(B), a as string);
    expect(await refusal()).toMatch(new RegExp(`${A}\\.json: holds point ${B}, not the one`));
  });

  it.each(['', '\n', '{"schema": "p2plab.res'])('that is torn (%j) is named', async (text) => {
    writeFileSync(point(A), text);
    expect(await refusal()).toMatch(new RegExp(`${A}\\.json: (is empty|not JSON)`));
  });

  it('that is torn counts as missing where that is asked for', async () => {
    writeFileSync(point(A), '');
    const told: string[] = [];
    const { result, missing } = await mergeFolders([dir], ({ message }) => told.push(message));
    expect(told).toHaveLength(1);
    expect(missing).toEqual([`1 points are missing: ${A}`]);
    expect(result.sweep?.cells.map(({ state }) => state)).toEqual(['missing', 'measured']);
  });

  it('of a run whose clock was set back is readable', async () => {
    await writePoint(dir, A, { ...RESULT, run: { ...RESULT.run, durationMs: -3_600_000 } });
    expect((await readPoint(dir, A))?.run.durationMs).toBe(-3_600_000);
  });

  it('that is a link out of the folder, a pipe or a folder is not read', async () => {
    const outside = join(scratchFolder('outside'), 'secret.json');
    writeFileSync(outside, readFileSync(point(A)));
    rmSync(point(A));
    symlinkSync(outside, point(A));
    expect(await refusal()).toMatch(/is a link out of its folder/);
    rmSync(point(A));
    mkdirSync(point(A));
    expect(await refusal()).toMatch(/is no plain file/);
    rmSync(point(A), { recursive: true });
    expect(spawnSync('mkfifo', [point(A)]).status).toBe(0);
    expect(await refusal()).toMatch(/is no plain file/);
  });
});

describe('sweep.json', () => {
  it.each<[string, unknown, RegExp]>([
    ['without points', { schema: SWEEP_SCHEMA }, /is no plan of a sweep: /],
    [
      'with a path for a hash',
      { ...PLAN, cells: [{ hash: '../../etc/pa', values: {}, repeat: 1 }] },
      /cells\.0\.hash: expected 16/,
    ],
    ['of another version', { ...PLAN, schema: 'p2plab.sweep/9' }, /expected "schema"/],
    ['that is no object', null, /expected "schema"/],
  ])('%s is refused by name', async (_, document, message) => {
    writeFileSync(join(dir, 'sweep.json'), JSON.stringify(document));
    const refused = await refusal();
    expect(refused).toMatch(message);
    expect(refused).toContain('sweep.json');
  });

  it('of a sweep is read as it was written', async () => {
    expect(await readSweep(dir)).toEqual(PLAN);
  });
});

describe('shards', () => {
  it('of impossible numbers, or under the name of others, are not counted', async () => {
    mkdirSync(join(dir, 'shards'));
    const records = {
      '1-of-4.json': { index: 1, count: 4, finished: true },
      '2-of-4.json': { index: 1, count: 4, finished: true },
      '3-of-4.json': { index: 3, count: 4_000_000_000, finished: true },
      '4-of-4.json': null,
    };
    for (const [name, record] of Object.entries(records))
      writeFileSync(join(dir, 'shards', name), JSON.stringify(record));
    expect(await readShards(dir)).toEqual([{ index: 1, count: 4, finished: true }]);
  });
});

describe('a folder that is taken up again', () => {
  it('loses what was not finished, at any age, and nothing else', async () => {
    const unfinished = [`cells/${A}.json.4711.0badcafe.tmp`, `cells/${B}.json.4711-1-ffffffff.0badcafe.tmp`];
    for (const name of unfinished) writeFileSync(join(dir, name), '{"schema":');
    await prepareFolder(dir, false);
    expect(unfinished.map((name) => existsSync(join(dir, name)))).toEqual([true, true]);
    await prepareFolder(dir, true);
    expect(unfinished.map((name) => existsSync(join(dir, name)))).toEqual([false, false]);
    expect((await mergeFolders([dir])).missing).toEqual([]);
  });
});
