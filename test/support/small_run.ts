// The parameters of a small run, from words of its command line; nothing is measured.
import { Command } from 'commander';
import type { RunOptions } from '../../src/catalogue/options/catalogue.ts';
import { resolveRun } from '../../src/options/resolve_run.ts';
import { addRunOptions } from '../../src/options/run_options.ts';
import type { RunParams } from '../../src/plan/run_plan.ts';

const SMALL = ['--bar', '64MiB', '--ram', '64MiB', '--buffers', 'fixed', '--rounds', '4', '--round-ms', '2'];

/** @throws LabError as the command line would */
export async function smallRun(words: readonly string[], jobFile?: string): Promise<RunParams> {
  const command = addRunOptions(new Command())
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .parse([...SMALL, '--bar-sweep', 'off', ...words], { from: 'user' });
  return (await resolveRun(jobFile, command.opts<RunOptions>())).params;
}
