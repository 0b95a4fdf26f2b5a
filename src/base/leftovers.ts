// Files that go with this process: half-written ones and locks. A signal may end it amid its work, while a file operation is still on its
// way, so they are made in one step with their entry here. Only a process that is killed leaves them; the next one removes those.
import { linkSync, rmSync, writeFileSync } from 'node:fs';

const going = new Set<string>();
let isWatching = false;

/** Makes a new file that is removed when this process exits, unless `keep` was called. @throws the file system's error */
export function makePassing(path: string, content: string | Buffer = ''): void {
  writeFileSync(path, content, { flag: 'wx' });
  removeAtExit(path);
}

/** A second name for such a file, which passes too. @throws the file system's error, EEXIST when the name is taken */
export function linkPassing(from: string, to: string): void {
  linkSync(from, to);
  removeAtExit(to);
}

/** Takes a path back: it has been removed, or has become something that stays. */
export function keep(path: string): void {
  going.delete(path);
}

/** Removes it now. Where that fails it stays as what a killed process leaves. */
export function removePassing(path: string): void {
  keep(path);
  try {
    rmSync(path, { force: true });
  } catch {
    // Its folder may be gone or closed by now.
  }
}

function removeAtExit(path: string): void {
  if (!isWatching) process.on('exit', removeAll);
  isWatching = true;
  going.add(path);
}

function removeAll(): void {
  for (const path of going) removePassing(path);
}
