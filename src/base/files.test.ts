import { spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import {
  checkWritable,
  checkWritableFile,
  removeUnfinished,
  removeUnfinishedBelow,
  unfinishedName,
  writeAtomically,
  writeNamed,
} from './files.ts';
import { thisOwner, thisPlace } from './owner.ts';

let dir = '';
beforeEach(() => {
  dir = scratchFolder('files');
});

/** As a process that is gone would have left it. */
function leftover(name: string, { place = thisPlace(), pid = spawnSync('true').pid, started = '1' } = {}): string {
  const file = `${name}.${pid}-${started}-${place}.01234567.tmp`;
  writeFileSync(join(dir, file), 'half of a ');
  return file;
}

describe('a file', () => {
  test('is written whole, and a link of its name is replaced, not followed', async () => {
    writeFileSync(join(dir, 'target'), 'theirs');
    symlinkSync('target', join(dir, 'a'));
    await writeAtomically(join(dir, 'a'), 'mine');
    expect([readFileSync(join(dir, 'a'), 'utf8'), readFileSync(join(dir, 'target'), 'utf8')]).toEqual([
      'mine',
      'theirs',
    ]);
    expect(readdirSync(dir).sort()).toEqual(['a', 'target']);
  });

  test('that a user named is followed where it is a link, and a device stays one', async () => {
    symlinkSync('target', join(dir, 'a'));
    writeFileSync(join(dir, 'target'), '');
    await writeNamed(join(dir, 'a'), 'mine');
    expect(readFileSync(join(dir, 'target'), 'utf8')).toBe('mine');
    expect(lstatSync(join(dir, 'a')).isSymbolicLink()).toBe(true);
    await checkWritableFile('/dev/null', '--json');
    await writeNamed('/dev/null', 'nothing');
    expect(lstatSync('/dev/null').isCharacterDevice()).toBe(true);
  });

  test('that cannot be written is refused before anything runs, with the option and exit code 2', async () => {
    writeFileSync(join(dir, 'file'), '');
    mkdirSync(join(dir, 'folder'));
    for (const [path, message] of [
      [join(dir, 'folder'), /folder of that name/],
      [join(dir, 'missing', 'x.json'), /not there/],
      [join(dir, 'file', 'x.json'), /part of the path is a file/],
      [join(dir, 'n'.repeat(300)), /name is too long/],
    ] as const) {
      const refused = await checkWritableFile(path, '--json').catch((error: unknown) => error);
      expect(refused).toMatchObject({ exitCode: 2, message: expect.stringMatching(message) });
      expect((refused as Error).message).toContain('--json');
    }
    expect(readdirSync(dir).sort()).toEqual(['file', 'folder']);
  });

  test('that is refused after the work is a failed run, and leaves nothing half done', async () => {
    mkdirSync(join(dir, 'a'));
    await expect(writeAtomically(join(dir, 'a'), 'x')).rejects.toMatchObject({ exitCode: 4 });
    expect(readdirSync(dir)).toEqual(['a']);
    await expect(checkWritable(join(dir, 'a'))).resolves.toBeUndefined();
    expect(readdirSync(join(dir, 'a'))).toEqual([]);
  });
});

describe('what a process did not finish', () => {
  test('goes when it is dead, also when its number is used again, and stays while it lives', async () => {
    leftover('a.json');
    leftover('b.json', { pid: process.pid, started: '1' });
    const mine = leftover('c.json', { pid: process.pid, started: thisOwner().started });
    writeFileSync(join(dir, 'notes.tmp'), 'not of this lab');
    await removeUnfinished(dir);
    expect(readdirSync(dir).sort()).toEqual([mine, 'notes.tmp']);
    await removeUnfinished(dir, 'c.json', true);
    expect(readdirSync(dir)).toEqual(['notes.tmp']);
  });

  test('stays for an hour where its process cannot be seen, and goes at any age where nobody else can be at work', async () => {
    const young = leftover('a.json', { place: 'ffffffff' });
    const old = leftover('b.json', { place: 'ffffffff' });
    const long = new Date(Date.now() - 2 * 3_600_000);
    utimesSync(join(dir, old), long, long);
    await removeUnfinished(dir);
    expect(readdirSync(dir)).toEqual([young]);
    await removeUnfinished(dir, '', true);
    expect(readdirSync(dir)).toEqual([]);
  });

  test('is found in the folders below, and a folder that holds nothing else goes with it', async () => {
    for (const each of ['killed', 'kept', 'empty']) mkdirSync(join(dir, each));
    leftover('killed/result.json');
    leftover('kept/summary.md');
    writeFileSync(join(dir, 'kept/result.json'), '{}');
    await removeUnfinishedBelow(dir);
    expect(readdirSync(dir).sort()).toEqual(['empty', 'kept']);
    expect(readdirSync(join(dir, 'kept'))).toEqual(['result.json']);
  });

  test('has a name that tells its owner', () => {
    const { pid, started, place } = thisOwner();
    expect(unfinishedName('x')).toMatch(new RegExp(`^x\\.${pid}-${started}-${place}\\.[0-9a-f]{8}\\.tmp$`));
  });
});
