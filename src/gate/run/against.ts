// Rules of kind `against`: this checkout and another commit, each in whole processes of its own `p2plab run`, in alternating order.
//
// Whole processes, because what two commits do not share (memory layouts, the lab, the machine's modules) cannot run in one: each
// side is what its users would get. A pair is one process of either side, next to each other in time; the order turns round from
// pair to pair (ABBA), so that drift falls on both alike. A side's figure is the median over the rounds of its process; pairs
// are the independent values, and more of them are measured at up to three looks, as in any run with a budget.
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { metricOf } from '../../analysis/samples.ts';
import { EXIT, type ExitCode, LabError } from '../../base/errors.ts';
import type { Measurement } from '../../lab/measure/measurement.ts';
import { commandWords } from '../../options/options_object.ts';
import type { RunParams } from '../../plan/run_plan.ts';
import { alphaOfLooks, MOST_LOOKS, processesPerLook } from '../../stats/looks.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { type ArmName, armWords, askedBuffers } from '../arm.ts';
import type { AgainstRule } from '../gates_file.ts';
import { type Evidence, evidenceOf, isDecided } from '../timed.ts';
import { type Checkout, lastLines, ROOT } from './checkout.ts';
import { runChild } from './child.ts';
import { isMissing, type Missing } from './evidence.ts';
import { makeOwnedFolder } from './owned_folder.ts';
import { resolveWorkload, workloadOptions } from './workloads.ts';

/** The against rules of one workload: measured by the same processes. */
export interface AgainstPlan {
  name: string;
  rules: AgainstRule[];
  /** Words of `p2plab run` that say the workload. */
  words: string[];
  /** The same for what is counted of it. */
  options: OptionsObject;
  params: RunParams;
}

export interface AgainstMeasuring {
  checkout: Checkout;
  budgetMs: number;
  /** Timed rules of the whole gate. */
  rules: number;
  measurement: Measurement;
}

/** Rounds of one process where the workload does not say: its figure is their median. */
const ROUNDS = '6';
const ROUND_MS = '20';
/** Pairs of a look; fewer than six never break a rule. */
const LEAST_PAIRS = 6;
/** Options that a commit may not know: measured without them there, where it has no processes, sweeps or stages to turn off. */
const ONLY_WHERE_KNOWN = ['--processes=1', '--bar-sweep=off', '--stages=off'];

/** @throws LabError for a workload that this checkout cannot run */
export async function planAgainst(rules: readonly AgainstRule[], source: string): Promise<AgainstPlan[]> {
  const plans: AgainstPlan[] = [];
  for (const [workload, ofWorkload] of Map.groupBy(rules, (rule) => rule.workload)) {
    const where = `${source}:${workload.line}: workload ${workload.name}`;
    const options = workloadOptions(workload, source);
    const arms = ofWorkload.map(({ arm }) => arm);
    const { params } = await resolveWorkload(options, arms, where);
    const { 'bar-sweep': _, processes: __, budget: ___, stages: ____, ...given } = options;
    const { jobFile, words } = commandWords({ rounds: ROUNDS, 'round-ms': ROUND_MS, ...given }, where);
    const unique = (values: readonly string[]): string => [...new Set(values)].join(',');
    plans.push({
      name: workload.name,
      ...{ rules: ofWorkload, options, params },
      words: [
        ...(jobFile === undefined ? [] : [resolve(jobFile)]),
        `--scheme=${unique(arms.map(({ scheme }) => scheme))}`,
        `--buffers=${askedBuffers(arms).join(',')}`,
        `--mode=${unique(ofWorkload.map(({ metric }) => metricOf(metric).mode))}`,
        ...words,
      ],
    });
  }
  return plans;
}

/** @throws LabError when a side cannot run the workload, or the gate is interrupted */
export async function measureAgainst(
  { rules, words }: AgainstPlan,
  measuring: AgainstMeasuring,
): Promise<Map<AgainstRule, Evidence | Missing>> {
  const { checkout, budgetMs } = measuring;
  const { signal, events } = measuring.measurement;
  const began = performance.now();
  const here: Side = { dir: ROOT, name: 'this checkout', words: await wordsFor(ROOT, words, signal) };
  const there: Side = {
    dir: checkout.dir,
    name: `--against ${checkout.ref} (${checkout.commit.slice(0, 12)})`,
    words: await wordsFor(checkout.dir, words, signal),
  };
  const pairs: SidePair[] = [];
  const alpha = alphaOfLooks(MOST_LOOKS);
  let perLook = LEAST_PAIRS;
  for (let look = 1; look <= MOST_LOOKS; look++) {
    while (pairs.length < look * perLook) {
      const pairMs = pairs.length === 0 ? 0 : (performance.now() - began) / pairs.length;
      if (pairs.length >= 2 && performance.now() - began + pairMs > budgetMs) return evidence(rules, pairs, alpha);
      const share = Math.min(1, (performance.now() - began) / budgetMs);
      events.progress(share, `pair ${pairs.length + 1} against ${checkout.ref}`);
      const order = pairs.length % 2 === 0 ? [here, there] : [there, here];
      const results = new Map<Side, SideResult>();
      for (const side of order) results.set(side, await runSide(side, signal));
      pairs.push({ a: results.get(here) as SideResult, b: results.get(there) as SideResult });
      const tookMs = performance.now() - began;
      if (pairs.length === 1) perLook = processesPerLook(budgetMs, tookMs, tookMs, LEAST_PAIRS);
    }
    const found = evidence(rules, pairs, alpha);
    const isOpen = [...found].some(([rule, each]) =>
      isMissing(each) ? !each.refused : !isDecided(rule, each, measuring.rules),
    );
    if (!isOpen) return found;
  }
  return evidence(rules, pairs, alpha);
}

