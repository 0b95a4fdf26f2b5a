// Options of `p2plab topology`.
import type { Command } from 'commander';
import { IOMMU_MODES, QUIRKS } from '../../topology/addresses.ts';
import { ERAS } from '../../topology/host_bridge.ts';

export interface TopologyOptions {
  readonly json?: string | true;
  readonly pair?: string[];
  readonly cpu?: string;
  readonly era: string;
  readonly iommu?: string;
  readonly quirk?: string;
  readonly pageSize: string;
  readonly bar: string;
  readonly all?: boolean;
}

export function define(command: Command): void {
  command
    .option(
      '--json [file]',
      'the whole result as JSON to a file, or to stdout without a file or with -; pairs of over 100 functions by groups',
    )
    .option('--pair <functions...>', 'explain one provider and one client: --pair 0000:01:00.0 0000:02:00.0')
    .option('--cpu <cpu>', 'vendor:family where the source does not tell: amd:23, intel:6, host, unknown')
    .option('--era <version>', `whose rules: ${ERAS.join(', ')} (newest, August 2026; also called today)`, '6.12')
    .option('--iommu <mode>', `IOMMU: ${IOMMU_MODES.join(', ')}`)
    .option('--quirk <names>', `kernel faults to apply, separated by commas: ${QUIRKS.join(', ')}`)
    .option('--page-size <size>', 'page size of the kernel: 4K, 16K, 64K', '4K')
    .option('--bar <size>', "the provider's BAR in a preset", '16GiB')
    .option('--all', 'show chip set functions too')
    .action(async (source: string | undefined, options: TopologyOptions) =>
      (await import('../topology.ts')).topologyCommand(source, options),
    );
}
