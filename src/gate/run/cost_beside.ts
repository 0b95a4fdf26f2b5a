// Beside a timed rule that came to nothing: what its two sides cost exactly, which no neighbour on the machine can move.
import { LabError } from '../../base/errors.ts';
import { costDifference } from '../../cost/differences.ts';
import type { CostCell, CostDocument } from '../../cost/document.ts';
import { type ArmName, armWords, askedBuffers } from '../arm.ts';
import type { AgainstRule, EquivalentRule, RatioRule } from '../gates_file.ts';
import type { Outcome } from '../outcome.ts';
import type { AgainstPlan } from './against.ts';
import { type CostJudging, type CostPlan, costsHere, costsOf } from './cost.ts';
import type { PlannedWorkload } from './workloads.ts';

const COUNTS_ONLY: CostPlan['simulation'] = { cpus: [], pages: 'kernel', prefetch: ['none'], seeds: 1 };
/** Structures that are named. */
const NAMED = 3;

/** The outcomes with the exact difference behind the reason of each timed rule that is open. */
export async function costsBeside(
  outcomes: readonly Outcome[],
  planned: readonly PlannedWorkload[],
  against: readonly AgainstPlan[],
  judging: CostJudging,
): Promise<Outcome[]> {
  const told: Outcome[] = [];
  for (const outcome of outcomes) {
    const words = outcome.verdict === 'inconclusive' ? await wordsFor(outcome, planned, against, judging) : undefined;
    told.push(words === undefined ? outcome : { ...outcome, why: `${outcome.why}; ${words}` });
  }
  return told;
}

async function wordsFor(
  { rule }: Outcome,
  planned: readonly PlannedWorkload[],
  against: readonly AgainstPlan[],
  judging: CostJudging,
): Promise<string | undefined> {
  try {
    if (rule.kind === 'against') return await againstWords(rule, against, judging);
    if (rule.kind === 'ratio' || rule.kind === 'equivalent') return await pairWords(rule, planned, judging);
    return undefined;
  } catch (error) {
    // A workload with times of its own, or a commit that has no such command: the rule stays as open as it is.
    if (error instanceof LabError) return undefined;
    throw error;
  }
}

async function pairWords(
  { a, b, ...rule }: RatioRule | EquivalentRule,
  planned: readonly PlannedWorkload[],
  judging: CostJudging,
): Promise<string | undefined> {
  const workload = planned.find(({ rules }) => rules.some(({ name }) => name === rule.name));
  if (workload === undefined) return undefined;
  if (a.scheme === b.scheme && a.buffers === b.buffers) return 'exactly, both execute and touch the same';
  const arms = [a, b];
  const schemes = workload.params.schemes.filter((scheme) => arms.some((arm) => arm.scheme === scheme));
  const params = { ...workload.params, schemes, buffers: askedBuffers(arms) };
  const document = await costsHere({ simulation: COUNTS_ONLY }, params, false, judging);
  const [one, other] = [cellOf(document, a), cellOf(document, b)];
  if (one === undefined || other === undefined) return undefined;
  return `exactly, per I/O of the host, ${armWords(a)} less ${armWords(b)}: ${differenceWords(one, other)}`;
}

async function againstWords(
  rule: AgainstRule,
  plans: readonly AgainstPlan[],
  judging: CostJudging,
): Promise<string | undefined> {
  const plan = plans.find(({ rules }) => rules.includes(rule));
  const { checkout } = judging;
  if (plan === undefined || checkout === undefined) return undefined;
  const arms = [rule.arm];
  const params = { ...plan.params, schemes: [rule.arm.scheme], buffers: askedBuffers(arms) };
  const asked = { rules: [{ ...rule, kind: 'cost' as const, arms, ...NO_BOUND }], options: plan.options };
  const [here, there] = await Promise.all([
    costsHere({ simulation: COUNTS_ONLY }, params, false, judging),
    costsOf(checkout, { ...asked, simulation: COUNTS_ONLY }, { without: [], lines: false }, judging),
  ]);
  const [one, other] = [cellOf(here, rule.arm), cellOf(there as CostDocument, rule.arm)];
  if (one === undefined || other === undefined) return undefined;
  return `exactly, per I/O of the host, this checkout less ${checkout.ref}: ${differenceWords(one, other)}`;
}

const NO_BOUND = { baseline: undefined, cpus: undefined, missesPercent: undefined };

function cellOf({ cells }: Pick<CostDocument, 'cells'>, arm: ArmName): CostCell | undefined {
  return cells.find(({ scheme, buffers, host }) => scheme === arm.scheme && buffers === arm.buffers && host);
}

/** "+96 ops, +9 accesses, +1 lines, 0 atomics (page +9 accesses, +1 lines)". */
function differenceWords(a: CostCell, b: CostCell): string {
  const { perIo, structures } = costDifference(a, b);
  const { ops, accesses, lines, atomics } = perIo;
  const sums = [`${signed(ops)} ops`, `${signed(accesses)} accesses`, `${signed(lines)} lines`];
  const most = structures
    .filter((each) => each.perIo.accesses !== 0 || each.perIo.lines !== 0)
    .slice(0, NAMED)
    .map((each) => `${each.name} ${signed(each.perIo.accesses)} accesses, ${signed(each.perIo.lines)} lines`);
  const causes = most.length === 0 ? '' : ` (${most.join('; ')})`;
  return `${[...sums, `${signed(atomics)} atomics`].join(', ')}${causes}`;
}

function signed(value: number): string {
  const rounded = Number(value.toPrecision(4));
  return rounded > 0 ? `+${rounded}` : String(rounded);
}
