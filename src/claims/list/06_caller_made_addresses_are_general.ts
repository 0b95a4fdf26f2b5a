// Claim: addresses that the caller makes are the more general way.
import { claim, exact } from '../claim.ts';
import { isCarried, isMisdirected } from '../experiments/counted.ts';
import { reached } from '../experiments/reached.ts';
import { P2P_4K, TWO_HOST_BRIDGES } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'DMA addresses made by the caller are a more general path for P2P requests.',
  by: ['rfc'],
  experiments: { near: P2P_4K, far: TWO_HOST_BRIDGES, machine: reached('two-host-bridges') },
  rule: 'Refuted if the data of a client behind another host bridge ends elsewhere; confirmed if it arrives wherever the struct page carries it.',
  history: 'The RFC was refused. Since 6.17 each request asks (provider, client) for its map type.',
  judge: ({ near, far, machine }) => {
    const figures = [
      exact('dma_vec/fixed arrives below one switch', isCarried(near, 'dma_vec/fixed') ? 1 : 0, 'of 1'),
      exact('dma_vec/fixed arrives behind another host bridge', isCarried(far, 'dma_vec/fixed') ? 1 : 0, 'of 1'),
      exact('page/fixed arrives there', isCarried(far, 'page/fixed') ? 1 : 0, 'of 1'),
    ];
    if (isMisdirected(far, 'dma_vec/fixed')) {
      const there = machine.farLandsIn === 'nothing' ? 'nothing that claims it' : machine.farLandsIn;
      return {
        verdict: 'refuted',
        because: `behind another host bridge the caller's bus address leads to ${there} instead of ${machine.provider}.`,
        figures,
      };
    }
    return isCarried(far, 'dma_vec/fixed')
      ? { verdict: 'confirmed', because: 'it arrives wherever the page does.', figures }
      : { verdict: 'partly', because: 'it is refused where the page arrives.', figures };
  },
});
