// Claim: a page's tracking is not needed, and its memory is wasted.
import { GIB, MIB } from '../../base/units.ts';
import { claim, exact, modelled } from '../claim.ts';
import { countOf } from '../experiments/counted.ts';
import { remembered, rowOf } from '../experiments/remembered.ts';
import { P2P_4K } from '../experiments/usual.ts';

const LARGE_SHARE = 0.01;

export const tested = claim({
  claim: 'Tracking P2P memory by pages is unnecessary, and allocating them wastes memory.',
  by: ['rfc', 'williams'],
  experiments: { p2p: P2P_4K, memory: remembered(16 * GIB) },
  rule: 'Confirmed if buffers of the kernel take no reference on a page and pages take over 1 % of the BAR; refuted if they take references and less; else partly.',
  history:
    'P2PDMA pages stay at 1/64 of the BAR. A series of December 2025 (Hou Tao) makes them compound: 8 KiB for each 2 MiB or 1 GiB; not merged.',
  judge: ({ p2p, memory }) => {
    const kernel = countOf(p2p, 'page/pool', 'pageAtomics') + countOf(p2p, 'page/fixed', 'pageAtomics');
    const share = rowOf(memory, 'page').memmapBytes / memory.barBytes;
    const figures = [
      exact('references on pages per I/O, page/pool and page/fixed', kernel),
      exact('references on pages per 4 KiB, page/user', countOf(p2p, 'page/user', 'pageAtomics')),
      modelled('struct pages of a BAR of 16 GiB', rowOf(memory, 'page').memmapBytes / MIB, 'MiB'),
    ];
    const wastes = share > LARGE_SHARE;
    if (kernel === 0 && wastes) {
      return {
        verdict: 'confirmed',
        because: `buffers of the kernel are never counted, and the pages take ${(100 * share).toFixed(2)} % of the BAR; only user memory uses the tracking.`,
        figures,
      };
    }
    if (kernel > 0 && !wastes) return { verdict: 'refuted', because: 'pages are counted and take little.', figures };
    return {
      verdict: 'partly',
      because: wastes ? 'pages take much, and are counted.' : 'pages take little, and are not counted.',
      figures,
    };
  },
});
