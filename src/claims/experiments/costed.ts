// Experiment: instructions, accesses and lines of the timed modules, exactly; with a processor also its misses and cycles, a model.
import { EXIT, LabError } from '../../base/errors.ts';
import { readCpu } from '../../cost/cpu_file.ts';
import type { CostCell } from '../../cost/document.ts';
import { runCost } from '../../cost/run_cost.ts';
import { readOptions } from '../../options/options_object.ts';
import { resolveRun } from '../../options/resolve_run.ts';
import type { OptionsObject } from '../../sweep/options.ts';
import { commandLine } from './command_line.ts';
import { PLAIN } from './counted.ts';
import type { Experiment } from './experiment.ts';

/** The host's side of an arm's I/O. */
export interface CostedArm {
  /** SCHEME/BUFFERS */
  arm: string;
  refused?: string;
  ops: number;
  lines: number;
  atomics: number;
  /** Host's instructions and accesses by function of the source, where the experiment asks for functions. */
  functions: Readonly<Record<string, { ops: number; accesses: number }>>;
  /** On the processor that was asked for: misses of the last level, and cycles where a miss waits for what it depends on. */
  model?: { l2Misses: number; l3Misses: number; cycles: number };
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
    kind: cpu === undefined ? 'exact' : 'modelled',
    run: async ({ signal, events }) => {
      const read = readOptions(all, command);
      const { params } = await resolveRun(read.jobFile, read.options);
      const cpus = cpu === undefined ? [] : [readCpu(cpu)];
      const how = { cpus, pages: 'kernel', prefetch: ['none'], seeds: SEEDS, lines: functions } as const;
      const document = await runCost(params, how, { progress: events.progress, signal });
      if (signal.aborted) throw new LabError('interrupted.', EXIT.interrupted);
      return document.cells.map((cell) => costedArm(cell, cpu));
    },
  };
}

/** Placements: what decides a claim differs by far more than they do. */
const SEEDS = 2;

function costedArm({ scheme, buffers, refused, host, functions = [] }: CostCell, cpu: string | undefined): CostedArm {
  const arm = `${scheme}/${buffers}`;
  if (host === undefined)
    return { arm, refused: refused?.errno ?? 'refused', ops: 0, lines: 0, atomics: 0, functions: {} };
  const { ops, lines, atomics } = host.perIo;
  const found = cpu === undefined ? undefined : host.cpus[cpu];
  const model = found && {
    l2Misses: found.l2Misses.mean,
    l3Misses: found.l3Misses.mean,
    cycles: found.cycles.dep,
  };
  return { arm, ops, lines, atomics, functions: ofFunctions(functions), ...(model && { model }) };
}

function ofFunctions(lines: NonNullable<CostCell['functions']>): CostedArm['functions'] {
  const ofHost = Map.groupBy(
    lines.filter(({ core }) => core === 'host'),
    (line) => line.function,
  );
  const sum = (own: typeof lines, key: 'ops' | 'accesses'): number => own.reduce((all, line) => all + line[key], 0);
  return Object.fromEntries(
    [...ofHost].map(([name, own]) => [name, { ops: sum(own, 'ops'), accesses: sum(own, 'accesses') }]),
  );
}

/** @throws for an arm that the experiment has not: a programmer's mistake in a claim */
export function costOf(all: Costed, name: string): CostedArm {
  const found = all.find(({ arm }) => arm === name);
  if (found === undefined)
    throw new Error(`a claim asks for ${name}; there are ${all.map(({ arm }) => arm).join(', ')}`);
  return found;
}
