// bin/launch.js where `node` is too old: the launcher and the child that does the work.
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from './support/scratch.ts';

const LAUNCH = new URL('../bin/launch.js', import.meta.url).href;
const INTERRUPT = new URL('../src/base/interrupt.ts', import.meta.url).href;
const dir = scratchFolder('launcher');

/** Something that can be interrupted, and says how often it was. */
const INTERRUPTIBLE = `
  import { onAbort, startInterruptible } from '${INTERRUPT}';
  const interruption = startInterruptible(() => console.log('interrupted'));
  const working = setInterval(() => {}, 1000);
  onAbort(interruption.signal, () => setTimeout(() => { clearInterval(working); process.exit(130); }, 100));
  console.log('working ' + process.pid);
`;
/** Something that cannot. */
const PLAIN = `setInterval(() => {}, 1000); console.log('working ' + process.pid);`;

interface Launched {
  launcher: ChildProcess;
  /** Pid of the child, when it says that it works. */
  working: Promise<number>;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

/** The launcher as an older Node would start it: this Node stands in for the one beside the project. */
function launch(lines: string, shellWords = ''): Launched {
  const script = join(dir, 'script.mjs');
  writeFileSync(script, lines);
  const entry = `const { launch } = await import('${LAUNCH}'); launch(process.execPath, ${JSON.stringify(script)}, []);`;
  // A shell that stays, as the shell of a script under nohup does, or is replaced by what it starts.
  const words = [process.execPath, '--input-type=module', '-e', entry];
  const [program = '', ...args] = shellWords === '' ? words : ['/bin/sh', '-c', shellWords, 'sh', ...words];
  const launcher = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: shellWords !== '' });
  let stdout = '';
  let stderr = '';
  const working = new Promise<number>((resolve) => {
    launcher.stdout?.on('data', (chunk) => {
      stdout += chunk;
      const pid = /working (\d+)/.exec(stdout)?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
  });
  launcher.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  // `close` comes when the child has closed its output as well: it has ended by then.
  const ended = new Promise<Awaited<Launched['ended']>>((resolve) => {
    launcher.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { launcher, working, ended };
}

describe('a launcher', () => {
  it('hands a signal to its child, which ends in good order', async () => {
    for (const signal of ['SIGINT', 'SIGHUP'] as const) {
      const { launcher, working, ended } = launch(INTERRUPTIBLE);
      await working;
      launcher.kill(signal);
      expect(await ended).toMatchObject({ code: 130, stdout: expect.stringMatching(/working \d+\ninterrupted\n$/) });
    }
  });

  it('does not end by a SIGHUP that its parent ignores, nor does its child', async () => {
    const { launcher, working, ended } = launch(PLAIN, 'trap "" HUP; "$@"; exit $?');
    await working;
    const group = -(launcher.pid as number);
    process.kill(group, 'SIGHUP');
    process.kill(group, 'SIGTERM');
    expect((await ended).stderr).toContain('p2plab: ended by SIGTERM');
    expect((await ended).stderr).not.toContain('SIGHUP');
  });

  it('ends its child with it, whatever kills it', async () => {
    const { launcher, working, ended } = launch(INTERRUPTIBLE);
    await working;
    launcher.kill('SIGKILL');
    expect((await ended).stdout).toMatch(/working \d+\ninterrupted\n$/);
  });

  it('has a child that says by what it was ended before it could be interrupted', async () => {
    const { launcher, working, ended } = launch(PLAIN);
    await working;
    launcher.kill('SIGTERM');
    expect(await ended).toMatchObject({ code: 130, stderr: expect.stringContaining('p2plab: ended by SIGTERM') });
  });

  it('says when its child was killed', async () => {
    const { working, ended } = launch(PLAIN);
    process.kill(await working, 'SIGKILL');
    expect(await ended).toMatchObject({ code: 4, stderr: 'p2plab: ended by SIGKILL\n' });
  });
});