interface Side {
  dir: string;
  name: string;
  words: readonly string[];
}

/** What is read of a side's result: it may be of another version. */
interface SideResult {
  cells: {
    scheme: string;
    params: Record<string, unknown>;
    refused?: { errno: string; reason: string };
    [metric: string]: unknown;
  }[];
}

interface SidePair {
  a: SideResult;
  b: SideResult;
}

function evidence(
  rules: readonly AgainstRule[],
  pairs: readonly SidePair[],
  lookAlpha: number,
): Map<AgainstRule, Evidence | Missing> {
  return new Map(rules.map((rule) => [rule, evidenceOfRule(rule, pairs, lookAlpha)]));
}

function evidenceOfRule(rule: AgainstRule, pairs: readonly SidePair[], lookAlpha: number): Evidence | Missing {
  const [first] = pairs;
  const refused = first === undefined ? undefined : (cellOfSide(first.a, rule.arm)?.refused ?? undefined);
  if (refused !== undefined) return { missing: `${armWords(rule.arm)} is refused: ${refused.errno}`, refused: true };
  const figures = pairs.flatMap(({ a, b }) => {
    const [here, there] = [figureOf(a, rule), figureOf(b, rule)];
    return here === undefined || there === undefined ? [] : [{ here, there }];
  });
  if (figures.length === 0)
    return { missing: `the other commit has no ${rule.metric} of ${armWords(rule.arm)}`, refused: false };
  const samples = { a: figures.map(({ here }) => here), b: figures.map(({ there }) => there), seed: 1, lookAlpha };
  return evidenceOf(samples, rule.metric);
}

function cellOfSide({ cells }: SideResult, arm: ArmName): SideResult['cells'][number] | undefined {
  return cells.find(
    ({ scheme, params }) => scheme === arm.scheme && params.buffers === arm.buffers && params.role !== 'aa',
  );
}

function figureOf(result: SideResult, { arm, metric }: AgainstRule): number | undefined {
  const figure = (cellOfSide(result, arm)?.[metric] as { median?: unknown } | null | undefined)?.median;
  return typeof figure === 'number' && figure > 0 ? figure : undefined;
}

/** The words that this side's command line knows. @throws LabError when it has no document to read */
async function wordsFor(dir: string, words: readonly string[], signal: AbortSignal): Promise<string[]> {
  const { stdout } = await p2plab(dir, ['run', '--help'], signal);
  if (!stdout.includes('--json')) {
    throw new LabError(`${dir}: its p2plab run has no --json: that commit is too old to be compared.`);
  }
  return [...words, ...ONLY_WHERE_KNOWN.filter((word) => stdout.includes(word.split('=')[0] as string))];
}

/** @throws LabError when the side cannot run the workload (exit 2) or its run fails (exit 4) */
async function runSide({ dir, name, words }: Side, signal: AbortSignal): Promise<SideResult> {
  const out = makeOwnedFolder('side');
  try {
    const { code, stdout, stderr } = await p2plab(
      dir,
      ['run', ...words, '--quiet', '--out', out, '--json', '-'],
      signal,
    );
    if (signal.aborted) throw new LabError('interrupted: no verdict, nothing recorded.', EXIT.interrupted);
    if (code !== 0) {
      const exitCode: ExitCode = code === EXIT.usage ? EXIT.usage : EXIT.runFailed;
      throw new LabError(`${name}: p2plab run ${words.join(' ')}: exit ${code}: ${lastLines(stderr)}`, exitCode);
    }
    return readSide(stdout, name);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

function readSide(text: string, name: string): SideResult {
  let value: { schema?: unknown; cells?: unknown };
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw new LabError(`${name}: its p2plab run --json - is not JSON (${(error as Error).message}).`);
  }
  if (String(value.schema).startsWith('p2plab.result/') && Array.isArray(value.cells)) return value as SideResult;
  throw new LabError(`${name}: its p2plab run --json - is no result but ${JSON.stringify(value.schema)}.`);
}

function p2plab(dir: string, args: readonly string[], signal: AbortSignal) {
  return runChild(process.execPath, [join(dir, 'bin/p2plab.js'), ...args], { cwd: process.cwd(), signal });
}
