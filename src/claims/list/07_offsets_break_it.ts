// Claim: a DMA address in the block layer is a layering violation that bus offsets break.
import { claim, exact } from '../claim.ts';
import { counted, isCarried, isMisdirected } from '../experiments/counted.ts';
import { TWO_HOST_BRIDGES } from '../experiments/usual.ts';

export const tested = claim({
  claim:
    'Offsets between CPU and bus addresses differ by root port, so an address made by the caller works below one switch and can break elsewhere.',
  by: ['hellwig'],
  experiments: {
    far: TWO_HOST_BRIDGES,
    sign: counted({ scheme: ['page@5.2'], buffers: 'fixed', bs: '4k', quirk: 'bus-offset-sign' }),
  },
  rule: 'Confirmed if dma_vec ends elsewhere behind another host bridge and page (6.12) does not; refuted if it arrives; partly if both fail.',
  history:
    'The page path had faults of the same kind: 5.2 gave a client behind another bridge a bus address too, and the sign of bus_offset was wrong until 5.16.',
  judge: ({ far, sign }) => {
    const figures = [
      exact(
        'arms that end elsewhere: dma_vec/pool, dma_vec/fixed',
        ['pool', 'fixed'].filter((each) => isMisdirected(far, `dma_vec/${each}`)).length,
        'of 2',
      ),
      exact(
        'arms of page (6.12) that arrive',
        ['pool', 'fixed', 'user'].filter((each) => isCarried(far, `page/${each}`)).length,
        'of 3',
      ),
      exact(
        'arms of page@5.2 that end elsewhere',
        ['pool', 'fixed'].filter((each) => isMisdirected(far, `page@5.2/${each}`)).length,
        'of 2',
      ),
    ];
    const sign52 = isMisdirected(sign, 'page@5.2/fixed')
      ? ' With the sign of before 5.16 page@5.2 fails below one switch as well.'
      : '';
    if (!isMisdirected(far, 'dma_vec/fixed')) return { verdict: 'refuted', because: 'dma_vec arrives.', figures };
    return isCarried(far, 'page/fixed')
      ? { verdict: 'confirmed', because: `dma_vec ends elsewhere where page arrives.${sign52}`, figures }
      : { verdict: 'partly', because: 'neither arrives.', figures };
  },
});
