// Once for the whole run: a temporary folder of its own (TMPDIR) for tests and every process that they start. What is left in it
// at the end fails the run.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export function setup(): () => void {
  const before = process.env.TMPDIR;
  const folder = mkdtempSync(join(tmpdir(), 'p2plab-tests-'));
  process.env.TMPDIR = folder;
  return () => {
    const left = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    rmSync(folder, { recursive: true, force: true });
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    if (left.length === 0) return;
    process.exitCode = 1;
    throw new Error(
      `Tests left ${left.length} entries in the temporary folder: ${left.slice(0, 40).join(', ')}. ` +
        'Make folders by scratchFolder() of test/support/scratch.ts, which removes them.',
    );
  };
}
