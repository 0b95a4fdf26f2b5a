// Options of `p2plab doctor`.
import type { Command } from 'commander';

export interface DoctorOptions {
  readonly intervalMs: string;
  readonly queues: string;
  readonly json?: string | true;
}

export function define(command: Command): void {
  command
    .option('--interval-ms <n>', 'how long to watch steal, pressure and other processes', '1000')
    .option('--queues <n>', 'queue pairs of the run in question: each has two agents', '1')
    .option('--json [file]', 'the findings as JSON to a file, or to stdout without a file or with -')
    .action(async (options: DoctorOptions) => (await import('../doctor.ts')).doctorCommand(options));
}
