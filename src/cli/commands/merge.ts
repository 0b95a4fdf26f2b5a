// Options of `p2plab merge`.
import type { Command } from 'commander';

export interface MergeOptions {
  out: string;
}

export function define(command: Command): void {
  command
    .requiredOption('--out <dir>', 'folder of the merged sweep')
    .action(async (dirs: string[], options: MergeOptions) => (await import('../merge.ts')).mergeCommand(dirs, options));
}
