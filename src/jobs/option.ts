// One option of a job as it was written, and where: what every message about a job file is made from.
import { LabError } from '../base/errors.ts';

/** Where an option was written. The command line is `{ file: '--set', line: 0 }`. */
export interface Source {
  readonly file: string;
  /** 1-based; 0 on the command line. */
  readonly line: number;
}

/** The source of `--set key=value`. */
export const COMMAND_LINE: Source = { file: '--set', line: 0 };

export interface Option {
  /** fio's own name, aliases resolved. */
  readonly name: string;
  /** The word that was written: an alias, or the name. */
  readonly word: string;
  /** As written after the variables were filled in; undefined for an option without `=`. */
  readonly value: string | undefined;
  readonly at: Source;
  /** Which section of the file it came from, counted from 0: a later section overrides an earlier one. */
  readonly layer: number;
}

/** `jobs.fio:12`, or `--set`. */
export function where(at: Source): string {
  return at.line === 0 ? at.file : `${at.file}:${at.line}`;
}

/** `iodepth=0`, or `time_based` when it has no value. */
export function asWritten(option: Option): string {
  return option.value === undefined ? option.word : `${option.word}=${option.value}`;
}

/** The error of a wrong value: where, what was read, what was expected. */
export function badValue(option: Option, expected: string): LabError {
  return new LabError(`${where(option.at)}: ${asWritten(option)}: ${expected}`);
}
