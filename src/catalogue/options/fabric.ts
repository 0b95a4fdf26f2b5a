// Options: the emulated PCIe tree, its provider and clients, what translates on the way.
import { IOMMU_MODES, QUIRKS } from '../../topology/addresses.ts';
import { choices, number, one, text } from './kinds.ts';

/** Faults that a scheme has in a variant of its own; the topology has the others. */
export const SCHEME_QUIRKS = ['rfc-as-posted', 'no-p2p-flag'] as const;

export const FABRIC = {
  topology: text('--topology <file|preset>', 'the emulated PCIe tree (see p2plab topology)', {
    fallback: 'one-switch',
    stated: 'by the group',
  }),
  provider: text('--provider <id[:bar]>', 'the function whose BAR is the P2P memory (with a topology file)', {}),
  client: text('--client <id>', 'the function that does the DMA (with a topology file)', {}),
  clientB: text('--client-b <id>', 'the function that writes in flow copy (default: a drive beside the client)', {}),
  cpu: text('--cpu <cpu>', 'vendor:family where the topology does not tell: amd:23, intel:6, host', {}),
  quirk: choices('--quirk <name,...>', 'faults of kernels and patches to apply', [...QUIRKS, ...SCHEME_QUIRKS], {
    ofSchemes: true,
    stated: 'by the group',
  }),
  iommu: one('--iommu <mode>', 'DMA translation', IOMMU_MODES, {
    fallback: 'off',
    field: 'iommu',
    stated: 'as field',
    usual: 'off',
  }),
  serviceNs: number(
    '--service-ns <ns>',
    'modelled service time of the device for an I/O, e.g. 199.6: adds a modelled rate',
    [0.1, 1e9],
    { field: 'serviceNs', stated: 'as field' },
  ),
};
