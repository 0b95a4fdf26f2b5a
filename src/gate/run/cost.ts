// Rules of kind `cost`: what they are held to is read or asked of another commit's own `p2plab cost`; their workloads are counted, and
// simulated as the bound was. Lines of the source are only asked for where something differs: a module is compiled once more for them.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { EXIT, type ExitCode, LabError } from '../../base/errors.ts';
import type { CostOptions } from '../../cost/cost_cells.ts';
import { readCpu } from '../../cost/cpu_file.ts';
import { COST_SCHEMA, type CostDocument } from '../../cost/document.ts';
import { runCost } from '../../cost/run_cost.ts';
import { commandWords } from '../../options/options_object.ts';
import type { RunParams } from '../../plan/run_plan.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { type ArmName, armWords, askedBuffers, schemeFile } from '../arm.ts';
import { type CostBound, type JudgedCosts, judgeCost } from '../cost.ts';
import { type Baseline, type CostSimulation, readBaselines } from '../cost_baseline.ts';
import type { CostRule } from '../gates_file.ts';
import type { Outcome } from '../outcome.ts';
import { type Checkout, lastLines } from './checkout.ts';
import { runChild } from './child.ts';
import { resolveWorkload, workloadOptions } from './workloads.ts';

/** The cost rules of one workload that simulate alike: counted together. */
export interface CostPlan {
  rules: CostRule[];
  workload: string;
  options: OptionsObject;
  params: RunParams;
  simulation: CostSimulation;
}

export interface CostJudging {
  signal: AbortSignal;
  progress(share: number, what: string): void;
  /** The other commit, which takes the place of all baselines. */
  checkout?: Checkout | undefined;
}

const COUNTS_ONLY: CostSimulation = { cpus: [], pages: 'kernel', prefetch: ['none'], seeds: 1 };
const USUAL_SIMULATION: CostSimulation = { cpus: ['genoa'], pages: 'kernel', prefetch: ['none'], seeds: 8 };

/** @throws LabError for a workload that cannot be run, or processors that are none */
export async function planCosts(rules: readonly CostRule[], source: string): Promise<CostPlan[]> {
  const plans: CostPlan[] = [];
  for (const [workload, ofWorkload] of Map.groupBy(rules, (rule) => rule.workload)) {
    const alike = Map.groupBy(ofWorkload, (rule) => JSON.stringify(simulationOf(rule, source)));
    for (const [simulation, own] of alike) {
      const where = `${source}:${own[0]?.line}: rule ${own[0]?.name}`;
      const options = workloadOptions(workload, source);
      const arms = own.flatMap((rule) => rule.arms);
      const { params } = await resolveWorkload(options, arms, where);
      plans.push({
        ...{ rules: own, workload: workloadKey(own[0] as CostRule), options, params },
        simulation: JSON.parse(simulation) as CostSimulation,
      });
    }
  }
  return plans;
}

/** Workloads that a rule says itself are known by what they are. */
function workloadKey({ workload: { name, options } }: CostRule): string {
  return name.startsWith('of line ') ? JSON.stringify(options) : name;
}

/** The baseline's, or what the rule says; none where no misses are asked for. */
function simulationOf(rule: CostRule, source: string): CostSimulation {
  if (rule.missesPercent === undefined) return COUNTS_ONLY;
  if (rule.cpus !== undefined) return { ...USUAL_SIMULATION, cpus: [...rule.cpus] };
  const written = readBaseline(rule, source)?.options;
  return written === undefined || written.cpus.length === 0 ? USUAL_SIMULATION : written;
}

