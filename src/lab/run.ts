// One run: its plan measured by replicates, their raw records turned into a result. Stops early when asked to, with what it has.
import { randomBytes } from 'node:crypto';
import { cellsOf } from '../analysis/cells.ts';
import { familyComparisons } from '../analysis/comparisons.ts';
import { planWarnings } from '../analysis/plan_warnings.ts';
import { EXIT, LabError } from '../base/errors.ts';
import { version } from '../base/version.ts';
import { planGroups, queuesOf, type RunParams } from '../plan/run_plan.ts';
import { RESULT_SCHEMA, type Result, type RunInfo } from '../result/schema.ts';
import { describeEnvironment } from './host/environment.ts';
import { watchOneRun } from './host/surroundings.ts';
import type { Measurement } from './measure/measurement.ts';
import { measureReplicates } from './replicate/replicates.ts';

/** What a result says besides of where it comes from. */
export interface RunOrigin {
  /** Warnings from reading the workload. */
  warnings: readonly string[];
  argv: readonly string[];
}

/** A result, and the error that ended the run early, if one did. */
export interface RunOutcome {
  result: Result;
  failure: LabError | undefined;
}

/**
 * Runs everything. A failing group ends the run; groups before it, and its own whole rounds, are in the result. With `onlyWhole`
 * an interrupted run throws (exit 130) instead of making a result of what there is.
 */
export async function run(params: RunParams, measurement: Measurement, origin: RunOrigin): Promise<RunOutcome> {
  const started = startNow();
  const surroundings = measurement.policy.session?.surroundings ?? watchOneRun();
  const groups = planGroups(params);
  const queuePairs = Math.max(1, ...groups.map((plan) => queuesOf(plan).length));
  const { fabricOf: _, ...measureParams } = params;
  const measured = await measureReplicates(groups, measureParams, measurement);
  const { interrupted, failure, processes, looks } = measured;
  if (interrupted && measurement.policy.onlyWhole === true)
    throw new LabError('the run was interrupted.', EXIT.interrupted);
  if (failure !== undefined && failure.exitCode !== EXIT.runFailed) throw failure;
  const kept = measured.groups.filter(({ arms }) =>
    arms.some(({ samples, perIo, refused, removal }) => samples.length > 0 || perIo || refused || removal),
  );
  const warnings = [
    ...origin.warnings,
    ...surroundings.warnings(queuePairs),
    ...planWarnings(kept),
    ...(failure === undefined ? [] : [`the run ended early: ${failure.message}`]),
  ];
  const result: Result = {
    schema: RESULT_SCHEMA,
    run: {
      ...runInfo(params, started, origin.argv),
      ...(interrupted || failure !== undefined ? { interrupted: true } : {}),
      processes,
      ...(looks.planned > 1 ? { looks } : {}),
    },
    environment: describeEnvironment(warnings),
    cells: kept.flatMap((record) => cellsOf(record, measureParams)),
    comparisons: familyComparisons(kept, measureParams, looks.alpha),
    blocks: kept.flatMap(({ plan, rounds }) => rounds.map((round) => ({ group: plan.id, ...round }))),
  };
  return { result, failure };
}

/** When a run began: by the calendar, and in milliseconds of the clock that nobody sets. */
export interface Started {
  at: Date;
  ms: number;
}

export function startNow(): Started {
  return { at: new Date(), ms: performance.now() };
}

/** What a result says of a run that began then and ends now. */
export function runInfo({ seed }: Pick<RunParams, 'seed'>, { at, ms }: Started, argv: readonly string[]): RunInfo {
  return {
    id: runId(at),
    version: version(),
    argv: [...argv],
    seed,
    startedAt: at.toISOString(),
    durationMs: performance.now() - ms,
  };
}

function runId(startedAt: Date): string {
  const stamp = startedAt.toISOString().replace(/[-:]/g, '').replace(/\..*$/, '').replace('T', '-');
  return `${stamp}-${randomBytes(2).toString('hex')}`;
}
