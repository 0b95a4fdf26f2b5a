// A sweep of 60 points killed by kill -9 at random moments, then let through. It must end with the points of an undisturbed sweep:
// none lost, none torn, none measured twice.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Random } from '../../src/base/random.ts';
import { parseResult, type Result } from '../../src/result/schema.ts';
import { must, names } from './processes.ts';

const POINTS = 60;
const P2PLAB = fileURLToPath(new URL('../../bin/p2plab.js', import.meta.url));
const SWEEP = [
  'sweep',
  '--axis',
  'bs=512,1k,2k,4k,8k,16k',
  '--axis',
  'iodepth=1,2,4,8,16,32,64,128,256,512',
  '--quiet',
].concat(
  [
    '--scheme',
    'page',
    '--buffers',
    'fixed',
    '--mode',
    'inline',
    '--payload',
    'none',
    '--bar',
    '64MiB',
    '--ram',
    '64MiB',
  ],
  ['--rounds', '2', '--round-ms', '2', '--batch', '1'],
);

/** Runs the sweep; kills it after `killMs`, if given. @param onPoint called when the first point is there */
function sweep(out: string, killMs?: number, onPoint?: () => void): Promise<number | null> {
  const child = spawn(process.execPath, [P2PLAB, ...SWEEP, '--out', out], { stdio: ['ignore', 'ignore', 'inherit'] });
  const timer = killMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killMs);
  const look = setInterval(() => {
    if (onPoint === undefined || names(join(out, 'cells')).length === 0) return;
    clearInterval(look);
    onPoint();
  }, 5);
  return new Promise((done) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      clearInterval(look);
      done(code);
    });
  });
}

/** When each point was measured; throws when one is torn. */
function pointsOf(out: string): Map<string, string> {
  const files = names(join(out, 'cells')).filter((file) => file.endsWith('.json'));
  return new Map(
    files.map((file) => [file, parseResult(readFileSync(join(out, 'cells', file), 'utf8'), file).run.startedAt]),
  );
}

const identity = ({ cells }: Result): string =>
  JSON.stringify(cells.map(({ id, params, perIo, metadataBytes }) => [id, params, perIo, metadataBytes?.memmap]));
const read = (out: string): Result => parseResult(readFileSync(join(out, 'result.json'), 'utf8'), out);

/** @param dir of its own @param kills how many @param say prints a line */
export async function killAndResume(
  dir: string,
  random: Random,
  kills: number,
  say: (text: string) => void,
): Promise<void> {
  const [killed, undisturbed] = [join(dir, 'killed'), join(dir, 'undisturbed')];
  const began = performance.now();
  let firstMs = 0;
  const noteFirst = (): void => {
    firstMs = performance.now() - began;
  };
  must((await sweep(undisturbed, undefined, noteFirst)) === 0, 'an undisturbed sweep ends with 0');
  const cellsMs = performance.now() - began - firstMs;
  let before = new Map<string, string>();
  let amid = 0;
  for (let kill = 1; kill <= kills; kill++) {
    // All of them together fall into the points of one sweep; some before the first of their own.
    const afterMs = Math.round(0.85 * firstMs + random.unit() * ((1.5 * cellsMs) / kills));
    await sweep(killed, afterMs);
    const now = pointsOf(killed);
    for (const [file, start] of before) must(now.get(file) === start, `${file} is as it was before kill ${kill}`);
    say(`kill ${kill} after ${afterMs} ms: ${now.size} of ${POINTS} points`);
    if (now.size > before.size && now.size < POINTS) amid++;
    before = now;
  }
  must(amid >= kills / 4, `kills fell between points, not ${amid} of them`);
  must((await sweep(killed)) === 0, 'the last sweep ends with 0');
  const after = pointsOf(killed);
  must(
    [...before].every(([file, start]) => after.get(file) === start),
    'no point was measured twice',
  );
  must(after.size === POINTS, `there are ${POINTS} points`);
  must([...after.keys()].sort().join() === [...pointsOf(undisturbed).keys()].sort().join(), 'they are the same points');
  must(
    identity(read(killed)) === identity(read(undisturbed)),
    'ids, params, counts and metadata are those of the undisturbed sweep',
  );
  must(
    names(killed).every((name) => !/lock|tmp/.test(name)),
    'no lock or unfinished file is left',
  );
  say(`${kills} kills: the same ${POINTS} points, none lost, none torn, none twice`);
}
