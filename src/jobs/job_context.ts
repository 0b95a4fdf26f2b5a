// What the readers of a job's values share: its effective options and the device's limits.
import { type KbBase, readInteger, readSwitch } from './fio_values.ts';
import type { Option, Source } from './option.ts';
import type { Trace, TraceFilter } from './traces/trace.ts';

/** What the device can take. */
export interface Limits {
  /** Commands one queue holds. */
  readonly maxIodepth: number;
  /** Size of the namespace each clone sees. */
  readonly namespaceBytes: number;
}

export interface JobContext {
  /** The section's name, for warnings. */
  readonly name: string;
  /** Where the section starts. */
  readonly at: Source;
  /** All options in the order they apply: later ones override earlier ones. */
  readonly written: readonly Option[];
  /** The last option of each name. */
  readonly options: ReadonlyMap<string, Option>;
  readonly kbBase: KbBase;
  readonly limits: Limits;
  /** Used as the seed when the job says randrepeat=0 and names no randseed. */
  readonly seed: number;
  readonly warn: (text: string) => void;
  /** The trace that an option names. */
  readonly readTrace: ReadTrace;
}

/** @throws LabError when it is no trace or cannot be read */
export type ReadTrace = (path: string, option: Option, skip: TraceFilter) => Trace;

/** The value of a whole-number option, or `otherwise` when the job does not have it. */
export function integerOr(context: JobContext, name: string, otherwise: number, min: number, max?: number): number {
  const option = context.options.get(name);
  return option ? readInteger(option, context.kbBase, min, max) : otherwise;
}

/** True when a switch is on. */
export function isOn(context: JobContext, name: string): boolean {
  const option = context.options.get(name);
  return option !== undefined && readSwitch(option);
}
