// Claim: dma-direct bios are split and mapped as those with pages.
import { claim, exact, type Figure } from '../claim.ts';
import { counted, countOf } from '../experiments/counted.ts';

const SIZES = ['4k', '64k', '128k', '1m'] as const;
const ALIKE = ['requests', 'segments', 'splits', 'merges', 'descriptorBytes'] as const;
const of = (bs: string) =>
  counted({ scheme: ['page', 'dma_vec', 'dma_vec@rfc-as-posted'], buffers: 'fixed', rw: 'read', iodepth: 32, bs });

export const tested = claim({
  claim: 'Dma-direct bios can be split and mapped in the same way as bios with struct pages.',
  by: ['rfc'],
  experiments: { s4k: of('4k'), s64k: of('64k'), s128k: of('128k'), s1m: of('1m') },
  rule: 'Confirmed if requests, segments, splits, merges and descriptors are equal for sequential reads of 4 KiB to 1 MiB; else refuted.',
  history:
    'P2P requests are never merged in Linux either: those of nvmet since 4.20, every P2P bio since 6.17 (REQ_NOMERGE). Patch 14 as posted splits by the low 32 bits of the address; intended is the queue limit.',
  judge: (results) => {
    const all = Object.values(results);
    const differing = all.flatMap((each, index) =>
      ALIKE.filter((counter) => countOf(each, 'dma_vec/fixed', counter) !== countOf(each, 'page/fixed', counter)).map(
        (counter) => `${counter} at ${SIZES[index]}`,
      ),
    );
    const last = all.at(-1) as (typeof all)[number];
    const figures: Figure[] = [
      exact(
        'counts that differ, of requests, segments, splits, merges and descriptors at four sizes',
        differing.length,
        `of ${ALIKE.length * SIZES.length}`,
      ),
      exact('requests per 1 MiB, dma_vec/fixed', countOf(last, 'dma_vec/fixed', 'requests')),
      exact('requests per 1 MiB, page/fixed', countOf(last, 'page/fixed', 'requests')),
    ];
    return differing.length === 0
      ? { verdict: 'confirmed', because: 'every count is equal at every size.', figures }
      : { verdict: 'refuted', because: `there differ: ${differing.join(', ')}.`, figures };
  },
});
