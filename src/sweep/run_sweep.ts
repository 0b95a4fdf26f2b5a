// Runs the points of a sweep one after the other and leaves each one's result before it starts the next.
import { LabError } from '../base/errors.ts';
import { describeEnvironment } from '../lab/host/environment.ts';
import { type Measurement, withPolicy, withProgress } from '../lab/measure/measurement.ts';
import { run, runInfo, startNow } from '../lab/run.ts';
import type { Fault } from '../lab/workers/fault.ts';
import type { RunParams } from '../plan/run_plan.ts';
import { RESULT_SCHEMA, type Result } from '../result/schema.ts';
import { type PlannedPoint, pointsThere, readPoint, type SweepDocument, writePoint } from './folder.ts';
import { labelled } from './label.ts';
import { isOf, type Shard } from './shard.ts';

/** A point of the plan with what runs it. */
export interface RunnablePoint extends PlannedPoint {
  params: RunParams;
  fault: Fault | undefined;
  /** Warnings from reading its workload. */
  warnings: readonly string[];
}

export interface SweepRun {
  dir: string;
  sweep: SweepDocument;
  points: readonly RunnablePoint[];
  shard: Shard | undefined;
  /** Measure again what is there. */
  force: boolean;
  /** Measure again what failed. */
  retryFailed: boolean;
  measurement: Measurement;
  argv: readonly string[];
  /** A line for the user that stays. */
  note(text: string): void;
}

export interface SweepOutcome {
  measured: number;
  /** Were there already. */
  kept: number;
  failed: { hash: string; reason: string }[];
  /** Were written or there, and are not any more: somebody removes files while it runs. */
  gone: string[];
  interrupted: boolean;
}

/** @throws LabError when a result cannot be written: nothing that is there is lost */
export async function runSweep(request: SweepRun): Promise<SweepOutcome> {
  const { dir, shard, measurement } = request;
  const { signal, events } = measurement;
  const mine = request.points.filter(
    ({ hash, impossible }) => impossible === undefined && (shard === undefined || isOf(hash, shard)),
  );
  const there = request.force ? new Set<string>() : await pointsThere(dir);
  const outcome: SweepOutcome = { measured: 0, kept: 0, failed: [], gone: [], interrupted: false };
  const left: string[] = [];
  for (const [index, point] of mine.entries()) {
    if (signal.aborted) break;
    const earlier = there.has(point.hash) ? await earlierOf(request, point) : undefined;
    if (earlier !== undefined) {
      const { failure } = earlier;
      if (failure === undefined || !request.retryFailed) {
        if (failure === undefined) outcome.kept++;
        else outcome.failed.push({ hash: point.hash, reason: failure });
        left.push(point.hash);
        continue;
      }
    }
    const ofPoint = withProgress(measurement, (share, what) =>
      events.progress((index + share) / mine.length, `point ${index + 1} of ${mine.length}, ${what}`),
    );
    const result = await measure(point, ofPoint, request.argv);
    // Whatever it says: what a signal ended is no failure of the point.
    if (signal.aborted) break;
    await writePoint(dir, point.hash, labelled(result, request.sweep.axes, point, request.sweep.repeat));
    left.push(point.hash);
    if (result.run.failure === undefined) outcome.measured++;
    else {
      outcome.failed.push({ hash: point.hash, reason: result.run.failure });
      request.note(`point ${point.hash} failed: ${result.run.failure}`);
    }
  }
  const still = await pointsThere(dir);
  outcome.interrupted = signal.aborted;
  outcome.gone = left.filter((hash) => !still.has(hash));
  return outcome;
}

/** What an earlier sweep left of a point; undefined for a file that is no result of it, which is measured again. */
async function earlierOf({ dir, note }: SweepRun, { hash }: RunnablePoint): Promise<{ failure?: string } | undefined> {
  try {
    const result = await readPoint(dir, hash);
    if (result === undefined) return undefined;
    const { failure, interrupted } = result.run;
    if (failure !== undefined) return { failure };
    if (interrupted !== true) return {};
    note(`point ${hash} is not complete`);
    return { failure: 'it was interrupted' };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    note(`measuring point ${hash} again: ${error.message}`);
    return undefined;
  }
}

/** Whatever ends the point's run ends this point only: its reason is part of the result. */
async function measure(point: RunnablePoint, measurement: Measurement, argv: readonly string[]): Promise<Result> {
  const started = startNow();
  try {
    // Part of a point is given up: nothing is made of it.
    const ofPoint = withPolicy(measurement, { fault: point.fault, onlyWhole: true });
    const { result, failure } = await run(point.params, ofPoint, { warnings: point.warnings, argv });
    return failure === undefined ? result : { ...result, run: { ...result.run, failure: failure.message } };
  } catch (error) {
    const failure = error instanceof LabError ? error.message : ((error as Error)?.stack ?? String(error));
    return {
      schema: RESULT_SCHEMA,
      run: { ...runInfo(point.params, started, argv), interrupted: true, failure },
      environment: describeEnvironment([]),
      cells: [],
      comparisons: [],
    };
  }
}
