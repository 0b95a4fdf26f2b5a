// Options of `p2plab report`.
import type { Command } from 'commander';

export interface ReportOptions {
  readonly out?: string;
}

export function define(command: Command): void {
  command
    .option('--out <dir>', 'write them there instead of beside the result')
    .action(async (dir: string, options: ReportOptions) => (await import('../report.ts')).reportCommand(dir, options));
}
