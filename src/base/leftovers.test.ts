import { execFileSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';

const LEFTOVERS = new URL('./leftovers.ts', import.meta.url).href;
const dir = scratchFolder('leftovers');

it('what is passing goes when its process exits amid its work, and nothing else does', () => {
  writeFileSync(join(dir, 'of another'), '');
  const lines = `
    import { keep, linkPassing, makePassing } from '${LEFTOVERS}';
    makePassing('half', 'half');
    linkPassing('half', 'lock');
    makePassing('whole');
    keep('whole');
    for (const make of [() => makePassing('of another'), () => linkPassing('half', 'of another')]) {
      try { make(); } catch (error) { console.log(error.code); }
    }
    setTimeout(() => {}, 100_000);
    process.exit(0);`;
  const said = execFileSync(process.execPath, ['--input-type=module', '-e', lines], { cwd: dir, encoding: 'utf8' });
  expect(said).toBe('EEXIST\nEEXIST\n');
  expect(readdirSync(dir)).toEqual(['of another', 'whole']);
});
