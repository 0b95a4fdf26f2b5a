// Claim: phys_addr_t + len in the bio_vec would do.
import { claim, exact } from '../claim.ts';
import { countOf } from '../experiments/counted.ts';
import { RAM_1M, RAM_4K, RAM_128K } from '../experiments/usual.ts';

const SAME = ['requests', 'splits', 'merges', 'doorbells'] as const;

export const tested = claim({
  claim:
    'A physical address and a length in the bio_vec would do in place of page, offset and length: merging and splitting work on them.',
  by: ['hellwig'],
  experiments: { small: RAM_4K, medium: RAM_128K, large: RAM_1M },
  rule: 'Confirmed if phys makes the same requests, splits and merges of host RAM as page at 4 KiB, 128 KiB and 1 MiB; else refuted.',
  history:
    'struct phys_vec is the iterator of block DMA since 6.17, dma_map_phys came in 6.18; struct bio_vec still has a page.',
  judge: (results) => {
    const arms = ['pool', 'user'];
    const differing = Object.entries(results).flatMap(([size, each]) =>
      arms.flatMap((buffers) =>
        SAME.filter(
          (counter) => countOf(each, `phys/${buffers}`, counter) !== countOf(each, `page/${buffers}`, counter),
        ).map((counter) => `${counter} of ${buffers} (${size})`),
      ),
    );
    return {
      verdict: differing.length === 0 ? 'confirmed' : 'refuted',
      because: differing.length === 0 ? 'every request is the same.' : `there differ: ${differing.join(', ')}.`,
      figures: [
        exact('counts that differ', differing.length, `of ${3 * arms.length * SAME.length}`),
        exact('struct page lines per 4 KiB of host RAM, page/pool', countOf(results.small, 'page/pool', 'pageLines')),
        exact('the same, phys/pool', countOf(results.small, 'phys/pool', 'pageLines')),
      ],
    };
  },
});
