import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GIB } from '../base/units.ts';
import { joinResults, readResultFolder } from './read.ts';
import { checkResult } from './result.ts';
import { resultFixture } from './result_fixture.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: GIB }], sweepBars: [], rounds: 6 });
let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'p2plab-read-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function folder(files: Record<string, string>): Promise<string> {
  const dir = await mkdtemp(join(root, 'dir-'));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(dir, name, '..'), { recursive: true });
    await writeFile(join(dir, name), content);
  }
  return dir;
}

describe('a folder', () => {
  test('with result.json gives that, whatever else lies there', async () => {
    const dir = await folder({ 'result.json': JSON.stringify(result), 'cells/a.json': 'not looked at' });
    expect(await readResultFolder(dir)).toEqual(result);
  });

  test('of cells gives them as one valid result, in the order of their names, groups kept apart', async () => {
    const other = structuredClone(result);
    for (const cell of other.cells) cell.params.bar = 4 * GIB;
    other.environment.warnings = ['another warning'];
    const dir = await folder({ 'cells/b.json': JSON.stringify(other), 'cells/a.json': JSON.stringify(result) });
    const joined = checkResult(await readResultFolder(dir), dir);
    expect(joined.cells).toHaveLength(2 * result.cells.length);
    expect(joined.comparisons).toHaveLength(2 * result.comparisons.length);
    expect(joined.cells.at(0)?.params.bar).toBe(GIB);
    expect(joined.environment.warnings).toEqual([...result.environment.warnings, 'another warning']);
  });

  test.each([
    ['is missing', async () => join(root, 'missing'), /missing: no such folder/],
    ['is a file', async () => join(await folder({ x: '' }), 'x'), /it is a file; give the folder/],
    ['holds no result', async () => folder({ 'readme.txt': '' }), /no result\.json and no cells/],
    ['holds a cut result', async () => folder({ 'result.json': '{"schema": "p2pl' }), /result\.json: not JSON/],
    [
      'holds another version',
      async () => folder({ 'result.json': '{"schema": "p2plab.result/9"}' }),
      /p2plab\.result\/9/,
    ],
    ['holds something else', async () => folder({ 'result.json': '[]' }), /expected a result/],
    ['holds a cut cell', async () => folder({ 'cells/c1.json': '{' }), /c1\.json: not JSON/],
    ['holds a folder in place of the result', async () => folder({ 'result.json/x': '' }), /cannot be read/],
  ])('that %s is refused with a message', async (_, make, message) => {
    await expect(readResultFolder(await make())).rejects.toMatchObject({ name: 'LabError', exitCode: 2 });
    await expect(readResultFolder(await make())).rejects.toThrow(message);
  });

  test.skipIf(process.getuid?.() === 0)('whose result may not be read is refused with a message', async () => {
    const dir = await folder({ 'result.json': JSON.stringify(result) });
    await chmod(join(dir, 'result.json'), 0);
    await expect(readResultFolder(dir)).rejects.toThrow(/result\.json: cannot be read/);
  });
});

test('results of several machines say so', () => {
  const other = structuredClone(result);
  other.environment.cpu = 'Another CPU';
  expect(joinResults([result, other]).environment.warnings[0]).toMatch(/results of 2 machines together: .*Another CPU/);
});
