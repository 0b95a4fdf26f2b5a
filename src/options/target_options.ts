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
