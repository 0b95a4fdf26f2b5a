// p2plab gate --update-baselines: what cost rules are held to, written from this checkout.
import { existsSync, readFileSync } from 'node:fs';
import { writeAtomically } from '../../base/files.ts';
import type { CostDocument } from '../../cost/document.ts';
import { armWords } from '../arm.ts';
import { armsWords } from '../cost.ts';
import { baselineText } from '../cost_baseline.ts';
import type { CostRule } from '../gates_file.ts';
import type { Outcome } from '../outcome.ts';
import { baselinePath, type CostJudging, type CostPlan, costsHere } from './cost.ts';

/** Writes the baselines of these plans anew, unless it is interrupted. @returns an outcome for each rule that has one */
export async function writeBaselines(
  plans: readonly CostPlan[],
  source: string,
  judging: CostJudging,
): Promise<Map<CostRule, Outcome>> {
  const outcomes = new Map<CostRule, Outcome>();
  const files = new Map<string, Map<string, CostDocument>>();
  for (const plan of plans) {
    const rules = plan.rules.filter(({ baseline }) => baseline !== undefined);
    if (rules.length === 0) continue;
    const document = await costsHere(plan, plan.params, true, judging);
    if (judging.signal.aborted) return outcomes;
    for (const rule of rules) {
      const path = baselinePath(rule, source) as string;
      const ofFile = files.get(path) ?? new Map<string, CostDocument>();
      const own = onlyArms(document, rule);
      const before = ofFile.get(plan.workload);
      files.set(path, ofFile.set(plan.workload, before === undefined ? own : both(before, own)));
      const measured = `cost of ${armsWords(rule.arms)}`;
      const why = `written to ${path}`;
      outcomes.set(rule, { rule, measured, bound: why, interval: null, verdict: 'pass', why });
    }
  }
  for (const [path, workloads] of files) {
    const before = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
    await writeAtomically(path, baselineText(before, workloads));
  }
  return outcomes;
}

/** Without those that are in every run, or asked for by another rule. */
function onlyArms(document: CostDocument, { arms }: CostRule): CostDocument {
  const asked = new Set(arms.map(armWords));
  return { ...document, cells: document.cells.filter(({ scheme, buffers }) => asked.has(`${scheme}/${buffers}`)) };
}

/** Rules of one workload of which some ask for misses: the arms that have them count. */
function both(a: CostDocument, b: CostDocument): CostDocument {
  const [more, less] = a.options.cpus.length >= b.options.cpus.length ? [a, b] : [b, a];
  const there = new Set(more.cells.map(({ id }) => id));
  return { ...more, cells: [...more.cells, ...less.cells.filter(({ id }) => !there.has(id))] };
}
