// Cells of p2plab cost, one for each arm: made in this thread, or by as many as there are cores. What comes of an arm does not depend on
// who makes it, nor on the others.
import { createHash } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { type ExitCode, LabError } from '../base/errors.ts';
import { refusalReason } from '../lab/machine/modules.ts';
import { groupParams, schemeParams } from '../plan/group_params.ts';
import type { Arm, GroupPlan, MeasureParams } from '../plan/run_plan.ts';
import { type CacheFigures, simulateCaches } from './caches.ts';
import { type CostArm, prepareArm } from './cost_arm.ts';
import { coreCost, lineCosts, structureCosts } from './cost_cell.ts';
import type { Cpu } from './cpu_file.ts';
import type { CostCell } from './document.ts';
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

/** One arm to make a cell of: plain data. */
export interface ArmTask {
  /** In the order of the document. */
  index: number;
  plan: GroupPlan;
  arm: Arm;
  params: MeasureParams;
  options: CostOptions;
}

export type ArmAnswer = { index: number } & (
  | { cell: CostCell; digests: Record<string, string> }
  | { failure: { message: string; exitCode: ExitCode | undefined } }
);

export type MadeCell = { cell: CostCell; digests: Record<string, string> };

/** More threads want more memory: each has a machine of its own. */
const MOST_THREADS = 4;

/**
 * @param next the arm to make next, undefined when no more are wanted
 * @returns cells by the index of their arms
 * @throws LabError as costArm does
 */
export async function costCells(arms: number, next: () => ArmTask | undefined): Promise<Map<number, MadeCell>> {
  const made = new Map<number, MadeCell>();
  const threads = Math.min(MOST_THREADS, availableParallelism(), arms);
  if (threads > 1) await Promise.all(Array.from({ length: threads }, () => onThread(next, made)));
  else {
    for (let task = next(); task !== undefined; task = next()) {
      made.set(task.index, await costArm(task));
      // A signal is heard between two arms.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return made;
}

function onThread(next: () => ArmTask | undefined, made: Map<number, MadeCell>): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./cost_worker.ts', import.meta.url));
    const send = (): void => {
      const task = next();
      worker.postMessage(task);
      if (task === undefined) resolve();
    };
    worker.on('error', reject);
    worker.on('message', (answer: ArmAnswer) => {
      if ('failure' in answer) {
        const { message, exitCode } = answer.failure;
        reject(exitCode === undefined ? new Error(message) : new LabError(message, exitCode));
        void worker.terminate();
        return;
      }
      made.set(answer.index, answer);
      send();
    });
    send();
  });
}

/** @throws LabError for a workload that cannot be simulated, or I/Os that fail */
export async function costArm(task: ArmTask): Promise<{ cell: CostCell; digests: Record<string, string> }> {
  const cost = prepareArm(task.plan, task.params, task.arm);
  const digests = Object.fromEntries(
    [cost.host, ...cost.devices.values()].map(({ name, original }) => [
      name,
      createHash('sha256').update(original).digest('hex'),
    ]),
  );
  return { cell: await cellOf(cost, task), digests };
}

async function cellOf(cost: CostArm, { plan, params, arm, options }: ArmTask): Promise<CostCell> {
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
  const figures = simulateAll(cost, params, options, exact.perIo.host.accesses + exact.perIo.device.accesses);
  return {
    ...about,
    host: coreCost('host', exact, figures),
    device: coreCost('device', exact, figures),
    structures: structureCosts(cost.map.fields, exact, figures),
    ...(options.lines
      ? { functions: lineCosts(cost, exact, await linesOf([cost.host, ...cost.devices.values()])) }
      : {}),
  };
}

function simulateAll(
  cost: CostArm,
  params: MeasureParams,
  { cpus, prefetch: kinds, pages, seeds }: CostOptions,
  accessesPerIo: number,
): Map<string, CacheFigures> {
  const figures = new Map<string, CacheFigures>();
  for (const cpu of cpus) {
    for (const prefetch of kinds) {
      const name = prefetch === 'none' ? cpu.name : `${cpu.name}+${prefetch}`;
      const how = { pages, seeds, prefetchesNext: prefetch !== 'none', accessesPerIo };
      figures.set(name, simulateCaches(cost, params, cpu, how));
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
