// Claim: P2P mapping in place of an HFI's own map functions breaks it.
import { claim, exact } from '../claim.ts';
import { armOf, isCarried, isMisdirected } from '../experiments/counted.ts';
import { BY_CPU_ADDRESSES, BY_DMA_ADDRESSES } from '../experiments/usual.ts';

export const tested = claim({
  claim:
    'Replacing the map of a driver whose operations return CPU addresses (HFI) by a P2P map breaks it, so struct dma_map_ops needs p2p_supported.',
  by: ['sgl'],
  experiments: { virt: BY_CPU_ADDRESSES, usual: BY_DMA_ADDRESSES },
  rule: 'Confirmed if without the flag such a client transfers elsewhere, and with it the same client is refused while others are served; refuted if it is served rightly without; partly if the flag does not mend it.',
  history: 'It came as DMA_F_PCI_P2PDMA_SUPPORTED in 6.0 and 6.1, and was gone by 6.12; dma_virt_ops left in 5.11.',
  judge: ({ virt, usual }) => {
    const isWrong = isMisdirected(virt, 'sgl@no-p2p-flag/fixed');
    const { refused } = armOf(virt, 'sgl/fixed');
    const figures = [
      exact('sgl@no-p2p-flag/fixed of such a client ends elsewhere', isWrong ? 1 : 0, 'of 1'),
      exact('sgl/fixed of such a client is refused', refused === undefined ? 0 : 1, 'of 1'),
      exact('sgl/fixed of another client is served', isCarried(usual, 'sgl/fixed') ? 1 : 0, 'of 1'),
    ];
    if (!isWrong) return { verdict: 'refuted', because: 'such a client is served rightly without the flag.', figures };
    return refused !== undefined && refused.errno !== 'misdirected' && isCarried(usual, 'sgl/fixed')
      ? { verdict: 'confirmed', because: `the flag turns a wrong transfer into ${refused.errno}.`, figures }
      : { verdict: 'partly', because: 'it breaks, and the flag does not mend it.', figures };
  },
});
