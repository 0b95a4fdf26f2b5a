// Options of `p2plab run` that are not about what is measured, and its action.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { LabError } from '../../base/errors.ts';
import type { RunOptions } from '../../catalogue/options/catalogue.ts';
import { TRACE_FORMATS } from '../../jobs/traces/load_trace.ts';
import { addRunOptions } from '../../options/run_options.ts';
import { FORMATS, type Format, TERSE_VERSIONS } from '../../report/formats/fio/formats.ts';

/** What of a run is printed, and where it goes beside the run's folder. */
export interface OutputOptions {
  json?: string;
  outputFormat: readonly Format[];
  terseVersion: string;
  output?: string;
}

export interface RunCommandOptions extends RunOptions, OutputOptions {
  showcmd?: boolean;
  writeIolog?: string;
  iologVersion: 2 | 3;
}

export function define(command: Command): void {
  const [workload] = command.registeredArguments;
  if (workload !== undefined)
    workload.description = `fio job file, or a trace (${TRACE_FORMATS}); without one the default comparison`;
  addOutputOptions(addRunOptions(command))
    .addOption(new Option('--showcmd', 'print the resolved jobs as fio command lines and run nothing'))
    .addOption(
      new Option(
        '--write-iolog <file>',
        "write the access stream as fio's iolog and run nothing; several jobs or clones: FILE.N by fio's thread number",
      ),
    )
    .addOption(
      new Option('--iolog-version <n>', 'of --write-iolog: 3 has times, 2 waits').argParser(iologVersion).default(3),
    )
    .action(async (jobFile: string | undefined, options: RunCommandOptions) =>
      (await import('../run.ts')).runCommand(jobFile, options),
    );
}

/** @throws LabError for a version that fio does not have */
function iologVersion(text: string): 2 | 3 {
  if (text === '2' || text === '3') return text === '2' ? 2 : 3;
  throw new LabError(`--iolog-version '${text}': expected 2 or 3.`);
}

function addOutputOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--output-format <formats>',
        "what is printed: normal (the table), fio's json, json+ (with latency bins) or terse; several with commas between them",
      )
        .argParser(parseFormats)
        .default(['normal'], 'normal'),
    )
    .addOption(
      new Option('--terse-version <version>', "version of fio's terse lines")
        .choices(TERSE_VERSIONS.map(String))
        .default('3'),
    )
    .addOption(new Option('--output <file>', 'print to this file instead of stdout'));
}

/** @throws InvalidArgumentError naming the word that is no format */
export function parseFormats(text: string): Format[] {
  const words = text.split(',').map((word) => word.trim());
  const wrong = words.find((word) => !FORMATS.some((format) => format === word));
  if (wrong !== undefined)
    throw new InvalidArgumentError(
      `'${wrong}' is no format; there are ${FORMATS.join(', ')}, several with commas between them.`,
    );
  return FORMATS.filter((format) => words.includes(format));
}
