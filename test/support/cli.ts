// The command line as a user meets it: `p2plab` as a process of its own, in an empty folder. For tests of processes and signals;
// all others call it in their own (command.ts).
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratchFolder } from './scratch.ts';

const P2PLAB = fileURLToPath(new URL('../../bin/p2plab.js', import.meta.url));
/** Options of a run that only has to end. */
export const QUICK = [
  '--processes',
  '1',
  '--rounds',
  '2',
  '--round-ms',
  '4',
  '--bar',
  '256MiB',
  '--payload',
  'none',
  '--bar-sweep',
  'off',
  '--quiet',
];

/** A process that has ended, and the folder that it ran in. */
export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
  dir: string;
}

/** @param onStart gets the process, to send it signals */
export function p2plab(args: string[], onStart?: (child: ChildProcessWithoutNullStreams) => void): Promise<Ended> {
  const dir = scratchFolder('run');
  const child = spawn(process.execPath, [P2PLAB, ...args], { cwd: dir });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  onStart?.(child);
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr, dir }));
  });
}

/** A job file of this text. */
export function jobFile(text: string): string {
  const path = join(scratchFolder('job'), 'job.fio');
  writeFileSync(path, text);
  return path;
}
