// What the benches share: a machine with a default job, slices on worker threads or inline, the native twin, rows.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GIB, MIB, TIB } from '../src/base/units.ts';
import { fieldsOf } from '../src/catalogue/options/catalogue.ts';
import { compileStream } from '../src/jobs/access_stream.ts';
import { defaultJob } from '../src/jobs/default_job.ts';
import type { Job } from '../src/jobs/job.ts';
import { sharedMemory } from '../src/lab/machine/arena.ts';
import { type BuiltMachine, buildMachine, setBuffers, skewBuffers } from '../src/lab/machine/build_machine.ts';
import { hostModule, setupModule } from '../src/lab/machine/modules.ts';
import { backPayload } from '../src/lab/machine/payload_pages.ts';
import { type Crew, startCrew } from '../src/lab/workers/crew.ts';
import { type Fabric, oneSwitch } from '../src/plan/fabric.ts';
import type { Buffers, Payload } from '../src/plan/machine_spec.ts';
import { machineSpec, planGroups, type RunParams } from '../src/plan/run_plan.ts';
import { estimate } from '../src/stats/estimate.ts';
import { median } from '../src/stats/location.ts';

/** One figure of a bench. */
export interface Row {
  name: string;
  /** Median over rounds, and its 95 % interval where there are enough rounds. */
  value: number;
  ci95: readonly [number, number] | null;
  unit: string;
  /** What it must reach, in words, and whether it does; absent for figures that only explain others. */
  goal?: string;
  reached?: boolean;
}

/**
 * How long a bench takes: `smoke` only shows that it runs. Rounds are short and many, as in a run: the level of a shared machine moves
 * within tens of milliseconds, and lab and native are to meet the same one.
 */
export interface Effort {
  rounds: number;
  roundMs: number;
  smoke: boolean;
}

export const FULL: Effort = { rounds: 40, roundMs: 30, smoke: false };
export const SMOKE: Effort = { rounds: 2, roundMs: 2, smoke: true };

export function row(name: string, values: readonly number[], unit: string): Row {
  return { name, value: median(values), ci95: estimate(values).ci95, unit };
}

export function goal(row: Row, words: string, reached: (value: number) => boolean): Row {
  return { ...row, goal: words, reached: reached(row.value) };
}

/** The element-wise ratio of two series measured in the same rounds. */
export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value / (b[i] as number));
}

export interface BenchMachine {
  machine: BuiltMachine;
  job: Job;
}

export interface MachineChoice {
  barBytes?: number;
  payload?: Payload;
  /** fio options over 4 KiB randread, iodepth 256, batch 32. */
  set?: Record<string, string>;
  schemes?: string[];
  /** Another fabric than one switch. */
  fabricOf?: (barBytes: number) => Fabric;
}

/** One queue pair with the default job, and the schemes' metadata set up. */
export function benchMachine(choice: MachineChoice = {}, memory = sharedMemory()): BenchMachine {
  const { barBytes = 16 * GIB, payload = 'none', set = {}, schemes = ['page', 'dma_vec', 'null'] } = choice;
  const { fabricOf = (bytes: number) => oneSwitch(bytes, GIB) } = choice;
  const limits = { maxIodepth: 1023, namespaceBytes: TIB };
  const overrides = Object.entries(set).map(([key, value]) => ({ key, value }));
  const job = defaultJob(limits, overrides);
  const params: RunParams = {
    ...fieldsOf({}),
    schemes,
    bars: [barBytes],
    barSweep: [],
    payloads: [payload],
    buffers: ['fixed'],
    modes: ['inline'],
    processes: 1,
    rounds: 1,
    roundMs: 1,
    namespaceBytes: limits.namespaceBytes,
    topology: 'one-switch',
    fabricOf,
    jobs: [job],
    jobFile: undefined,
  };
  const [plan] = planGroups(params);
  const spec = machineSpec(plan as NonNullable<typeof plan>, params, 2);
  const machine = buildMachine(memory, spec, setupModule(memory));
  backPayload(machine);
  for (const scheme of schemes) hostModule(scheme, memory).setup(machine.at);
  const { stream } = machine.lanes[0] as { stream: { at: number; bytes: number } };
  const slots = { first: 0, stride: 1 };
  compileStream(
    job,
    0,
    {
      p2pShare: params.p2pShare,
      bar: { bytes: spec.barBytes, windowBytes: spec.barWindowBytes, slots },
      ram: { bytes: spec.ramBytes, windowBytes: spec.ramWindowBytes, slots },
    },
    new Uint32Array(memory.buffer, stream.at, stream.bytes / 4),
  );
  return { machine, job };
}

