// A child process whose output is collected, in a group of its own: Ctrl-C in the terminal does not reach it, the lab ends it.
import { spawn } from 'node:child_process';
import { onAbort } from '../../base/interrupt.ts';

export interface Ended {
  /** Exit code; 128 and more for a signal. */
  code: number;
  stdout: string;
  stderr: string;
}

const SIGNALLED = 128;

/** Runs a program to its end; an interruption ends it and everything that it started. */
export function runChild(
  program: string,
  args: readonly string[],
  { cwd, env, signal }: { cwd: string; env?: NodeJS.ProcessEnv; signal: AbortSignal },
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      stdout += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      stderr += chunk;
    });
    const endGroup = (): void => {
      if (child.pid === undefined || child.exitCode !== null) return;
      try {
        process.kill(-child.pid, 'SIGKILL');
      } catch {
        // It has ended by itself meanwhile.
      }
    };
    // Before whoever removes the folder in which it works.
    process.prependOnceListener('exit', endGroup);
    const forget = onAbort(signal, endGroup);
    child.on('error', reject);
    child.on('close', (code) => {
      process.off('exit', endGroup);
      forget();
      resolve({ code: code ?? SIGNALLED, stdout, stderr });
    });
  });
}
