// One run: every group measured in turn, its raw records turned into a result. Stops early when asked to, with what it has.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { EXIT, LabError } from '../base/errors.ts';
import { watchEnvironment } from '../doctor/examine.ts';
import { RESULT_SCHEMA, type Result } from '../report/result.ts';
import { sharedMemory } from './arena.ts';
import { cellsOf, comparisonsOf } from './cells.ts';
import { type Crew, type CrewOptions, closePool } from './crew.ts';
import { describeEnvironment, warningsBefore } from './environment.ts';
import { type GroupRecord, measureGroup } from './measure_group.ts';
import { planGroups, queuesOf, type RunParams } from './run_plan.ts';

/** How a run reports back while it goes on. */
export interface RunHooks {
  /** Share of the whole run that is done, 0 to 1, and what is being done. */
  progress(share: number, what: string): void;
  /** Called once the run can be interrupted: gives the function that does it. */
  onInterruptible(interrupt: () => void): void;
  fault?: CrewOptions['fault'];
  cores: number;
  /** Warnings from reading the workload, for the result. */
  warnings: readonly string[];
  argv: readonly string[];
}

/** A result, and the error that ended the run early, if one did. */
export interface RunOutcome {
  result: Result;
  failure: LabError | undefined;
}

/** Runs everything. A failing group ends the run; groups before it are in the result. */
export async function run(params: RunParams, hooks: RunHooks): Promise<RunOutcome> {
  const startedAt = new Date();
  const watched = watchEnvironment();
  const groups = planGroups(params);
  const before = warningsBefore(Math.max(1, ...groups.map((plan) => queuesOf(plan).length)));
  const records: GroupRecord[] = [];
  let interrupted = false;
  let crew: Crew | undefined;
  hooks.onInterruptible(() => {
    interrupted = true;
    crew?.interrupt();
  });
  const memory = sharedMemory();
  let failure: LabError | undefined;
  try {
    for (const [index, plan] of groups.entries()) {
      if (interrupted) break;
      const observer = {
        progress: (done: number, of: number, what: string) =>
          hooks.progress((index + done / of) / groups.length, `group ${index + 1} of ${groups.length}, ${what}`),
        interrupted: () => interrupted,
        onCrew: (now: Crew | undefined) => {
          crew = now;
        },
      };
      records.push(await measureGroup(plan, params, { memory, cores: hooks.cores, fault: hooks.fault, observer }));
    }
  } catch (error) {
    if (!(error instanceof LabError) || error.exitCode !== EXIT.runFailed) throw error;
    failure = error;
  } finally {
    await closePool();
  }
  const kept = records.filter(({ arms }) => arms.some(({ samples, refused }) => samples.length > 0 || refused));
  const warnings = [
    ...hooks.warnings,
    ...before,
    ...watched(),
    ...unsteadyWarnings(kept),
    ...(failure === undefined ? [] : [`the run ended early: ${failure.message}`]),
  ];
  const result: Result = {
    schema: RESULT_SCHEMA,
    run: {
      id: runId(startedAt),
      version: version(),
      argv: [...hooks.argv],
      seed: params.seed,
      startedAt: startedAt.toISOString(),
      durationMs: Date.now() - startedAt.getTime(),
      ...(interrupted || failure !== undefined ? { interrupted: true } : {}),
    },
    environment: describeEnvironment(warnings),
    cells: kept.flatMap((record) => cellsOf(record, params)),
    comparisons: kept.flatMap((record) => comparisonsOf(record, params)),
  };
  return { result, failure };
}

/** One line for each schedule that had arms whose warm-up did not settle. */
function unsteadyWarnings(records: readonly GroupRecord[]): string[] {
  const all = records.flatMap(({ arms }) =>
    arms.flatMap(({ arm, unsteady }) => unsteady.map((mode) => ({ mode, id: arm.id }))),
  );
  return [...Map.groupBy(all, ({ mode }) => mode)].map(
    ([mode, arms]) =>
      `${arms.length} arms were not steady when their rounds began (${mode}: ${arms.map(({ id }) => id).join(', ')}): their intervals tell how much`,
  );
}

function runId(startedAt: Date): string {
  const stamp = startedAt.toISOString().replace(/[-:]/g, '').replace(/\..*$/, '').replace('T', '-');
  return `${stamp}-${randomBytes(2).toString('hex')}`;
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string })
    .version;
}
