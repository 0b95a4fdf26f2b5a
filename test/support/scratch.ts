// Folders for tests: made in the temporary folder of the run, removed at the end of the test file that made them.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folders: string[] = [];

/** A new empty folder. scratch_setup.ts removes it after the last test of the file. @param name says in its path what it is for */
export function scratchFolder(name = 'scratch'): string {
  const folder = mkdtempSync(join(tmpdir(), `p2plab-${name}-`));
  folders.push(folder);
  return folder;
}

/** Removes what was made since the last call. */
export function removeScratchFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
