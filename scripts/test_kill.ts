// npm run test:kill [-- SEED [STRIKES [KILLS]]]: first a sweep that is killed again and again and must lose nothing, then signals of all
// kinds at random moments to all processes of all commands.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../src/base/random.ts';
import { killAndResume } from './kill/resume.ts';
import { drawStrike, prepareResults, strike } from './kill/signals.ts';

const STRIKES = 120;
const KILLS = 20;

const [seedWord, strikesWord, killsWord] = process.argv.slice(2);
const seed = Number(seedWord ?? Date.now() % 100_000);
const strikes = Number(strikesWord ?? STRIKES);
const kills = Number(killsWord ?? KILLS);
const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const dir = mkdtempSync(join(tmpdir(), 'p2plab-kill-'));
try {
  say(`seed ${seed}`);
  const random = seededRandom(seed);
  if (kills > 0) await killAndResume(dir, random, kills, say);
  const results = await prepareResults(dir);
  const wrong: string[] = [];
  const took: number[] = [];
  for (let index = 1; index <= strikes; index++) {
    const drawn = drawStrike(random, results);
    const { command, target, signal, afterMs } = drawn;
    const what = `${index}: ${command}, ${signal} to ${target} after ${afterMs} ms`;
    try {
      const { words, tookMs } = await strike(drawn, join(dir, 'strike'), results);
      took.push(tookMs);
      say(`${what}: ${words} in ${Math.round(tookMs)} ms`);
    } catch (error) {
      wrong.push(what);
      say(`${what}: WRONG: ${(error as Error).message}`);
    }
  }
  took.sort((a, b) => a - b);
  say(
    `${strikes} strikes, ${wrong.length} wrong; from signal to the last process' end: ` +
      `median ${Math.round(took[took.length >> 1] ?? 0)} ms, longest ${Math.round(took.at(-1) ?? 0)} ms`,
  );
  if (wrong.length > 0) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
