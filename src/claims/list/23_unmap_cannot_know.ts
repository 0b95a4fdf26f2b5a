// Claim: dma_unmap_page cannot know what it unmaps.
import { claim, exact } from '../claim.ts';
import { countOf } from '../experiments/counted.ts';
import { P2P_128K } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'dma_unmap_page has no way to know whether it unmaps P2P memory.',
  by: ['quotedInSgl'],
  experiments: { p2p: P2P_128K },
  rule: 'Confirmed if every kernel since asks the page when it unmaps; refuted if a later one unmaps P2P memory with one test less than 5.2, which asks the page there.',
  history:
    'SG_DMA_BUS_ADDRESS in the scatterlist (6.0), a flag of the request in 6.17: the page is not asked at unmap.',
  judge: ({ p2p }) => {
    const tests = (arm: string): number => countOf(p2p, arm, 'p2pTests');
    const later = Math.min(tests('page/fixed'), tests('page@6.17/fixed'));
    const isLess = later < tests('page@5.2/fixed');
    return {
      verdict: isLess ? 'refuted' : 'confirmed',
      because: isLess ? 'a bit of the list or the request tells it.' : 'the page is asked as often as in 5.2.',
      figures: [
        exact('P2P tests per 128 KiB, page@5.2/fixed (one of them at unmap)', tests('page@5.2/fixed')),
        exact('the same, page/fixed (6.12)', tests('page/fixed')),
        exact('the same, page@6.17/fixed', tests('page@6.17/fixed')),
      ],
    };
  },
});
