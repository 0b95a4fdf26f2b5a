// Jobs of a parsed file: command-line overrides put on top, refusals collected, groups numbered, values read.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { suggestion } from '../base/errors.ts';
import { buildJob, readKbBase } from './build_job.ts';
import { optionClass } from './fio_options.ts';
import { readSwitch } from './fio_values.ts';
import type { Job } from './job.ts';
import type { Limits, ReadTrace } from './job_context.ts';
import { type JobFile, optionOf, type ParsedJob } from './job_file.ts';
import { asWritten, badValue, COMMAND_LINE, type Option } from './option.ts';
import { engineOf, refusalError, SYNCHRONOUS_ENGINES } from './refusals.ts';
import { loadTrace } from './traces/load_trace.ts';
import type { Trace } from './traces/trace.ts';

/** `--set key=value`; without a value for switches such as time_based. */
export interface Override {
  readonly key: string;
  readonly value: string | undefined;
}

export interface ResolveRequest {
  readonly limits: Limits;
  /** Put over every job's options, in order. */
  readonly set?: readonly Override[];
  /** The seed of jobs that ask fio for another seed each run (randrepeat=0): the run's own, so that it can be repeated. */
  readonly seed?: number;
}

export interface ResolvedJobs {
  readonly jobs: readonly Job[];
  /** One line each, with the file's name. */
  readonly warnings: readonly string[];
}

/** Overrides count as sections after all those of the file. */
const OVERRIDE_LAYER = 1e6;

/**
 * What the file's jobs do on the emulated device.
 * @throws LabError naming every refused option of the file with its reason; otherwise the first wrong value, with
 *   file:line (or --set), what was expected and an example
 */
export function resolveJobs(file: JobFile, request: ResolveRequest): ResolvedJobs {
  const overrides = (request.set ?? []).map((entry, i) => optionOf({ ...entry, at: COMMAND_LINE }, OVERRIDE_LAYER + i));
  const parsed = file.jobs.map((job) => {
    const written = [...job.options, ...overrides];
    return { job, written, options: lastOfEach(written) };
  });
  const refusal = refusalError(
    file.file,
    parsed.flatMap(({ options }) => [...options.values()]),
  );
  if (refusal) throw refusal;

  const notes: string[] = [];
  const readTrace = traceReader();
  const place = { group: 0, reportGroup: 0, firstClone: 0 };
  const groups = new Map<string, number>();
  let last = 0;
  const jobs = parsed.map(({ job, written, options }, index) => {
    startGroup(place, options, index, last);
    const group = Math.max(place.group, groupAfter(options.get('wait_for'), groups));
    groups.set(job.name, group);
    last = Math.max(last, group);
    const built = buildJob(
      { ...contextOf(job, written, options, request), warn: (note) => notes.push(note), readTrace },
      { ...place, group },
    );
    place.firstClone += built.numjobs;
    noteSynchronousEngine(built, options.get('ioengine'), (note) => notes.push(note));
    return built;
  });
  const ignored = ignoredWords(parsed.flatMap(({ options }) => [...options.values()]));
  const warnings = ignored ? [`ignored, as they do not change what the emulated device is given: ${ignored}`] : [];
  return { jobs, warnings: [...warnings, ...new Set(notes)].map((text) => `${file.file}: ${text}`) };
}

/** Reads each trace once, however many jobs replay it: from the working directory, else from beside the job file. */
function traceReader(): ReadTrace {
  const read = new Map<string, Trace>();
  return (path, option, skip) => {
    const beside = join(dirname(option.at.file), path);
    const file = existsSync(path) || !existsSync(beside) ? path : beside;
    const key = JSON.stringify([file, skip]);
    const trace = read.get(key) ?? loadTrace(file, skip);
    read.set(key, trace);
    return trace;
  };
}

function lastOfEach(options: readonly Option[]): ReadonlyMap<string, Option> {
  return new Map(options.map((option) => [option.name, option]));
}

function contextOf(
  job: ParsedJob,
  written: readonly Option[],
  options: ReadonlyMap<string, Option>,
  request: ResolveRequest,
) {
  const kbBase = readKbBase(options.get('kb_base'));
  const { limits, seed = 1 } = request;
  return { name: job.name, at: job.at, written, options, kbBase, limits, seed };
}

/** The first group in which a job may run that waits for another by its name. @param groups of the jobs before it */
function groupAfter(option: Option | undefined, groups: ReadonlyMap<string, number>): number {
  if (option === undefined || option.value === 'none') return 0;
  const awaited = groups.get(option.value ?? '');
  if (awaited !== undefined) return awaited + 1;
  const names = [...groups.keys()];
  throw badValue(
    option,
    `there is no such job before this one${suggestion(option.value ?? '', names) || '.'} There ${names.length === 0 ? 'are none' : `are: ${names.join(', ')}`}.`,
  );
}

/**
 * stonewall starts a group; fio also starts a new report then, at new_group, and where group_reporting is off.
 * @param last of the groups so far
 */
function startGroup(
  place: { group: number; reportGroup: number },
  options: ReadonlyMap<string, Option>,
  index: number,
  last: number,
): void {
  const isOn = (name: string): boolean => {
    const option = options.get(name);
    return option !== undefined && readSwitch(option);
  };
  const [stonewall, newGroup, together] = [isOn('stonewall'), isOn('new_group'), isOn('group_reporting')];
  if (index === 0) return;
  if (stonewall) place.group = last + 1;
  if (stonewall || newGroup || !together) place.reportGroup++;
}

function noteSynchronousEngine(job: Job, option: Option | undefined, note: (text: string) => void): void {
  if (!option || job.iodepth === 1 || !SYNCHRONOUS_ENGINES.has(engineOf(option))) return;
  note(
    `[${job.name}] runs at iodepth=${job.iodepth}; fio would cap it at 1, as ${asWritten(option)} waits for each I/O`,
  );
}

/** Each ignored option once; engines with their value. */
function ignoredWords(options: readonly Option[]): string {
  const ignored = options.filter(({ name }) => optionClass(name) === 'ignored');
  return [...new Set(ignored.map((option) => (option.name === 'ioengine' ? asWritten(option) : option.name)))].join(
    ', ',
  );
}