function fileOf(rule: CostRule, source: string): string | undefined {
  const path = baselinePath(rule, source);
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** Beside the gates file, unless it is there as it is said. */
export function baselinePath({ baseline }: CostRule, source: string): string | undefined {
  if (baseline === undefined || isAbsolute(baseline)) return baseline;
  const beside = join(dirname(source), baseline);
  return existsSync(beside) || !existsSync(baseline) ? beside : baseline;
}

/** @throws LabError for what is there and is none */
function readBaseline(rule: CostRule, source: string): Baseline | undefined {
  const path = fileOf(rule, source);
  if (path === undefined) return undefined;
  try {
    return readBaselines(readFileSync(path, 'utf8')).of(workloadKey(rule));
  } catch (error) {
    throw new LabError(`${whereOf(rule, source)}: baseline ${path}: ${(error as Error).message}. ${HOW}`);
  }
}

const HOW = 'Write it: p2plab gate --update-baselines';

function whereOf(rule: CostRule, source: string): string {
  return `${source}:${rule.line}: rule ${rule.name}`;
}

/** What a rule is held to without another commit. @throws LabError where it has no baseline, or one without its workload */
export function baselineBound(rule: CostRule, source: string): CostBound {
  const costs = readBaseline(rule, source);
  const words = rule.baseline ?? '';
  if (costs !== undefined) return { words, costs, allowsLess: false, without: [] };
  const what = fileOf(rule, source) === undefined ? 'there is no such file' : `has no workload ${workloadKey(rule)}`;
  throw new LabError(`${whereOf(rule, source)}: baseline ${baselinePath(rule, source)}: ${what}. ${HOW}`);
}

/** @throws LabError when I/Os fail, the other commit cannot say its costs, or the gate is interrupted */
export async function judgeCosts(
  plans: readonly CostPlan[],
  bounds: ReadonlyMap<CostRule, CostBound>,
  judging: CostJudging,
): Promise<Map<CostRule, Outcome>> {
  const outcomes = new Map<CostRule, Outcome>();
  for (const plan of plans) {
    const { checkout } = judging;
    const without = checkout === undefined ? [] : unknownArms(plan, checkout);
    const there = checkout === undefined ? undefined : costsOf(checkout, plan, { without, lines: false }, judging);
    const [now, other] = await Promise.all([costsHere(plan, plan.params, false, judging), there]);
    if (judging.signal.aborted) break;
    for (const rule of plan.rules) {
      const bound =
        checkout === undefined || other === undefined
          ? (bounds.get(rule) as CostBound)
          : { words: wordsOf(checkout), costs: other, allowsLess: true, without };
      const first = judgeCost(rule, now, bound);
      outcomes.set(rule, first.verdict === 'pass' ? first : await withLines(rule, plan, { now, bound, judging }));
    }
  }
  return outcomes;
}

/** The same verdict with the lines behind it. */
async function withLines(
  rule: CostRule,
  plan: CostPlan,
  { now, bound, judging }: { now: JudgedCosts; bound: CostBound; judging: CostJudging },
): Promise<Outcome> {
  const arms = rule.arms.filter((arm) => judgeCost({ ...rule, arms: [arm] }, now, bound).verdict !== 'pass');
  const isToldBefore = bound.costs.cells.some(({ functions }) => functions !== undefined);
  if (judging.checkout === undefined && !isToldBefore) return judgeCost(rule, now, bound);
  const some = { ...plan, rules: [{ ...rule, arms }], simulation: COUNTS_ONLY };
  const { checkout } = judging;
  const there =
    checkout === undefined
      ? Promise.resolve(bound.costs)
      : costsOf(checkout, some, { without: bound.without, lines: true }, judging);
  const [here, before] = await Promise.all([costsHere(some, narrowed(plan.params, arms), true, judging), there]);
  const costs = { ...bound.costs, cells: withFunctions(bound.costs, before) };
  return judgeCost(rule, { ...now, cells: withFunctions(now, here) }, { ...bound, costs });
}

function withFunctions({ cells }: JudgedCosts, lined: JudgedCosts): JudgedCosts['cells'] {
  return cells.map((cell) => {
    const found = lined.cells.find(({ scheme, buffers }) => scheme === cell.scheme && buffers === cell.buffers);
    return found?.functions === undefined ? cell : { ...cell, functions: found.functions };
  });
}

function narrowed(params: RunParams, arms: readonly ArmName[]): RunParams {
  const schemes = params.schemes.filter((scheme) => arms.some((arm) => arm.scheme === scheme));
  return { ...params, schemes: schemes.length > 0 ? schemes : params.schemes, buffers: askedBuffers(arms) };
}

/** @throws LabError when I/Os fail */
export async function costsHere(
  { simulation: { cpus, pages, prefetch, seeds } }: Pick<CostPlan, 'simulation'>,
  params: RunParams,
  lines: boolean,
  { signal, progress }: CostJudging,
): Promise<CostDocument> {
  const options: CostOptions = {
    ...{ cpus: cpus.map(readCpu), seeds, lines },
    ...{ pages: pages as CostOptions['pages'], prefetch: prefetch as CostOptions['prefetch'] },
  };
  return runCost(params, options, { signal, progress });
}

/** Schemes are files: those that the other commit has not. */
function unknownArms({ rules }: CostPlan, { dir }: Checkout): string[] {
  const arms = rules.flatMap((rule) => rule.arms);
  return [
    ...new Set(arms.filter(({ scheme }) => !existsSync(join(dir, schemeFile(scheme)))).map((arm) => armWords(arm))),
  ];
}

function wordsOf({ ref, commit }: Checkout): string {
  return `${ref} (${commit.slice(0, 12)})`;
}

/** Options of a run that a cost has no use for: another commit may not know them. */
const OF_TIMES = ['bar-sweep', 'stages', 'processes', 'budget', 'rounds', 'round-ms'];

/** What another commit's own command says. @throws LabError when it cannot */
export async function costsOf(
  checkout: Checkout,
  { rules, options, simulation: { cpus, pages, prefetch, seeds } }: Pick<CostPlan, 'rules' | 'options' | 'simulation'>,
  { without, lines }: { without: readonly string[]; lines: boolean },
  { signal }: Pick<CostJudging, 'signal'>,
): Promise<JudgedCosts> {
  const arms = rules.flatMap((rule) => rule.arms).filter((arm) => !without.includes(armWords(arm)));
  if (arms.length === 0) return { compiler: '', cells: [] };
  const given = Object.fromEntries(Object.entries(options).filter(([key]) => !OF_TIMES.includes(key)));
  const { jobFile, words } = commandWords(given, 'cost');
  const args = [
    'cost',
    ...(jobFile === undefined ? [] : [resolve(jobFile)]),
    `--scheme=${[...new Set(arms.map(({ scheme }) => scheme))].join(',')}`,
    `--buffers=${askedBuffers(arms).join(',')}`,
    ...words,
    // Its command simulates at least one processor.
    ...(cpus.length === 0 ? ['--seeds=1'] : [`--cpu=${cpus.join(',')}`, `--seeds=${seeds}`]),
    ...[`--pages=${pages}`, `--prefetch=${prefetch.join(',')}`],
    ...(lines ? [] : ['--no-lines']),
    ...['--quiet', '--json', '-'],
  ];
  const program = [join(checkout.dir, 'bin/p2plab.js'), ...args];
  const { code, stdout, stderr } = await runChild(process.execPath, program, { cwd: process.cwd(), signal });
  const name = `--against ${wordsOf(checkout)}`;
  if (signal.aborted) throw new LabError('interrupted: no verdict, nothing recorded.', EXIT.interrupted);
  if (code !== 0) {
    const exitCode: ExitCode = code === EXIT.usage ? EXIT.usage : EXIT.runFailed;
    throw new LabError(`${name}: p2plab ${args.join(' ')}: exit ${code}: ${lastLines(stderr)}`, exitCode);
  }
  return readCosts(stdout, name);
}

function readCosts(text: string, name: string): CostDocument {
  let value: Partial<CostDocument>;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw new LabError(`${name}: its p2plab cost --json - is not JSON (${(error as Error).message}).`);
  }
  if (value.schema === COST_SCHEMA && Array.isArray(value.cells)) return value as CostDocument;
  throw new LabError(`${name}: its p2plab cost --json - is no cost but ${JSON.stringify(value.schema)}.`);
}
