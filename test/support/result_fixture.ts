// Test support: a made-up result with the shape of a real one. Levels are near those of a small server; noise is seeded. Nothing
// here is a measurement.
import { type Random, seededRandom } from '../../src/base/random.ts';
import { GIB, MIB } from '../../src/base/units.ts';
import { MEMMAP_SHARE } from '../../src/catalogue/options/compared.ts';
import {
  type Cell,
  type ComparisonRecord,
  RESULT_SCHEMA,
  type Result,
  type Role,
  type Stage,
} from '../../src/result/schema.ts';
import { compare } from '../../src/stats/compare.ts';
import { estimate } from '../../src/stats/estimate.ts';
import { BUCKETS, HISTOGRAM_LAYOUT, percentiles, record, toSparse } from '../../src/stats/histogram.ts';

export interface FixtureOptions {
  /** Schemes beside the null scheme, the reference first. */
  schemes?: readonly string[];
  /** Timed slices per cell and mode. */
  rounds?: number;
  /** BAR sizes of the sweep; empty for none. */
  sweepBars?: readonly number[];
  /** Workloads: payload, BAR size and further options of each group. */
  workloads?: readonly Workload[];
  /** Give each cell the stages of its path. */
  stages?: boolean;
}

export interface Workload {
  payload: string;
  bar: number;
  bs?: number;
  iodepth?: number;
}

const ROUNDS = 12;
const DEFAULT_WORKLOADS = [
  { payload: 'none', bar: 256 * MIB },
  { payload: 'none', bar: 16 * GIB },
  { payload: 'move', bar: 256 * MIB },
  { payload: 'move', bar: 16 * GIB },
];
export const SWEEP_BARS = [256 * MIB, GIB, 4 * GIB, 16 * GIB, 64 * GIB];

interface Arm {
  scheme: string;
  buffers: string;
  role: Role;
}

interface GroupPlan extends Workload {
  id: string;
  sweep: boolean;
  stages: boolean;
}

/** A result of several workloads and a sweep over BAR sizes. Same options, same result. */
export function resultFixture(options: FixtureOptions = {}): Result {
  const { schemes = ['page', 'dma_vec'], rounds = ROUNDS, sweepBars = SWEEP_BARS } = options;
  const random = seededRandom(42);
  const plans = [
    ...(options.workloads ?? DEFAULT_WORKLOADS).map((workload) => ({ ...workload, sweep: false })),
    ...sweepBars.map((bar) => ({ payload: 'none', bar, sweep: true })),
  ].map((plan, i): GroupPlan => ({ ...plan, id: `g${i}`, stages: options.stages === true }));
  const cells: Cell[] = [];
  const comparisons: ComparisonRecord[] = [];
  for (const plan of plans) {
    const ofGroup = armsOf(schemes, plan.sweep).map((arm) => fixtureCell(arm, plan, rounds, random));
    cells.push(...ofGroup);
    comparisons.push(...compareAll(ofGroup));
  }
  return {
    schema: RESULT_SCHEMA,
    run: {
      id: '20260102-030405',
      version: '0.1.0',
      argv: ['run', '--scheme', schemes.join(',')],
      seed: 42,
      startedAt: '2026-01-02T03:04:05.000Z',
      durationMs: 83_000,
    },
    environment: {
      cpu: 'AMD EPYC 7R13 Processor',
      cores: 2,
      kernel: '6.12.0',
      node: '24.21.0',
      v8: '13.6.233',
      warnings: ['no CPU frequency control is visible: turbo and governor are unknown'],
    },
    cells,
    comparisons,
  };
}

function armsOf(schemes: readonly string[], sweep: boolean): Arm[] {
  const [reference = 'page', ...others] = schemes;
  const buffers = sweep ? ['user', 'fixed'] : ['user', 'pool', 'fixed'];
  const arm = (scheme: string, source: string, role: Role = 'arm'): Arm => ({ scheme, buffers: source, role });
  return [
    arm(reference, 'user', 'reference'),
    arm(reference, 'user', 'aa'),
    ...buffers.slice(1).map((source) => arm(reference, source)),
    ...others.flatMap((scheme) => buffers.map((source) => arm(scheme, source))),
    arm('null', 'fixed', 'floor'),
  ];
}

/** CPU nanoseconds per I/O: a path, plus a miss on the memmap that grows with it where pages are touched. */
function cpuNs({ scheme, buffers, role }: Arm, { payload, bar, bs = 4096 }: GroupPlan): number {
  const moved = (payload === 'none' ? 0 : 4) * (bs / 4096);
  if (role === 'floor') return 11.8 + moved;
  const touches = scheme === 'dma_vec' ? 0 : buffers === 'user' ? 1 : buffers === 'fixed' ? 0.85 : 0.2;
  const miss = 155 / (1 + (1.6 * GIB) / bar);
  const ofScheme = scheme.length * 0.7;
  return 19 + moved + ofScheme + touches * (6 + miss);
}

