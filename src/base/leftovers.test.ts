import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { keep, linkPassing, makePassing, removePassing } from './leftovers.ts';

const dir = scratchFolder('leftovers');
const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => join(dir, name)) as [string, string, string, string];

it('removes what is passing when the process exits, and nothing else', () => {
  const before = process.listeners('exit');
  makePassing(a, 'half');
  makePassing(b);
  keep(b);
  linkPassing(a, c);
  writeFileSync(d, 'of another');
  expect(() => linkPassing(a, d)).toThrow(/EEXIST/);
  expect(() => makePassing(b)).toThrow(/EEXIST/);
  removePassing(b);
  const added = process.listeners('exit').filter((listener) => !before.includes(listener));
  expect(added.length).toBe(1);
  for (const listener of added) listener(0);
  expect(readdirSync(dir)).toEqual(['d']);
  expect(existsSync(d)).toBe(true);
});
