// Measures the workloads of a gate one after the other, those that are only counted first, and judges all rules.
import type { GroupRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { type Measurement, withPolicy, withProgress } from '../../lab/measure/measurement.ts';
import { run } from '../../lab/run.ts';
import type { Result } from '../../result/schema.ts';
import { armWords } from '../arm.ts';
import type { CostBound } from '../cost.ts';
import { judgeExact } from '../exact.ts';
import type { AgainstRule, CostRule, EquivalentRule, HistoryRule, RatioRule, Rule } from '../gates_file.ts';
import { type HistoryFigure, judgeHistory } from '../history_rule.ts';
import type { Outcome } from '../outcome.ts';
import { boundsOf, type Evidence, isDecided, timedOutcome, verdictsOf } from '../timed.ts';
import { type AgainstPlan, measureAgainst } from './against.ts';
import type { Checkout } from './checkout.ts';
import { type CostJudging, type CostPlan, judgeCosts } from './cost.ts';
import type { costsBeside } from './cost_beside.ts';
import { historyFigure, isMissing, type Missing, ofGroup, ofResult, ratioEvidence } from './evidence.ts';
import type { Histories } from './history.ts';
import type { PlannedWorkload } from './workloads.ts';

export interface GateMeasuring {
  /** The rules in the order of the report. */
  order: readonly Rule[];
  /** For all timed workloads together. */
  budgetMs: number;
  histories: Histories;
  costs: CostRules;
  /** Comparisons with another commit; without one there is none to check out. */
  against: { plans: readonly AgainstPlan[]; checkOut: (() => Promise<Checkout>) | undefined };
  measurement: Measurement;
}

/** Rules that are counted and simulated, and what they are held to where there is no other commit. */
export interface CostRules {
  plans: readonly CostPlan[];
  bounds: ReadonlyMap<CostRule, CostBound>;
  /** What is said beside timed rules that come to nothing. */
  beside: typeof costsBeside;
}

export interface Judged {
  /** In the order asked for. */
  outcomes: Outcome[];
  warnings: string[];
  /** What history rules measured. */
  figures: Map<HistoryRule, HistoryFigure>;
}

/** @throws LabError when a run fails (exit 4) or is interrupted (exit 130) */
export async function measureAndJudge(planned: readonly PlannedWorkload[], measuring: GateMeasuring): Promise<Judged> {
  const { against, budgetMs, measurement } = measuring;
  const { now = () => performance.now() } = measurement.policy;
  const counted = planned.filter(({ modes }) => modes.length === 0);
  const timed = planned.filter(({ modes }) => modes.length > 0);
  const steps = planned.length + against.plans.length;
  const timedSteps = timed.length + against.plans.length;
  const rules = [
    ...timed.flatMap((workload) => workload.rules.filter(isRatio)),
    ...against.plans.flatMap((plan) => plan.rules),
  ];
  const results = new Map<PlannedWorkload, Result>();
  const evidence = new Map<AgainstRule, Evidence | Missing>();
  let done = 0;
  const part = (timedDone: number, timedMs: number): Part => {
    const from = done++;
    return {
      share: (of) => (from + of) / steps,
      budgetMs: Math.max(1, (budgetMs - timedMs) / Math.max(1, timedSteps - timedDone)),
      rules: rules.length,
    };
  };
  for (const workload of counted) results.set(workload, await measure(workload, measuring, part(0, 0)));
  // Building the other commit is no measuring: the budget begins behind it.
  const isNeeded = against.plans.length + measuring.costs.plans.length > 0;
  const checkout = isNeeded ? await against.checkOut?.() : undefined;
  const costing = costJudging(measurement, checkout);
  try {
    const costs = await judgeCosts(measuring.costs.plans, measuring.costs.bounds, costing);
    const began = now();
    for (const [index, workload] of timed.entries()) {
      results.set(workload, await measure(workload, measuring, part(index, now() - began)));
    }
    for (const [index, plan] of against.plans.entries()) {
      const { share, ...more } = part(timed.length + index, now() - began);
      const ofPlan = withProgress(measurement, (of, what) =>
        measurement.events.progress(share(of), `workload ${plan.name}: ${what}`),
      );
      const found = await measureAgainst(plan, { ...more, checkout: checkout as Checkout, measurement: ofPlan });
      for (const [rule, each] of found) evidence.set(rule, each);
    }
    throwIfInterrupted(measurement);
    const { outcomes, figures } = judge(results, evidence, costs, measuring);
    const told = await measuring.costs.beside(outcomes, planned, against.plans, costing);
    throwIfInterrupted(measurement);
    return { outcomes: told, figures, warnings: warningsOf(results) };
  } finally {
    checkout?.remove();
  }
}

function costJudging({ signal, events }: Measurement, checkout: Checkout | undefined): CostJudging {
  return { signal, checkout, progress: (share, what) => events.progress(share, `cost: ${what}`) };
}

function throwIfInterrupted({ signal }: Measurement): void {
  if (signal.aborted) throw new LabError('interrupted: no verdict, nothing recorded.', EXIT.interrupted);
}

function warningsOf(results: ReadonlyMap<PlannedWorkload, Result>): string[] {
  return [...results].flatMap(([workload, result]) => [
    ...workload.warnings.map((warning) => `workload ${workload.workload.name}: ${warning}`),
    ...result.environment.warnings,
  ]);
}

/** What one workload gets of the gate. */
interface Part {
  share(done: number): number;
  budgetMs: number;
  /** Timed rules of the whole gate. */
  rules: number;
}

async function measure(
  { workload, params, modes, rules, warnings, fault }: PlannedWorkload,
  { measurement }: GateMeasuring,
  part: Part,
): Promise<Result> {
  const ratios = rules.filter(isRatio);
  const isOpen = (group: GroupRecord, alpha: number): boolean =>
    ratios.some((rule) => {
      const evidence = ratioEvidence(ofGroup(group, params.seed, alpha), rule.a, rule.b, rule.metric);
      return isMissing(evidence) ? !evidence.refused : !isDecided(rule, evidence, part.rules);
    });
  const adaptive = ratios.length > 0 && params.budgetMs === undefined ? { budgetMs: part.budgetMs } : {};
  const ofWorkload = withProgress(withPolicy(measurement, { onlyWhole: true, isOpen, fault }), (done, what) =>
    measurement.events.progress(part.share(done), `workload ${workload.name}: ${what}`),
  );
  const origin = { warnings, argv: process.argv.slice(2) };
  const { result, failure } = await run(modes.length === 0 ? params : { ...params, ...adaptive }, ofWorkload, origin);
  if (measurement.signal.aborted) throw new LabError('interrupted: no verdict, nothing recorded.', EXIT.interrupted);
  if (failure !== undefined) throw new LabError(`workload ${workload.name}: ${failure.message}`, failure.exitCode);
  return result;
}

type Ratio = RatioRule | EquivalentRule;

function isRatio(rule: Rule): rule is Ratio {
  return rule.kind === 'ratio' || rule.kind === 'equivalent';
}

function judge(
  results: ReadonlyMap<PlannedWorkload, Result>,
  against: ReadonlyMap<AgainstRule, Evidence | Missing>,
  costs: ReadonlyMap<Rule, Outcome>,
  { order, histories }: GateMeasuring,
): Pick<Judged, 'outcomes' | 'figures'> {
  const outcomes = new Map<Rule, Outcome>(costs);
  const figures = new Map<HistoryRule, HistoryFigure>();
  const timed: { rule: Ratio | AgainstRule; evidence: Evidence }[] = [];
  for (const [{ rules }, result] of results) {
    for (const rule of rules) {
      if (rule.kind === 'exact') outcomes.set(rule, judgeExact(rule, result));
      else if (rule.kind === 'history') {
        const figure = historyFigure(rule, result);
        if (isMissing(figure)) outcomes.set(rule, withoutFigure(rule, figure));
        else {
          figures.set(rule, figure);
          outcomes.set(rule, judgeHistory(rule, figure, histories.of(rule)));
        }
      } else if (isRatio(rule)) {
        const evidence = ratioEvidence(ofResult(result), rule.a, rule.b, rule.metric);
        if (isMissing(evidence)) outcomes.set(rule, withoutFigure(rule, evidence));
        else timed.push({ rule, evidence });
      }
    }
  }
  for (const [rule, evidence] of against) {
    if (isMissing(evidence)) outcomes.set(rule, withoutFigure(rule, evidence));
    else timed.push({ rule, evidence });
  }
  verdictsOf(timed).forEach((verdict, index) => {
    const { rule, evidence } = timed[index] as (typeof timed)[number];
    const what =
      rule.kind === 'against'
        ? `${armWords(rule.arm)} over that of the other commit`
        : `${armWords(rule.a)} over ${armWords(rule.b)}`;
    outcomes.set(rule, timedOutcome(rule, evidence, verdict, what));
  });
  return { outcomes: order.map((rule) => outcomes.get(rule) as Outcome), figures };
}

/** A refused arm breaks its rule for good; pairs that are missing only leave it open. */
function withoutFigure(rule: Ratio | HistoryRule | AgainstRule, { missing, refused }: Missing): Outcome {
  const bound = rule.kind === 'history' ? `no step in ${rule.file}` : boundsOf(rule).words;
  const verdict = refused ? 'fail' : 'inconclusive';
  return { rule, verdict, measured: 'nothing', bound, interval: null, why: missing };
}
