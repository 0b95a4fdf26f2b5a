// A fio job file as data: its jobs, each with every option that applies to it, names checked, values not yet read.
import { LabError, suggestion } from '../base/errors.ts';
import { canonicalName, OPTION_WORDS } from './fio_options.ts';
import { type Entry, type IniContext, isGlobal, parseIni } from './ini.ts';
import { type Option, type Source, where } from './option.ts';

export interface ParsedJob {
  /** The section's name; several jobs may share one. */
  readonly name: string;
  readonly at: Source;
  /** [global] options first, in the order written. */
  readonly options: readonly Option[];
}

export interface JobFile {
  readonly file: string;
  readonly jobs: readonly ParsedJob[];
}

/** What a job file may refer to. Nothing is needed for a file without variables and includes. */
export type ParseContext = Partial<IniContext>;

const NOTHING_OUTSIDE: IniContext = {
  env: {},
  keywords: { pagesize: 4096, ncpus: 1, mb_memory: 1024 },
  include: () => undefined,
  only: undefined,
};

/**
 * Parses a fio job file. `[global]` sections apply to the jobs below them.
 * @param file the name used in messages
 * @throws LabError with file:line: see parseIni; also an option fio does not have, or no jobs at all
 */
export function parseJobFile(text: string, file: string, context: ParseContext = {}): JobFile {
  const sections = parseIni(text, file, { ...NOTHING_OUTSIDE, ...context });
  const globals: Option[] = [];
  const jobs: ParsedJob[] = [];
  for (const [layer, section] of sections.entries()) {
    const options = section.entries.map((entry) => optionOf(entry, layer));
    if (isGlobal(section.name)) globals.push(...options.filter((option) => option.name !== 'name'));
    else jobs.push({ name: section.name, at: section.at, options: [...globals, ...options] });
  }
  if (jobs.length > 0) return { file, jobs };
  if (context.only) throw new LabError(`${file}: has no section named ${[...context.only].join(' or ')}.`);
  throw new LabError(`${file}: has no jobs. Add a section such as [job] with rw=randread and size=1g below it.`);
}

/** @throws LabError with where it stands and the nearest known word */
export function optionOf(entry: Entry, layer: number): Option {
  const name = canonicalName(entry.key);
  if (name === undefined) {
    throw new LabError(
      `${where(entry.at)}: fio has no option '${entry.key}'${suggestion(entry.key, OPTION_WORDS) || '.'}`,
    );
  }
  return { name, word: entry.key, value: entry.value, at: entry.at, layer };
}
