// p2plab cost: every arm of a run counted and simulated, one after the other, into one document.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { refusalReason } from '../lab/machine/modules.ts';
import { groupParams, schemeParams } from '../plan/group_params.ts';
import { type Arm, type GroupPlan, planGroups, type RunParams } from '../plan/run_plan.ts';
import { type CacheFigures, simulateCaches } from './caches.ts';
import { type CostArm, prepareArm } from './cost_arm.ts';
import { coreCost, lineCosts, structureCosts } from './cost_cell.ts';
import type { Cpu } from './cpu_file.ts';
import { costDifferences } from './differences.ts';
import { COST_SCHEMA, type CostCell, type CostDocument } from './document.ts';
import { countExactly } from './exact.ts';
import type { Instrumented } from './instrument.ts';
import type { PageSizes } from './regions.ts';
import { type SourceLines, sourceLines } from './source_lines.ts';

const PREFETCHERS = ['none', 'next-line'] as const;

export interface CostOptions {
  cpus: readonly Cpu[];
  pages: PageSizes;
  prefetch: readonly (typeof PREFETCHERS)[number][];
  /** Physical placements. */
  seeds: number;
  /** Whether lines of the source are told: a module is compiled once more for them. */
  lines: boolean;
}

export interface CostHooks {
  progress(share: number, what: string): void;
  /** Looked at between arms: what is whole is kept. */
  signal: AbortSignal;
}

/** @throws LabError for a workload that cannot be simulated, or I/Os that fail */
export async function runCost(params: RunParams, options: CostOptions, hooks: CostHooks): Promise<CostDocument> {
  const groups = planGroups({ ...params, barSweep: [] });
  const arms = groups.flatMap((plan) => plan.arms.map((arm) => ({ plan, arm })));
  const modules: Record<string, string> = {};
  const cells: CostCell[] = [];
  for (const [index, { plan, arm }] of arms.entries()) {
    hooks.progress(index / arms.length, arm.id);
    // A signal is heard between two arms.
    await new Promise((resolve) => setImmediate(resolve));
    if (hooks.signal.aborted) break;
    cells.push(await costArm(plan, params, arm, options, modules));
  }
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

async function costArm(
  plan: GroupPlan,
  params: RunParams,
  arm: Arm,
  options: CostOptions,
  digests: Record<string, string>,
): Promise<CostCell> {
  const cost = prepareArm(plan, params, arm);
  const used = [cost.host, ...cost.devices.values()];
  for (const { name, original } of used) digests[name] = createHash('sha256').update(original).digest('hex');
  const about = {
    id: arm.id,
    scheme: arm.scheme,
    buffers: arm.buffers,
    params: { ...groupParams(plan, params), ...schemeParams(params.variants?.options ?? {}), buffers: arm.buffers },
  };
  const exact = countExactly(cost);
  if ('refused' in exact) {
    const reason = refusalReason(arm.scheme, exact.refused, arm.buffers) ?? 'no reason given';
    return { ...about, refused: { errno: exact.refused, reason } };
  }
  const figures = simulateAll(cost, params, options);
  return {
    ...about,
    host: coreCost('host', exact, figures),
    device: coreCost('device', exact, figures),
    structures: structureCosts(cost.map.fields, exact, figures),
    ...(options.lines ? { functions: lineCosts(cost, exact, await linesOf(used)) } : {}),
  };
}

function simulateAll(cost: CostArm, params: RunParams, options: CostOptions): Map<string, CacheFigures> {
  const figures = new Map<string, CacheFigures>();
  for (const cpu of options.cpus) {
    for (const prefetch of options.prefetch) {
      const name = prefetch === 'none' ? cpu.name : `${cpu.name}+${prefetch}`;
      const { pages, seeds } = options;
      figures.set(name, simulateCaches(cost, params, cpu, { pages, seeds, prefetchesNext: prefetch !== 'none' }));
    }
  }
  return figures;
}

/** Source lines of modules; compiled once more where they are not kept yet. */
export async function linesOf(modules: readonly Instrumented[]): Promise<Map<Instrumented, SourceLines>> {
  const found = new Map<Instrumented, SourceLines>();
  for (const module of modules) found.set(module, await sourceLines(module.name, module.original));
  return found;
}

/** Of what made the modules: their instructions depend on it. */
function compilerVersions(): string {
  const { version, dependencies } = createRequire(import.meta.url)('assemblyscript/package.json') as {
    version: string;
    dependencies: Record<string, string>;
  };
  return `assemblyscript ${version}, binaryen ${dependencies.binaryen}`;
}
