// Where the nanoseconds of an I/O go: the host's path cut after each of its stages (src/machine/agents/path_stages.ts), each cut
// timed by tinybench over batches of as many I/Os as the job keeps in flight; a stage is the difference of two cuts. In this
// thread, while the workers sleep. Flow `direct` only.

import { Bench } from 'tinybench';
import type { HostModule } from '../../../build/exports.ts';
import { BLK_PLUG_FLUSH_SIZE } from '../../../build/layout.ts';
import type { StageCost } from '../../analysis/group_record.ts';
import { estimate } from '../../stats/estimate.ts';
import type { BuiltMachine } from '../machine/build_machine.ts';
import { deviceModule } from '../machine/modules.ts';

/** How thoroughly: rounds, each with every cut in turn, and batches of each cut in a round. */
export interface StageEffort {
  rounds: number;
  batches: number;
}

const USUAL: StageEffort = { rounds: 7, batches: 12 };
/** Stage numbers of path_stages.ts, by name; 0 is the loop and the clock around it. */
const SUBMISSION = ['loop and clock', 'alloc', 'fill', 'split and merge', 'command', 'map', 'SQE'];
const COMPLETION = ['loop and clock', 'reap', 'unmap', 'complete'];
const [FILL, SPLIT, MAP, SQE, END] = [2, 3, 5, 6, 3];
/** Of all cuts of an arm together: those of submission, two in turn, PRP, those of completion. */
export const STAGE_BATCHES = USUAL.rounds * USUAL.batches * (SUBMISSION.length + 2 + 1 + COMPLETION.length);
/** I/Os of one cut at most: what the region that holds them has room for. */
const MOST_IOS = 256;
/** Requests that a plug takes before it is flushed, less one. */
const MOST_PLUGGED = 31;

/** Said beforehand: tinybench would call the function once, without its hooks, to find out. */
const SYNC = { async: false };

/** One arm's cuts: what must stay the same between them. */
interface Cuts {
  machine: BuiltMachine;
  host: HostModule;
  serve(): void;
  at: number;
  groups: number;
  perGroup: number;
}

/** An arm whose stages are timed. */
export interface StagedArm {
  host: HostModule;
  /** Sets the machine up for it, before each of its rounds. */
  begin?: () => void;
  /** Looks at what came of a round. */
  end?: () => void;
}

/**
 * Times every stage of the arms, in rounds in which each arm has its turn: what disturbs the machine meanwhile meets all of them. The
 * queue must be idle, and is afterwards.
 * @param batch I/Os with one doorbell, where they are small enough to be plugged together
 * @param requestsPerIo the most requests that an I/O of this job is split into
 * @returns the stages of each arm; undefined where the path cannot be cut: more requests than a batch or the tags hold
 */
export function measureStages(
  machine: BuiltMachine,
  arms: readonly StagedArm[],
  job: { iodepth: number; batch: number; largestBytes?: number; requestsPerIo: number },
  effort: StageEffort = USUAL,
): StageCost[][] | undefined {
  // A request of that size is the last of its plug.
  const batch = (job.largestBytes ?? 0) >= BLK_PLUG_FLUSH_SIZE ? 1 : job.batch;
  const perGroup = Math.min(batch, Math.floor(MOST_PLUGGED / job.requestsPerIo));
  const tags = machine.spec.depthEntries - 1;
  const groups = Math.floor(Math.min(MOST_IOS, job.iodepth, tags / job.requestsPerIo) / perGroup);
  if (perGroup < 1 || groups < 1) return undefined;
  const timed = arms.map((arm) => ({
    arm,
    cuts: cutsOf(machine, arm.host, groups, perGroup),
    series: new Map<string, number[]>(),
  }));
  for (let round = 0; round < effort.rounds; round++) {
    for (const { arm, cuts, series } of timed) {
      arm.begin?.();
      for (const [name, ns] of timeCuts(cuts, effort.batches)) series.set(name, [...(series.get(name) ?? []), ns]);
      arm.end?.();
    }
  }
  return timed.map(({ series }) => stagesOf(series));
}

