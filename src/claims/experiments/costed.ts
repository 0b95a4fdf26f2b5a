// Experiment: instructions, accesses and lines of the timed modules, exactly; with a processor also its misses and cycles, a model.
import { EXIT, LabError } from '../../base/errors.ts';
import { readCpu } from '../../cost/cpu_file.ts';
import type { CostCell } from '../../cost/document.ts';
import { runCost } from '../../cost/run_cost.ts';
import { readOptions } from '../../options/options_object.ts';
import { PLAIN } from '../../options/plain.ts';
import { resolveRun } from '../../options/resolve_run.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { commandLine } from './command_line.ts';
import type { Experiment } from './experiment.ts';

/** The host's side of an arm's I/O. */
export interface CostedArm {
  /** SCHEME/BUFFERS */
  arm: string;
  ops: number;
  lines: number;
  /** The host's instructions by function of the source, where the experiment asks for functions. */
  functions: Readonly<Record<string, number>>;
  /** On the processor that was asked for: cycles where a miss waits for what it depends on. */
  cycles?: number;
}

export type Costed = readonly CostedArm[];

interface How {
  /** A processor of src/cost/cpus: adds its model. */
  cpu?: string;
  /** Whether functions are told: modules are compiled once more for them. */
  functions?: boolean;
}

export function costed(options: OptionsObject, { cpu, functions = false }: How = {}): Experiment<Costed> {
  const all = { ...PLAIN, ...options };
  const command = commandLine('cost', all, cpu === undefined ? [] : [`--cpu=${cpu}`, `--seeds=${SEEDS}`]);
  return {
    command,
    run: async ({ signal, events }) => {
      const read = readOptions(all, command);
      const { params } = await resolveRun(read.jobFile, read.options);
      const cpus = cpu === undefined ? [] : [readCpu(cpu)];
      const how = { cpus, pages: 'kernel', prefetch: ['none'], seeds: SEEDS, lines: functions } as const;
      const document = await runCost(params, how, { progress: events.progress, signal });
      if (signal.aborted) throw new LabError('interrupted.', EXIT.interrupted);
      return document.cells.flatMap((cell) => costedArm(cell, cpu));
    },
  };
}

/** Placements: what decides a claim differs by far more than they do. */
const SEEDS = 2;

/** None of an arm that is refused. */
function costedArm({ scheme, buffers, host, functions = [] }: CostCell, cpu: string | undefined): CostedArm[] {
  const arm = `${scheme}/${buffers}`;
  if (host === undefined) return [];
  const { ops, lines } = host.perIo;
  const model = cpu === undefined ? undefined : host.cpus[cpu];
  return [{ arm, ops, lines, functions: ofFunctions(functions), ...(model && { cycles: model.cycles.dep }) }];
}

function ofFunctions(lines: NonNullable<CostCell['functions']>): CostedArm['functions'] {
  const ofHost = Map.groupBy(
    lines.filter(({ core }) => core === 'host'),
    (line) => line.function,
  );
  return Object.fromEntries([...ofHost].map(([name, own]) => [name, own.reduce((sum, { ops }) => sum + ops, 0)]));
}

/** @throws for an arm that the experiment has not: a programmer's mistake in a claim */
export function costOf(all: Costed, name: string): CostedArm {
  const found = all.find(({ arm }) => arm === name);
  if (found === undefined)
    throw new Error(`a claim asks for ${name}; there are ${all.map(({ arm }) => arm).join(', ')}`);
  return found;
}
