// Rules of kind `cost`: their baselines read, their workloads counted and simulated as the baselines were.
import { readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import type { CostOptions } from '../../cost/cost_cells.ts';
import { readCpu } from '../../cost/cpu_file.ts';
import { COST_SCHEMA, type CostDocument } from '../../cost/document.ts';
import { runCost } from '../../cost/run_cost.ts';
import type { RunParams } from '../../plan/run_plan.ts';
import { judgeCost } from '../cost.ts';
import type { CostRule } from '../gates_file.ts';
import type { Outcome } from '../outcome.ts';
import { besideFile, resolveWorkload, workloadOptions } from './workloads.ts';

export interface CostPlan {
  rule: CostRule;
  params: RunParams;
  baseline: CostDocument;
}

/** @throws LabError for a workload that cannot be run, or a baseline that is none */
export async function planCosts(rules: readonly CostRule[], source: string): Promise<CostPlan[]> {
  const plans: CostPlan[] = [];
  for (const rule of rules) {
    const where = `${source}:${rule.line}: rule ${rule.name}`;
    const options = workloadOptions(rule.workload, source);
    const { params } = await resolveWorkload(options, rule.arms, where);
    plans.push({ rule, params, baseline: readBaseline(besideFile(rule.baseline, source), where) });
  }
  return plans;
}

function readBaseline(path: string, where: string): CostDocument {
  let document: Partial<CostDocument>;
  try {
    document = JSON.parse(readFileSync(path, 'utf8')) as Partial<CostDocument>;
  } catch (error) {
    throw new LabError(`${where}: baseline ${path}: ${(error as Error).message}. Write it: p2plab cost --json ${path}`);
  }
  if (document.schema !== COST_SCHEMA || !Array.isArray(document.cells) || document.options === undefined)
    throw new LabError(
      `${where}: baseline ${path}: expected a ${COST_SCHEMA} document, as p2plab cost --json writes it.`,
    );
  return document as CostDocument;
}

/** @throws LabError when I/Os fail or the gate is interrupted */
export async function judgeCosts(
  plans: readonly CostPlan[],
  hooks: { signal: AbortSignal; progress(share: number, what: string): void },
): Promise<Map<CostRule, Outcome>> {
  const outcomes = new Map<CostRule, Outcome>();
  for (const { rule, params, baseline } of plans) {
    const { cpus, pages, prefetch, seeds } = baseline.options;
    const options: CostOptions = {
      cpus: rule.missesPercent === undefined ? [] : cpus.map(readCpu),
      pages: pages as CostOptions['pages'],
      prefetch: prefetch as CostOptions['prefetch'],
      seeds,
      lines: baseline.cells.some(({ functions }) => functions !== undefined),
    };
    const document = await runCost(params, options, hooks);
    if (hooks.signal.aborted) break;
    outcomes.set(rule, judgeCost(rule, document, baseline));
  }
  return outcomes;
}
