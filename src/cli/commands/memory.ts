// Options of `p2plab memory`.
import type { Command } from 'commander';
import { ERAS } from '../../topology/host_bridge.ts';
import type { MeasureResident } from '../../topology/memory/rows.ts';

export interface MemoryCommandOptions {
  readonly bar?: string;
  readonly topology?: string;
  readonly pageSize: string;
  readonly era: string;
  readonly queueDepth: string;
  readonly clients: string;
  readonly iops: string;
  readonly ramPerCore: string;
  readonly measured: boolean;
  readonly chart?: string;
  readonly json?: string | true;
}

/** @param measure resident bytes of the lab's own memory; another one for tests */
export function define(command: Command, measure?: MeasureResident): void {
  command
    .option('--bar <size>', 'the P2P BAR (default: 16GiB)')
    .option('--topology <source>', 'instead of --bar: every BAR of this dump, preset or host that would be a provider')
    .option('--page-size <size>', 'page size of the kernel: 4K, 16K, 64K', '4K')
    .option('--era <version>', `whose structures: ${ERAS.join(', ')} (newest, August 2026; also called today)`, '6.12')
    .option('--queue-depth <n>', 'I/Os in flight, for the totals', '1024')
    .option('--clients <n>', 'devices that use each provider', '1')
    .option('--iops <n>', 'I/Os per second for the break-even, such as 1M', '1M')
    .option('--ram-per-core <size>', 'RAM that goes with one core, for the break-even', '4GiB')
    .option('--no-measured', "leave out the resident bytes of the lab's own memory, built for the same BAR")
    .option('--chart <file.png>', 'also draw the table')
    .option('--json [file]', 'the table as JSON to a file, or to stdout without a file or with -')
    .action(async (options: MemoryCommandOptions) => (await import('../memory.ts')).memoryCommand(options, measure));
}
