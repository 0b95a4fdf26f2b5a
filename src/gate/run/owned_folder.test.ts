import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { thisPlace } from '../../base/owner.ts';
import { makeOwnedFolder, removeDeadFolders } from './owned_folder.ts';

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

function folder(name: string): string {
  const dir = join(tmpdir(), name);
  mkdirSync(join(dir, 'tree'), { recursive: true });
  made.push(dir);
  return dir;
}

it('removes folders of processes that are gone, and no others', () => {
  const mine = makeOwnedFolder('against');
  made.push(mine);
  const started = basename(mine).split('-')[3] as string;
  // This process, but started at another time: a pid that was given again.
  const again = folder(`p2plab-side-${process.pid}-${Number(started) + 1}-${thisPlace()}-test1`);
  const dead = folder(`p2plab-against-99999999-1-${thisPlace()}-test2`);
  const elsewhere = folder('p2plab-against-99999999-1-00000000-test3');
  const named = folder('p2plab-against-of-a-person-test4');
  removeDeadFolders();
  expect([mine, again, dead, elsewhere, named].map((dir) => existsSync(dir))).toEqual([true, false, false, true, true]);
});
