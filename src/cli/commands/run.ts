// Options of `p2plab run` that are not about what is measured, and its action.
import { type Command, Option } from 'commander';
import { FIO_FORMATS, type FioFormat } from '../../report/fio_json.ts';
import { addRunOptions, type RunOptions } from '../run_options.ts';

/** What of a run is printed, and where it goes beside the run's folder. */
export interface OutputOptions {
  json?: string;
  outputFormat: 'normal' | FioFormat;
  output?: string;
}

export type RunCommandOptions = RunOptions & OutputOptions & { showcmd?: boolean };

export function define(command: Command): void {
  addOutputOptions(addRunOptions(command))
    .addOption(new Option('--showcmd', 'print the resolved jobs as fio command lines and run nothing'))
    .action(async (jobFile: string | undefined, options: RunCommandOptions) =>
      (await import('../run.ts')).runCommand(jobFile, options),
    );
}

function addOutputOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--output-format <format>', "what is printed: the table, or fio's JSON (json+ with latency bins)")
        .choices(['normal', ...FIO_FORMATS])
        .default('normal'),
    )
    .addOption(new Option('--output <file>', 'print to this file instead of stdout'));
}
