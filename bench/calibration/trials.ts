// Trials of the lab as its users run it: one process of the command line each, its comparisons noted in a file that a later
// call goes on with.
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ComparisonRecord, parseResult, type Result } from '../../src/result/schema.ts';

const P2PLAB = fileURLToPath(new URL('../../bin/p2plab.js', import.meta.url));

/** What is kept of one trial. */
export interface Trial {
  seed: number;
  seconds: number;
  /** Share of the blocks that were disturbed. */
  dirtyShare: number;
  looks: number;
  processes: number;
  comparisons: Pick<ComparisonRecord, 'metric' | 'a' | 'b' | 'ratio' | 'ci95' | 'verdict' | 'withheld' | 'pValue'>[];
}

interface Ended {
  code: number | null;
  stderr: string;
}

/** Runs the command line to its end. @param machine folder of compiled modules, or the build's own */
function p2plab(args: readonly string[], machine?: string): Promise<Ended> {
  const env = machine === undefined ? process.env : { ...process.env, P2PLAB_MACHINE: machine };
  const child = spawn(process.execPath, [P2PLAB, ...args], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, stderr })));
}

/** One `p2plab run`. @throws Error when it does not end well */
export async function runOnce(args: readonly string[], machine?: string): Promise<Result> {
  const dir = mkdtempSync(join(tmpdir(), 'p2plab-calibration-'));
  try {
    const file = join(dir, 'result.json');
    const ended = await p2plab(['run', ...args, '--quiet', '--out', join(dir, 'out'), '--json', file], machine);
    if (ended.code !== 0) throw new Error(`p2plab run ended with ${ended.code}: ${ended.stderr}`);
    return parseResult(readFileSync(file, 'utf8'), file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Trials noted so far. */
export function readTrials(file: string): Trial[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Trial);
}

/** Goes on until there are `count` trials, each with a seed of its own. */
export async function untilThereAre(
  count: number,
  file: string,
  argsOf: (seed: number) => readonly string[],
  machine?: string,
): Promise<Trial[]> {
  mkdirSync(dirname(file), { recursive: true });
  const trials = readTrials(file);
  for (let seed = trials.length + 1; seed <= count; seed++) {
    const result = await runOnce([...argsOf(seed), '--seed', String(seed)], machine);
    const trial = trialOf(result);
    trials.push(trial);
    appendFileSync(file, `${JSON.stringify(trial)}\n`);
    process.stderr.write(
      `trial ${seed} of ${count}: ${trial.seconds.toFixed(1)} s, ${percent(trial.dirtyShare)} disturbed\n`,
    );
  }
  return trials;
}

function trialOf({ run, blocks = [], comparisons }: Result): Trial {
  return {
    seed: run.seed,
    seconds: run.durationMs / 1000,
    dirtyShare: blocks.filter(({ dirty }) => dirty === true).length / Math.max(1, blocks.length),
    looks: run.looks?.taken ?? 1,
    processes: run.processes?.length ?? 1,
    comparisons: comparisons.map(({ metric, a, b, ratio, ci95, verdict, withheld, pValue }) => ({
      ...{ metric, a, b, ratio, ci95, verdict },
      ...(withheld === undefined ? {} : { withheld }),
      ...(pValue === undefined ? {} : { pValue }),
    })),
  };
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