function cutsOf(machine: BuiltMachine, host: HostModule, groups: number, perGroup: number): Cuts {
  const lane = machine.lanes[0] as BuiltMachine['lanes'][number];
  const device = deviceModule('nvme', machine.memory);
  const [controller] = lane.devices;
  const serve = (): void => {
    device.run((controller as { at: number }).at, MOST_IOS * MOST_PLUGGED, 0);
  };
  return { machine, host, serve, at: lane.host, groups, perGroup };
}

/** One sample of every cut, nanoseconds per I/O: the median over its batches. */
function timeCuts(cuts: Cuts, batches: number): Map<string, number> {
  const { machine, host, serve, at, groups, perGroup } = cuts;
  const hold = machine.stageHold.at;
  const bench = new Bench({ time: 0, iterations: batches, warmup: false, throws: true });
  const submit = (stage: number, inTurn = false): void =>
    host.submitStages(at, stage, groups, perGroup, hold, inTurn ? 1 : 0);
  const finish = (): void => {
    serve();
    host.completeStages(at, END, hold);
  };
  const addSubmission = (name: string, stage: number, inTurn = false): void => {
    const afterEach = (): void => {
      host.submitOthers(at, stage, groups, hold);
      finish();
    };
    bench.add(name, () => submit(stage, inTurn), { ...SYNC, afterEach });
  };
  for (const stage of SUBMISSION.keys()) addSubmission(`submit ${stage}`, stage);
  for (const stage of [FILL, SPLIT]) addSubmission(`in turn ${stage}`, stage, true);
  bench.add('PRP', () => host.writePrpsAgain(at, groups, hold), {
    ...SYNC,
    beforeEach: () => submit(MAP),
    afterEach: () => {
      host.submitOthers(at, MAP, groups, hold);
      finish();
    },
  });
  for (const stage of COMPLETION.keys()) {
    let reaped = 0;
    bench.add(
      `complete ${stage}`,
      () => {
        reaped = host.completeStages(at, stage, hold);
      },
      {
        ...SYNC,
        beforeEach: () => {
          submit(SQE);
          serve();
        },
        afterEach: () => {
          if (stage === 0) host.completeStages(at, END, hold);
          else host.completeOthers(at, stage, reaped, hold);
        },
      },
    );
  }
  bench.runSync();
  const ios = groups * perGroup;
  return new Map(
    bench.tasks.map(({ name, result }) => [name, result.state === 'completed' ? (result.latency.p50 * 1e6) / ios : 0]),
  );
}

/**
 * Differences of neighbouring cuts; PRPs, timed apart, are taken out of mapping. The cut after filling begins the misses of several
 * I/Os' pages at once, for which the code between two pages is too long as soon as they are split as well: what splitting itself
 * takes is told by cuts that begin each I/O when the page of the one before is there, and the rest of both is filling's.
 */
function stagesOf(series: ReadonlyMap<string, readonly number[]>): StageCost[] {
  const of = (name: string): readonly number[] => series.get(name) as readonly number[];
  const less = (a: readonly number[], b: readonly number[]): number[] => a.map((value, i) => value - (b[i] as number));
  const between = (kind: string, stage: number): number[] => less(of(`${kind} ${stage}`), of(`${kind} ${stage - 1}`));
  const loop = of('submit 0').map((value, i) => value + (of('complete 0')[i] as number));
  const prp = less(of('PRP'), of('submit 0')).map((value) => Math.max(0, value));
  const split = between('in turn', SPLIT).map((value) => Math.max(0, value));
  const both = less(of(`submit ${SPLIT}`), of(`submit ${FILL - 1}`));
  const submission = SUBMISSION.slice(1).flatMap((stage, i) => {
    if (i + 1 === FILL) return [costOf(stage, less(both, split))];
    if (i + 1 === SPLIT) return [costOf(stage, split)];
    if (i + 1 === MAP) return [costOf(stage, less(between('submit', MAP), prp)), costOf('PRP', prp)];
    return [costOf(stage, between('submit', i + 1))];
  });
  const completion = COMPLETION.slice(1).map((stage, i) => costOf(stage, between('complete', i + 1)));
  return [costOf('loop and clock', loop), ...submission, ...completion];
}

/** Noise may put a stage that does next to nothing below zero. */
function costOf(stage: string, ns: readonly number[]): StageCost {
  const { median, ci95 } = estimate(ns);
  return { stage, ns: Math.max(0, median), ci95 };
}
