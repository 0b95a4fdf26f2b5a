// What the options of flow `nvmet` add up to: how it moves data, what it takes in capsules.

import { LabError } from '../base/errors.ts';
import { KIB, parseBytes } from '../base/units.ts';
import type { RunOptions } from '../catalogue/options/catalogue.ts';
import type { RdmaSpec } from '../plan/machine_spec.ts';

/** @throws LabError for in-capsule data that no port takes */
export function resolveTarget({
  rdma,
  inlineData,
}: Pick<RunOptions, 'rdma' | 'inlineData'>): Pick<RdmaSpec, 'forceMr' | 'inlineBytes'> {
  return { forceMr: rdma === 'mr', inlineBytes: inlineBytes(inlineData) };
}

/** inline_data_size of a target's port: none, or up to 16 KiB in whole blocks (NVMET_RDMA_MAX_INLINE_DATA_SIZE). */
function inlineBytes(text: string): number {
  const bytes = parseBytes(text, '--inline-data');
  if (bytes <= 16 * KIB && bytes % 512 === 0) return bytes;
  throw new LabError(`--inline-data: '${text}' must be 0 or a multiple of 512 bytes up to 16KiB.`);
}

/**
 * What the flow nvmet makes of other options.
 * @throws LabError for what it has not
 */
export function targetNotes(options: Pick<RunOptions, 'flow' | 'iommu' | 'buffers'>): string[] {
  if (!options.flow.includes('nvmet')) return [];
  if (options.iommu === 'lazy' || options.iommu === 'strict') {
    throw new LabError(
      `--iommu ${options.iommu}: the RNIC of flow nvmet has no IOMMU that translates in this lab; take --iommu off or passthrough, or another --flow.`,
    );
  }
  const others = options.buffers.filter((kind) => kind !== 'pool');
  return [
    ...(others.length > 0
      ? [
          `flow nvmet: a target takes its buffers from the provider's pool; --buffers ${others.join(', ')} mean nothing there`,
        ]
      : []),
  ];
}
