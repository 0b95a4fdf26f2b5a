// Claim: P2P should work with everything, RDMA is not special.
import { claim, exact } from '../claim.ts';
import { isCarried } from '../experiments/counted.ts';
import { COPY, NVMET, P2P_4K } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'P2P should work with everything; then RDMA is not special and need not be patched.',
  by: ['sgl'],
  experiments: { direct: P2P_4K, copy: COPY, nvmet: NVMET },
  rule: 'Confirmed if page (6.12) carries direct I/O, drive to drive and an NVMe-oF target by the same functions; partly if some; refuted if the target alone.',
  history: 'dma_map_sgtable takes P2P pages since 6.0, and RDMA calls nothing of P2PDMA; pci_p2pdma_map_sg is gone.',
  judge: ({ direct, copy, nvmet }) => {
    const [d, c, n] = [isCarried(direct, 'page/fixed'), isCarried(copy, 'page/fixed'), isCarried(nvmet, 'page/pool')];
    const count = [d, c, n].filter(Boolean).length;
    return {
      verdict: count === 3 ? 'confirmed' : n && count === 1 ? 'refuted' : 'partly',
      because: count === 3 ? 'one path maps the memory for all of them.' : `${count} of 3 flows carry it.`,
      figures: [exact('flows that carry P2P pages of 6.12', count, 'of 3')],
    };
  },
});
