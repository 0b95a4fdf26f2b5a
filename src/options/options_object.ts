// The options of a run as an object, as a file of points has them: the long names of `p2plab run`, fio's options beside them, and
// `job`. An object becomes the words of a command line and is read by the same parser, so that both mean and refuse the same.
import { Command, CommanderError } from 'commander';
import { LabError, suggestion } from '../base/errors.ts';
import { keyOf, pointOptions, type RunOptions } from '../catalogue/options/catalogue.ts';
import type { OptionDefinition } from '../catalogue/options/definition.ts';
import { canonicalName, OPTION_WORDS } from '../jobs/fio_options.ts';
import type { OptionKey, OptionsObject, OptionValue } from '../sweep/options.ts';
import { addMeasuringOptions } from './run_options.ts';

/** What an object says: as commander hands the options over, defaults included. */
export interface ReadOptions {
  jobFile: string | undefined;
  options: RunOptions;
}

/**
 * What a key means; `p2pShare` is the same as `p2p-share`.
 * @param where file and point, for the message
 * @throws LabError for a key that is no option
 */
export function optionKey(key: string, where: string): OptionKey {
  if (key === 'job' || key === 'set') return { kind: key, name: key };
  const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  if (MEASURING.has(name)) return { kind: 'run', name };
  const fioName = canonicalName(key);
  if (fioName !== undefined) return { kind: 'fio', name: fioName };
  const known = ['job', 'set', ...MEASURING.keys(), ...OPTION_WORDS];
  throw new LabError(
    `${where}: '${key}' is no option${suggestion(key, known) || '.'} Keys are the options of p2plab run without the dashes ` +
      '(bar, payload, rounds ...), options of fio (bs, iodepth, rw ...), set and job.',
  );
}

/**
 * @param where file and point, for messages
 * @throws LabError for keys and values that `p2plab run` would not take
 */
export function readOptions(object: OptionsObject, where: string): ReadOptions {
  const command = pointCommand();
  const { jobFile, words } = commandWords(object, where);
  try {
    command.parse(words, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    throw new LabError(`${where}: ${error.message.replace(/^error: /, '')}`);
  }
  return { jobFile, options: command.opts<RunOptions>() };
}

let kept: Command | undefined;

/** One for all points: commander begins every parse with the defaults, and a sweep has thousands of points. */
function pointCommand(): Command {
  kept ??= addMeasuringOptions(new Command('point').argument('[job.fio]'))
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  return kept;
}

const MEASURING: ReadonlyMap<string, OptionDefinition> = new Map(
  pointOptions().map(([name, definition]) => [keyOf(name), definition]),
);

/** The words of a command line that say the same, unchecked. */
export function commandWords(object: OptionsObject, where: string): { jobFile: string | undefined; words: string[] } {
  let jobFile: string | undefined;
  const words: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    if (value === null) continue;
    const { kind, name } = optionKey(key, where);
    if (kind === 'set') words.push(...setWords(value, where));
    else if (isRecord(value)) throw new LabError(`${where}: ${key}: expected a value or a list, not named values.`);
    else if (kind === 'job') jobFile = oneValue(value, `${where}: job`);
    else if (kind === 'fio') words.push(...fioWords(name, value, where));
    else words.push(...optionWords(name, value, where));
  }
  return { jobFile, words };
}

function optionWords(name: string, value: OptionValue | readonly OptionValue[], where: string): string[] {
  const text = (each: OptionValue): string => (typeof each === 'boolean' ? (each ? 'on' : 'off') : String(each));
  if (!isList(value)) return [`--${name}=${text(value)}`];
  if (value.length === 0) throw new LabError(`${where}: ${name}: the list is empty.`);
  if (MEASURING.get(name)?.adds) return value.map((each) => `--${name}=${text(each)}`);
  return [`--${name}=${value.map(text).join(',')}`];
}

function setWords(value: NonNullable<OptionsObject[string]>, where: string): string[] {
  if (!isRecord(value))
    throw new LabError(`${where}: set: expected fio options with values, for example set: {bs: 4k}.`);
  return Object.entries(value).flatMap(([key, each]) => (each === null ? [] : fioWords(key, each, where)));
}

/** True is a switch as in a job file: the key alone. */
function fioWords(name: string, value: OptionValue | readonly OptionValue[], where: string): string[] {
  if (isList(value)) throw new LabError(`${where}: ${name}: a fio option takes one value, not a list.`);
  if (value === true) return [`--set=${name}`];
  return [`--set=${name}=${value === false ? 0 : value}`];
}

function oneValue(value: OptionValue | readonly OptionValue[], what: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new LabError(`${what}: expected the name of one file.`);
}

function isRecord(value: unknown): value is Readonly<Record<string, OptionValue | null>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly OptionValue[] {
  return Array.isArray(value);
}