function fixtureCell(arm: Arm, plan: GroupPlan, rounds: number, random: Random): Cell {
  const refused = arm.scheme === 'dma_vec' && arm.buffers === 'user';
  const cpu = cpuNs(arm, plan);
  const wall = (plan.payload === 'none' ? 1.25 * cpu : cpu + 410) + 12;
  const slices = (ns: number, noise: number): number[] =>
    Array.from({ length: rounds }, () => ns * Math.exp(noise * random.normal()));
  const inlineNs = slices(cpu, 0.003);
  const threadNs = plan.sweep ? [] : slices(wall, 0.015);
  const rates = threadNs.map((ns) => 1e9 / ns);
  const copy = arm.role === 'aa' ? "'" : '';
  const measured = { iops: estimateOrNull(rates), cpuNsPerIo: estimateOrNull(inlineNs) };
  return {
    id: `${plan.id}/${arm.scheme}/${arm.buffers}${copy}`,
    scheme: arm.scheme,
    params: params(arm, plan),
    oversubscribed: false,
    ...(refused ? { iops: null, cpuNsPerIo: null } : measured),
    nsPerIo: refused ? null : estimateOrNull(threadNs),
    gbPerS: refused || plan.payload === 'none' ? null : 4096 / wall,
    latencyNs: refused || plan.sweep ? null : latency(wall),
    perIo: refused ? null : perIo(arm),
    metadataBytes: refused ? null : metadata(arm, plan.bar),
    verified: null,
    rounds: refused ? [] : rawRounds(inlineNs, threadNs),
    ...(plan.stages && !refused ? { stages: stagesOf(cpu) } : {}),
    ...(refused ? { refused: { errno: 'EOPNOTSUPP', reason: 'user memory reaches the block layer as pages' } } : {}),
  };
}

function estimateOrNull(values: number[]) {
  return values.length === 0 ? null : estimate(values);
}

function params({ scheme, buffers, role }: Arm, plan: GroupPlan): Cell['params'] {
  const { payload, bar, sweep, bs = 4096, iodepth = 256 } = plan;
  const workload = { payload, bar, rw: 'randread', bs, iodepth, batch: 32, queues: 1 };
  return { scheme, buffers, role, ...workload, ...(sweep ? { sweep: 'bar' } : {}) };
}

function rawRounds(inlineNs: number[], threadNs: number[]): Cell['rounds'] {
  const ios = 1_000_000;
  const samples = (values: number[], mode: 'inline' | 'threads') =>
    values.map((ns, round) => ({ round, order: round % 3, mode, ios, ns: ns * ios }));
  return [...samples(inlineNs, 'inline'), ...samples(threadNs, 'threads')];
}

/** Latencies relative to their middle: a bell on a logarithmic axis, one I/O in a hundred delayed up to twentyfold. */
const LATENCIES = latencyFactors(seededRandom(7));

function latencyFactors(random: Random): number[] {
  const tail = (i: number): number => (i % 100 === 0 ? 1 + 19 * random.unit() ** 4 : 1);
  return Array.from({ length: 20_000 }, (_, i) => tail(i) * Math.exp(0.08 * random.normal()));
}

function latency(wall: number): Cell['latencyNs'] {
  const counts = new Uint32Array(BUCKETS);
  for (const factor of LATENCIES) record(counts, wall * 256 * factor);
  const { samples, ...figures } = percentiles(counts);
  return { ...figures, samples, histogram: { layout: HISTOGRAM_LAYOUT, counts: toSparse(counts) }, loop: 'closed' };
}

/** Shares of the path that add up to its cost. */
function stagesOf(cpu: number): Stage[] {
  const shares: readonly (readonly [string, number])[] = [
    ['bio', 0.3],
    ['map', 0.4],
    ['command', 0.2],
    ['completion', 0.1],
  ];
  return shares.map(([stage, share]) => ({ stage, ns: cpu * share, ci95: [cpu * share * 0.97, cpu * share * 1.03] }));
}

function perIo({ scheme, buffers, role }: Arm): Cell['perIo'] {
  const paged = role !== 'floor' && scheme !== 'dma_vec';
  const pinned = paged && buffers === 'user';
  return {
    pageLines: paged ? 1 : 0,
    pageLoads: paged ? 4 : 0,
    pageAtomics: pinned ? 3 : 0,
    p2pTests: paged ? 2 : 0,
    pgmapChecks: 0,
    mapCalls: role === 'floor' ? 0 : 1,
    doorbells: 1 / 32,
    wakeups: 0,
    descriptorBytes: role === 'floor' ? 0 : 32,
  };
}

function metadata({ scheme, role }: Arm, bar: number): Cell['metadataBytes'] {
  const paged = role !== 'floor' && scheme !== 'dma_vec';
  const memmap = paged ? bar * MEMMAP_SHARE : 0;
  const pool = role === 'floor' ? 0 : bar / 4096 / 8;
  const mapState = role === 'floor' ? 0 : 256 * 24;
  const descriptors = role === 'floor' ? 0 : 256 * 96;
  const resident = Math.min(memmap, 900 * MIB) + pool + mapState + descriptors;
  return { memmap, pageTables: 0, pool, mapState, descriptors, resident };
}

function compareAll(cells: readonly Cell[]): ComparisonRecord[] {
  const reference = cells.find((cell) => cell.params.role === 'reference');
  return cells
    .filter((cell) => cell !== reference && cell.refused === undefined)
    .flatMap((cell) =>
      (['threads', 'inline'] as const).flatMap((mode): ComparisonRecord[] => {
        const a = nsOf(cell, mode);
        const b = reference === undefined ? [] : nsOf(reference, mode);
        if (a.length === 0 || reference === undefined) return [];
        const isRate = mode === 'threads';
        const [over, under] = isRate ? [b, a] : [a, b];
        const compared = compare(over, under, { higherIsBetter: isRate, seed: 1, resamples: 500 });
        return [{ metric: isRate ? 'iops' : 'cpuNsPerIo', a: cell.id, b: reference.id, ...compared }];
      }),
    );
}

function nsOf(cell: Cell, mode: 'threads' | 'inline'): number[] {
  return cell.rounds.filter((sample) => sample.mode === mode).map(({ ns, ios }) => ns / ios);
}
