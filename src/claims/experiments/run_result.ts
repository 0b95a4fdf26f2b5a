// The result of a run for an experiment: whole, or none.
import { EXIT, LabError } from '../../base/errors.ts';
import { type Measurement, withPolicy } from '../../lab/measure/measurement.ts';
import { run } from '../../lab/run.ts';
import { readOptions } from '../../options/options_object.ts';
import { resolveRun } from '../../options/resolve_run.ts';
import type { RunParams } from '../../plan/run_plan.ts';
import type { Result } from '../../result/schema.ts';
import type { OptionsObject } from '../../sweep/options.ts';

/**
 * @param where the experiment's command, for messages
 * @param change what is run in another way than the options say
 * @throws LabError where it cannot run, fails (exit 4) or is interrupted (exit 130)
 */
export async function runResult(
  options: OptionsObject,
  where: string,
  measurement: Measurement,
  change: (params: RunParams) => RunParams = (params) => params,
): Promise<Result> {
  const read = readOptions(options, where);
  const { params } = await resolveRun(read.jobFile, read.options);
  const origin = { warnings: [], argv: where.split(' ').slice(1) };
  const { result, failure } = await run(change(params), withPolicy(measurement, { onlyWhole: true }), origin);
  if (measurement.signal.aborted) throw new LabError('the claims were interrupted.', EXIT.interrupted);
  if (failure !== undefined) throw failure;
  return result;
}
