// Options of `p2plab trace`: those of a run, and how much of it is shown.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RunOptions } from '../../catalogue/options/catalogue.ts';
import { addRunOptions } from '../../options/run_options.ts';

export interface TraceCommandOptions extends RunOptions {
  ios: number;
  perfetto?: string | true;
}

const MOST_IOS = 64;

export function define(command: Command): void {
  addRunOptions(command)
    .addOption(new Option('--ios <n>', `I/Os to show, each alone: 1 to ${MOST_IOS}`).argParser(ioCount).default(1))
    .addOption(
      new Option('--perfetto [file]', 'the steps as Perfetto and chrome://tracing read them, to a file or stdout'),
    )
    .action(async (jobFile: string | undefined, options: TraceCommandOptions) =>
      (await import('../trace.ts')).traceCommand(jobFile, options),
    );
}

function ioCount(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > MOST_IOS)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${MOST_IOS}.`);
  return value;
}
