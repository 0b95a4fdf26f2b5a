// What `p2plab run` runs without a job file: the workload of the kernel patches this lab is about.
import type { Job } from './job.ts';
import type { Limits } from './job_context.ts';
import { parseJobFile } from './job_file.ts';
import { type Override, resolveJobs } from './resolve.ts';

/** As a job file, so that `--set` means the same with and without one. */
const DEFAULT_JOB_FILE = `[default]
rw=randread
bs=4k
norandommap
iodepth=256
iodepth_batch=32
`;

/**
 * 4 KiB random reads over the whole namespace, 256 in flight, submitted in batches of 32.
 * @throws LabError for an override that is unknown, refused or wrong
 */
export function defaultJob(limits: Limits, set: readonly Override[] = [], seed?: number): Job {
  const file = parseJobFile(DEFAULT_JOB_FILE, 'the default job');
  const [job] = resolveJobs(file, { limits, set, ...(seed === undefined ? {} : { seed }) }).jobs;
  return job as Job;
}