/** One arm of a bench: a host module and where its buffers come from. */
export interface BenchArm {
  host: string;
  buffers: Buffers;
}

/**
 * Runs the arms interleaved on two workers; nanoseconds per I/O of each round, arm by arm.
 * @param between called once a round, while the workers sleep; its values are collected
 */
export async function measureArms<T = number>(
  machine: BuiltMachine,
  arms: readonly BenchArm[],
  effort: Effort,
  mode: 'threads' | 'inline',
  options: { controller?: string; between?: (round: number) => T | Promise<T> } = {},
): Promise<{ ns: number[][]; between: T[] }> {
  const hosts = [...new Set(arms.map(({ host }) => host))];
  const controller = options.controller === undefined ? {} : { controller: options.controller };
  const crew = await startCrew(machine, { schemes: hosts, wait: 'poll', cores: 2, ...controller });
  const slice = async (arm: BenchArm, ios: number, from: number): Promise<number> => {
    setBuffers(machine, arm.buffers);
    const result = await runSlice(crew, mode, hosts.indexOf(arm.host), ios, from);
    return result;
  };
  // Warm up each arm, then equal counts for all, by the slowest.
  let slowest = 0;
  for (const arm of arms) {
    let ns = 0;
    for (let i = 0; i < (effort.smoke ? 2 : 12); i++) ns = await slice(arm, effort.smoke ? 2000 : 200_000, i * 1000);
    slowest = Math.max(slowest, ns);
  }
  const ios = Math.max(1024, Math.round((effort.roundMs * 1e6) / slowest));
  const ns: number[][] = arms.map(() => []);
  const between: T[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    for (let i = 0; i < arms.length; i++) {
      const index = (i + round) % arms.length;
      skewBuffers(machine, round * arms.length + i);
      ns[index]?.push(await slice(arms[index] as BenchArm, ios, round * ios));
    }
    if (options.between !== undefined) between.push(await options.between(round));
  }
  await crew.close();
  return { ns, between };
}

async function runSlice(
  crew: Crew,
  mode: 'threads' | 'inline',
  arm: number,
  ios: number,
  from: number,
): Promise<number> {
  // A lead-in like the twin's, a quarter, so that small memmaps are as warm.
  const result = await crew.run({ mode, arm, streamStart: from, leadIos: Math.ceil(ios / 4), measureIos: ios });
  return mode === 'threads' ? 1e9 / result.iops : result.ns / result.ios;
}

/** The C program beside the bench, or undefined with the reason where it cannot be built. */
export interface Twin {
  /** Sends a command, gives its nanoseconds per operation. */
  ask(command: string): Promise<number>;
  end(): void;
}

/** Compiles the native twin into a folder, with more flags if need be; the reason where it cannot be built. */
export function compileTwin(into: string, ...flags: string[]): { binary: string } | { missing: string } {
  const binary = join(into, 'twin');
  const folder = fileURLToPath(new URL('native/', import.meta.url));
  const sources = readdirSync(folder).filter((file) => file.endsWith('.c'));
  try {
    execFileSync('cc', ['-O2', '-pthread', ...flags, ...sources, '-o', binary], { cwd: folder, stdio: 'pipe' });
  } catch (error) {
    return { missing: `no native twin: ${(error as Error).message.split('\n')[0]} (install a C compiler: gcc)` };
  }
  return { binary };
}

export function startTwin(): Twin | { missing: string } {
  const folder = mkdtempSync(join(tmpdir(), 'p2plab-twin-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const compiled = compileTwin(folder);
  if ('missing' in compiled) {
    remove();
    return compiled;
  }
  const child = spawn(compiled.binary, { stdio: ['pipe', 'pipe', 'inherit'] });
  // The program is running: nobody needs its file any more.
  child.once('spawn', remove);
  const waiting: ((ns: number) => void)[] = [];
  let buffered = '';
  child.stdout.on('data', (chunk) => {
    buffered += chunk;
    for (let end = buffered.indexOf('\n'); end >= 0; end = buffered.indexOf('\n')) {
      waiting.shift()?.(Number(buffered.slice(0, end)));
      buffered = buffered.slice(end + 1);
    }
  });
  return {
    ask: (command) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.stdin.write(`${command}\n`);
      }),
    end: () => {
      child.kill();
    },
  };
}

export const BAR_COLD = 16 * GIB;
export const BAR_WARM = 256 * MIB;
export const BAR_IN_L2 = 32 * MIB;
