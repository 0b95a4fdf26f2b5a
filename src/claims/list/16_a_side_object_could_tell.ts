// Claim: a side object could carry the restrictions along the I/O.
import { GIB } from '../../base/units.ts';
import { claim, exact, modelled } from '../claim.ts';
import { countOf, isCarried, isMisdirected } from '../experiments/counted.ts';
import { remembered, rowOf } from '../experiments/remembered.ts';
import { TWO_HOST_BRIDGES } from '../experiments/usual.ts';

export const tested = claim({
  claim:
    'A side object could describe and recall the restrictions while memory is passed through the I/O stack; an undecorated DMA address cannot.',
  by: ['williams'],
  experiments: { far: TWO_HOST_BRIDGES, memory: remembered(16 * GIB) },
  rule: 'Confirmed if the provider arrives behind another host bridge without a struct page where dma_vec does not; refuted if dma_vec arrives too or the provider does not.',
  history: 'struct p2pdma_provider, 16 bytes, since 6.19; dma-buf has one attachment per device.',
  judge: ({ far, memory }) => {
    const provider = isCarried(far, 'provider/fixed') && countOf(far, 'provider/fixed', 'pageLines') === 0;
    const isSo = provider && isMisdirected(far, 'dma_vec/fixed');
    return {
      verdict: isSo ? 'confirmed' : 'refuted',
      because: isSo
        ? 'the provider is asked once per request and is right; the bare address ends elsewhere.'
        : 'the side object makes no difference between them.',
      figures: [
        exact('provider/fixed arrives behind another host bridge', isCarried(far, 'provider/fixed') ? 1 : 0, 'of 1'),
        exact('dma_vec/fixed arrives there', isCarried(far, 'dma_vec/fixed') ? 1 : 0, 'of 1'),
        modelled('state of a provider for a BAR of 16 GiB', rowOf(memory, 'provider').mapStateBytes, 'B'),
      ],
    };
  },
});
