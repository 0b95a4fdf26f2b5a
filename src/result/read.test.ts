import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { NOT_ROOT, needing } from '../../test/support/needs.ts';
import { resultFixture } from '../../test/support/result_fixture.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { GIB } from '../base/units.ts';
import { readResultFolder } from './read.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: GIB }], sweepBars: [], rounds: 6 });
let root = '';

beforeAll(async () => {
  root = scratchFolder('read');
});

async function folder(files: Record<string, string>): Promise<string> {
  const dir = scratchFolder('dir');
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

  test('without a result gives nothing', async () => {
    expect(await readResultFolder(await folder({ 'readme.txt': '' }))).toBeUndefined();
  });

  test.each([
    ['is missing', async () => join(root, 'missing'), /missing: no such folder/],
    ['is a file', async () => join(await folder({ x: '' }), 'x'), /it is a file; give the folder/],
    ['holds a cut result', async () => folder({ 'result.json': '{"schema": "p2pl' }), /result\.json: not JSON/],
    [
      'holds another version',
      async () => folder({ 'result.json': '{"schema": "p2plab.result/9"}' }),
      /p2plab\.result\/9/,
    ],
    ['holds something else', async () => folder({ 'result.json': '[]' }), /expected a result/],
    ['holds a folder in place of the result', async () => folder({ 'result.json/x': '' }), /is no plain file/],
  ])('that %s is refused with a message', async (_, make, message) => {
    await expect(readResultFolder(await make())).rejects.toMatchObject({ name: 'LabError', exitCode: 2 });
    await expect(readResultFolder(await make())).rejects.toThrow(message);
  });

  needing(NOT_ROOT).it('whose result may not be read is refused with a message', async () => {
    const dir = await folder({ 'result.json': JSON.stringify(result) });
    await chmod(join(dir, 'result.json'), 0);
    await expect(readResultFolder(dir)).rejects.toThrow(/result\.json: cannot be read/);
  });
});
