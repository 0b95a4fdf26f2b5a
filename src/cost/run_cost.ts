// p2plab cost: every arm of a run counted and simulated, into one document.
import { createRequire } from 'node:module';
import { expectHosts, moduleBytes } from '../lab/machine/modules.ts';
import { moduleOf, planGroups, type RunParams } from '../plan/run_plan.ts';
import { type ArmTask, type CostOptions, costCells } from './cost_cells.ts';
import { costDifferences } from './differences.ts';
import { COST_SCHEMA, type CostDocument } from './document.ts';

export interface CostHooks {
  progress(share: number, what: string): void;
  /** Looked at between arms: what is whole is kept. */
  signal: AbortSignal;
}

/** @throws LabError for a workload that cannot be simulated, or I/Os that fail */
export async function runCost(
  { fabricOf, ...params }: RunParams,
  options: CostOptions,
  hooks: CostHooks,
): Promise<CostDocument> {
  const groups = planGroups({ ...params, fabricOf, barSweep: [] });
  const arms = groups.flatMap((plan) => plan.arms.map((arm) => ({ plan, arm })));
  compileFor([...new Set(arms.map(({ arm }) => moduleOf(arm, params)))]);
  let given = 0;
  const next = (): ArmTask | undefined => {
    const each = arms[given];
    if (each === undefined || hooks.signal.aborted) return undefined;
    hooks.progress(given / arms.length, each.arm.id);
    return { index: given++, ...each, params, options };
  };
  const made = [...(await costCells(arms.length, next))].sort(([a], [b]) => a - b).map(([, each]) => each);
  const modules = Object.assign({}, ...made.map(({ digests }) => digests)) as Record<string, string>;
  const cells = made.map(({ cell }) => cell);
  return {
    schema: COST_SCHEMA,
    modules: Object.fromEntries(Object.entries(modules).sort(([a], [b]) => (a < b ? -1 : 1))),
    compiler: compilerVersions(),
    options: {
      cpus: options.cpus.map(({ name }) => name),
      pages: options.pages,
      prefetch: [...options.prefetch],
      seeds: options.seeds,
    },
    cells,
    differences: costDifferences(cells),
  };
}

/** Compiles what is missing of these hosts' modules, all at once, before threads ask for them one by one. */
function compileFor(hosts: readonly string[]): void {
  expectHosts(hosts);
  for (const name of ['cost', ...hosts.map((host) => `host.${host}`)]) moduleBytes(name);
}

/** Of what made the modules: their instructions depend on it. */
function compilerVersions(): string {
  const { version, dependencies } = createRequire(import.meta.url)('assemblyscript/package.json') as {
    version: string;
    dependencies: Record<string, string>;
  };
  return `assemblyscript ${version}, binaryen ${dependencies.binaryen}`;
}
