// Arms for the tests of cost: a run's params by its command line, and every scheme, variant, buffer source and flow there is.
import { Command } from 'commander';
import { expect } from 'vitest';
import type { ArmRecord } from '../../src/analysis/group_record.ts';
import type { RunOptions } from '../../src/catalogue/options/catalogue.ts';
import type { CostArm } from '../../src/cost/cost_arm.ts';
import { prepareArm } from '../../src/cost/cost_arm.ts';
import { countExactly } from '../../src/cost/exact.ts';
import type { FieldCounts } from '../../src/cost/simulator.ts';
import { listSchemes } from '../../src/lab/machine/modules.ts';
import { countArm } from '../../src/lab/measure/count_arm.ts';
import { resolveRun } from '../../src/options/resolve_run.ts';
import { addRunOptions } from '../../src/options/run_options.ts';
import { type Arm, type GroupPlan, moduleOf, planGroups, type RunParams } from '../../src/plan/run_plan.ts';

export async function paramsOf(...words: string[]): Promise<RunParams> {
  const command = addRunOptions(new Command('cost'));
  command.parse(['node', 'cost', ...words]);
  return (await resolveRun(undefined, command.opts<RunOptions>())).params;
}

export interface PlannedArm {
  plan: GroupPlan;
  arm: Arm;
  params: RunParams;
}

/** @param schemes words of --scheme */
export async function armsOf(flow: string, schemes: readonly string[], ...words: string[]): Promise<PlannedArm[]> {
  const common = [
    '--flow',
    flow,
    '--scheme',
    schemes.join(','),
    '--payload',
    'none',
    '--bar',
    '16MiB',
    '--ram',
    '64MiB',
  ];
  const params = await paramsOf(...common, ...words);
  return planGroups(params).flatMap((plan) => plan.arms.map((arm) => ({ plan, arm, params })));
}

export function prepared({ plan, arm, params }: PlannedArm): CostArm {
  return prepareArm(plan, params, arm);
}

export function everyVariant(): string[] {
  return listSchemes().flatMap(({ variants }) => variants.map(({ name }) => name));
}

/** Holds the lines and atomics of struct pages to what the counting build counts. @returns false where the scheme refuses */
export function checkAgainstCounting(flow: string, each: PlannedArm): boolean {
  const cost = prepared(each);
  const exact = countExactly(cost);
  const what = `${flow} ${each.arm.id}`;
  if ('refused' in exact) return false;
  const counted = countArm(cost.machine, { arm: each.arm } as ArmRecord, moduleOf(each.arm, each.params));
  const pages = cost.map.fields.flatMap(({ structure }, field) =>
    structure === 'page' ? [exact.fields.host[field] as FieldCounts] : [],
  );
  const sum = (of: 'lines' | 'atomics'): number => pages.reduce((all, row) => all + row[of], 0);
  expect({ what, lines: sum('lines'), atomics: sum('atomics') }).toEqual({
    what,
    lines: counted.pageLines,
    atomics: counted.pageAtomics,
  });
  expect({ what, outside: exact.fields.host[0]?.reads }).toEqual({ what, outside: 0 });
  return true;
}
