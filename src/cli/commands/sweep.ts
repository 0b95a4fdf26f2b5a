// Options of `p2plab sweep`: its own, and every one of a run that decides what is measured.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addMeasuringOptions } from '../../options/run_options.ts';
import { MAX_REPEAT } from '../../sweep/options.ts';

export interface SweepOptions {
  axis: string[];
  zip: string[];
  repeat?: number;
  out?: string;
  shard?: string;
  dryRun?: boolean;
  force?: boolean;
  retryFailed?: boolean;
  quiet?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(words('--axis <key=a,b>', 'an axis: an option of p2plab run or of fio with its values; may be repeated'))
    .addOption(words('--zip <key,key>', 'axes that advance together instead of being multiplied; may be repeated'))
    .addOption(new Option('--repeat <n>', 'how often every point is measured').argParser(repeatOf))
    .addOption(
      new Option('--out <dir>', 'folder of the sweep; what is there is not measured again (default: reports/sweep)'),
    )
    .addOption(
      new Option('--shard <i/n>', 'only this part of the points (default: from Slurm or Kubernetes, else all)'),
    )
    .addOption(new Option('--dry-run', 'list the points, and the time and memory they need; measure nothing'))
    .addOption(new Option('--force', 'measure again what is there'))
    .addOption(new Option('--retry-failed', 'measure again the points that failed'))
    .addOption(new Option('--quiet', 'no progress on stderr'));
  addMeasuringOptions(command).action(async (file: string | undefined, options: SweepOptions, own: Command) =>
    (await import('../sweep.ts')).sweepCommand(file, options, own),
  );
}

function words(flags: string, description: string): Option {
  return new Option(flags, description)
    .argParser((value: string, previous: string[]) => [...previous, value])
    .default([], 'none');
}

function repeatOf(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= MAX_REPEAT) return value;
  throw new InvalidArgumentError(`expected a whole number from 1 to ${MAX_REPEAT}.`);
}
