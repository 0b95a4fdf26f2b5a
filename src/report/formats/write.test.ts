import { chmod, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { NOT_ROOT, needing } from '../../../test/support/needs.ts';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { LabError } from '../../base/errors.ts';
import { checkWritable } from '../../base/files.ts';
import { parseResult } from '../../result/schema.ts';
import { roundRecords, writeRunFolder } from './write.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: 2 ** 28 }], sweepBars: [], rounds: 6 });
let root = '';

beforeAll(async () => {
  root = scratchFolder('report');
});

test('a run folder holds the result, a line per timed slice, the summary and the charts it links to', async () => {
  const { dir, files } = await writeRunFolder(join(root, 'a', 'run'), result);
  expect((await readdir(dir)).sort()).toEqual(files.toSorted());
  expect(parseResult(await readFile(join(dir, 'result.json'), 'utf8'), 'result.json')).toEqual(result);
  const lines = (await readFile(join(dir, 'rounds.jsonl'), 'utf8')).trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual(roundRecords(result));
  const summary = await readFile(join(dir, 'summary.md'), 'utf8');
  const linked = [...summary.matchAll(/\]\((\S+\.png)\)/g)].map((match) => match[1]);
  expect(linked.sort()).toEqual(files.filter((file) => file.endsWith('.png')).sort());
  expect(linked.length).toBeGreaterThan(1);
});

test('a second write replaces the first and leaves nothing behind', async () => {
  const dir = join(root, 'again');
  const first = await writeRunFolder(dir, result);
  await writeRunFolder(dir, { ...result, run: { ...result.run, id: 'second' } });
  expect((await readdir(dir)).sort()).toEqual(first.files.toSorted());
  expect(await readFile(join(dir, 'result.json'), 'utf8')).toContain('"second"');
});

test('a folder that cannot be made is named, with what to do', async () => {
  const file = join(root, 'file');
  await writeFile(file, '');
  for (const dir of [file, join(file, 'below')]) {
    const error = await writeRunFolder(dir, result).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(LabError);
    expect((error as LabError).message).toMatch(/cannot write .*file.*choose another folder with --out/);
    expect((error as LabError).exitCode).toBe(2);
  }
});

test('a link to nowhere and a file system that takes no folders end with a message, not with a hang', async () => {
  const link = join(root, 'link');
  await symlink(join(root, 'missing', 'target'), link);
  const places = [join(link, 'below'), ...(process.platform === 'linux' ? ['/proc/p2plab-report'] : [])];
  for (const dir of places) {
    await expect(writeRunFolder(dir, result)).rejects.toThrow(/cannot write .*--out/);
    await expect(checkWritable(dir)).rejects.toThrow(/cannot write .*--out/);
  }
});

test('the check before a run creates the folder and leaves it empty', async () => {
  const dir = join(root, 'later', 'run');
  await checkWritable(dir);
  expect(await readdir(dir)).toEqual([]);
});

needing(NOT_ROOT).it('a folder without write permission is refused without leftovers', async () => {
  const dir = scratchFolder('locked');
  await chmod(dir, 0o500);
  await expect(writeRunFolder(dir, result)).rejects.toThrow(/You may not write there/);
  await chmod(dir, 0o700);
  expect(await readdir(dir)).toEqual([]);
});
