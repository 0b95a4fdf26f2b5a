// A command of p2plab in the test's own process: the same code as bin/p2plab.js runs, without the second that a process takes to
// start. Signals, the launcher and closed streams need a real one (cli.ts).
import { fileURLToPath } from 'node:url';
import { runCommandLine } from '../../src/cli/command_line.ts';
import { scratchFolder } from './scratch.ts';

const P2PLAB = fileURLToPath(new URL('../../bin/p2plab.js', import.meta.url));

/** A command that has ended, and the folder that it ran in. */
export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
  dir: string;
}

export interface CommandOptions {
  /** Where it runs; by default a folder of its own. */
  dir?: string;
  /** More of the environment; undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
}

/** Runs `p2plab ARGS` to its end. Not two at a time: the working folder, the environment and the streams are the process's. */
export async function command(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  const { dir = scratchFolder('command'), env = {} } = options;
  const before = { dir: process.cwd(), argv: process.argv, exitCode: process.exitCode };
  const restoreEnv = setEnv(env);
  const stdout = capture(process.stdout);
  const stderr = capture(process.stderr);
  process.chdir(dir);
  process.argv = [process.execPath, P2PLAB, ...args];
  process.exitCode = undefined;
  try {
    await runCommandLine(process.argv);
    return { code: Number(process.exitCode ?? 0), stdout: stdout.text(), stderr: stderr.text(), dir };
  } finally {
    stdout.end();
    stderr.end();
    process.chdir(before.dir);
    process.argv = before.argv;
    process.exitCode = before.exitCode;
    restoreEnv();
  }
}

function setEnv(env: Readonly<Record<string, string | undefined>>): () => void {
  const set = (values: Readonly<Record<string, string | undefined>>): void => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  set(env);
  return () => set(before);
}

/** Keeps what is written to a stream away from it. */
function capture(stream: NodeJS.WriteStream): { text(): string; end(): void } {
  const write = stream.write;
  let text = '';
  stream.write = (chunk: string | Uint8Array, encoding?: unknown, done?: unknown): boolean => {
    text += typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8');
    const called = typeof encoding === 'function' ? encoding : done;
    if (typeof called === 'function') process.nextTick(called as () => void);
    return true;
  };
  return {
    text: () => text,
    end: () => {
      stream.write = write;
    },
  };
}
