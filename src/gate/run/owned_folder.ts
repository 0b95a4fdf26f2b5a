// Temporary folders whose names tell the process that made them: what a killed one left, the next one removes.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lifeOf, thisOwner } from '../../base/owner.ts';

/** `p2plab-KIND-PID-STARTED-PLACE-RANDOM` */
const OWNED = /^p2plab-(?:against|side)-(\d+)-(\d*)-([0-9a-f]{8})-[^-]+$/;

/** @param kind `against`: a checkout; `side`: what a run of it leaves */
export function makeOwnedFolder(kind: 'against' | 'side'): string {
  const { pid, started, place } = thisOwner();
  return mkdtempSync(join(tmpdir(), `p2plab-${kind}-${pid}-${started}-${place}-`));
}

/** Removes those of processes that are gone. Whoever cannot be seen from here may live. */
export function removeDeadFolders(): void {
  for (const name of readdirSync(tmpdir())) {
    const [, pid, started = '', place = ''] = OWNED.exec(name) ?? [];
    if (pid === undefined || lifeOf({ pid: Number(pid), started, place }) !== 'dead') continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
