// Claim: DMA addresses pave the way to a more uniform P2P ecosystem.
import { claim, exact } from '../claim.ts';
import { type Counted, isCarried } from '../experiments/counted.ts';
import { BUFFERS, COPY, NVMET, P2P_4K, TWO_HOST_BRIDGES } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'Removing the pages paves the way to a more uniform P2PDMA ecosystem.',
  by: ['rfc'],
  experiments: { direct: P2P_4K, far: TWO_HOST_BRIDGES, copy: COPY, nvmet: NVMET },
  rule: 'By combinations of flow, topology and buffers that work: confirmed if dma_vec has at least as many as page (6.12); else refuted.',
  history: 'Linux went on with pages for what processes map, and with providers and dma-buf for the rest.',
  judge: (results) => {
    const works = (scheme: string): number =>
      Object.values(results).reduce(
        (sum, all: Counted) =>
          sum +
          BUFFERS.filter(
            (each) => all.some(({ arm }) => arm === `${scheme}/${each}`) && isCarried(all, `${scheme}/${each}`),
          ).length,
        0,
      );
    const [page, dmaVec] = [works('page'), works('dma_vec')];
    return {
      verdict: dmaVec >= page ? 'confirmed' : 'refuted',
      because:
        dmaVec >= page ? 'it works wherever pages do.' : 'it works in fewer places: no user memory, one hierarchy.',
      figures: [exact('combinations that work, page (6.12)', page), exact('the same, dma_vec', dmaVec)],
    };
  },
});
