// The parameters of a run for tests that plan one: every option as it is where nobody gives it, one process, one small comparison.
import { GIB, TIB } from '../../src/base/units.ts';
import { fieldsOf } from '../../src/catalogue/options/catalogue.ts';
import { defaultJob } from '../../src/jobs/default_job.ts';
import { oneSwitch } from '../../src/plan/fabric.ts';
import type { RunParams } from '../../src/plan/run_plan.ts';

export const JOB_LIMITS = { maxIodepth: 1023, namespaceBytes: TIB };

export function runParams(over: Partial<RunParams> = {}): RunParams {
  return {
    ...fieldsOf({}),
    schemes: ['page', 'dma_vec'],
    bars: [GIB],
    barSweep: [],
    payloads: ['none'],
    processes: 1,
    rounds: 12,
    roundMs: 50,
    namespaceBytes: JOB_LIMITS.namespaceBytes,
    topology: 'one-switch',
    fabricOf: (bytes) => oneSwitch(bytes, GIB),
    jobs: [defaultJob(JOB_LIMITS)],
    jobFile: undefined,
    ...over,
  };
}
