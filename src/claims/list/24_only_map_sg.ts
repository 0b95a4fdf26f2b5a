// Claim: P2P is supported by map_sg only.
import { claim, exact } from '../claim.ts';
import { countOf, isCarried } from '../experiments/counted.ts';
import { P2P_4K } from '../experiments/usual.ts';

/** An SQE; a scatterlist entry would come on top. */
const SQE_BYTES = 64;

export const tested = claim({
  claim: 'Only map_sg would be supported for P2P memory.',
  by: ['sgl', 'quotedInSgl'],
  experiments: { p2p: P2P_4K },
  rule: 'Refuted if a kernel since maps P2P memory without a scatterlist (an SQE is all that is written for 4 KiB); confirmed if none does.',
  history:
    'block maps segments by themselves since 6.17; dma_map_phys with DMA_ATTR_MMIO maps single ranges since 6.18.',
  judge: ({ p2p }) => {
    const without = ['page@6.17', 'phys', 'provider', 'dmabuf', 'vma'].filter(
      (scheme) => isCarried(p2p, `${scheme}/fixed`) && countOf(p2p, `${scheme}/fixed`, 'descriptorBytes') === SQE_BYTES,
    );
    const isRefuted = without.includes('page@6.17');
    return {
      verdict: isRefuted ? 'refuted' : 'confirmed',
      because: isRefuted ? '6.17 maps a segment without a list.' : 'all write a scatterlist.',
      figures: [
        exact('descriptor bytes per 4 KiB, page/fixed (6.12)', countOf(p2p, 'page/fixed', 'descriptorBytes'), 'B'),
        exact('the same, page@6.17/fixed', countOf(p2p, 'page@6.17/fixed', 'descriptorBytes'), 'B'),
        exact('schemes that carry P2P memory without a scatterlist', without.length),
      ],
    };
  },
});
