// Options: what is compared, on which memory, moved how.
import { FLOW_SUMMARY, FLOWS } from '../../../build/flows.ts';
import { formatBytes } from '../../base/units.ts';
import { choices, list, number, one } from './kinds.ts';
import { bytesOf, type ParamValue } from './words.ts';

/** Where buffers come from. */
export const BUFFER_SOURCES = ['pool', 'fixed', 'user'] as const;
export const PAYLOADS = ['none', 'move', 'verify'] as const;

/** struct page bytes per byte of BAR: 64 B for each 4 KiB (Linux on x86-64). */
export const MEMMAP_SHARE = 64 / 4096;

export const COMPARED = {
  scheme: list('--scheme <a,b>', 'address schemes to compare, or all; the first is the reference', {
    fallback: ['page', 'dma_vec'],
    isCompared: true,
    about: 'cell',
  }),
  bar: list('--bar <size,...>', "the provider's BAR (default: 256MiB,16GiB; with a job file 16GiB)", {
    stated: 'by the group',
    heading: (value) => `BAR ${barWords(value)}`,
    shown: barWords,
    title: 'BAR size',
    column: 'BAR',
  }),
  buffers: choices('--buffers <kind,...>', 'where buffers come from', BUFFER_SOURCES, {
    fallback: BUFFER_SOURCES,
    field: 'buffers',
    about: 'cell',
  }),
  flow: choices('--flow <flow,...>', FLOWS.map((flow) => `${flow}: ${FLOW_SUMMARY[flow]}`).join('; '), FLOWS, {
    fallback: ['direct'],
    field: 'flows',
    stated: 'by the group',
    heading: (value) => `flow ${value}`,
  }),
  p2pShare: number('--p2p-share <percent>', 'share of I/Os on P2P memory, the rest on host RAM', [0, 100], {
    fallback: 100,
    field: 'p2pShare',
    stated: 'as field',
  }),
  payload: choices(
    '--payload <kind,...>',
    'move nothing, copy, or copy and check (default: none,move; with a job file move)',
    PAYLOADS,
    { stated: 'by the group', heading: (value) => `payload ${value}` },
  ),
  era: one('--era <kernel>', "which kernel's rules the page scheme follows", ['5.2', '6.12', '6.17'], {
    fallback: '6.12',
    ofSchemes: true,
    stated: 'by the group',
    heading: (value) => `era ${value}`,
  }),
  physLookup: one('--phys-lookup <how>', 'how the phys scheme finds the provider', ['flag', 'hash', 'tree'], {
    fallback: 'flag',
    ofSchemes: true,
    stated: 'by the group',
  }),
};

function barWords(value: ParamValue): string {
  const bytes = bytesOf(value);
  return bytes === undefined ? String(value) : `${formatBytes(bytes)} (memmap ${formatBytes(bytes * MEMMAP_SHARE)})`;
}
