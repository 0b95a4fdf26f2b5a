// Claim: P2P mapping in place of an HFI's own map functions breaks it.
import { claim, exact } from '../claim.ts';
import { counted, countOf, isCarried } from '../experiments/counted.ts';

export const tested = claim({
  claim:
    'Replacing the map of a driver whose operations return CPU addresses (HFI) by a P2P map breaks it, so struct dma_map_ops needs p2p_supported.',
  by: ['sgl'],
  experiments: { usual: counted({ scheme: ['sgl', 'sgl@no-p2p-flag'], buffers: 'fixed', bs: '4k' }) },
  rule: 'Confirmed if without the flag such a client transfers elsewhere, and with it the same client is refused while others are served; refuted if it is served rightly without.',
  history: 'It came as DMA_F_PCI_P2PDMA_SUPPORTED in 6.0 and 6.1, and was gone by 6.12; dma_virt_ops left in 5.11.',
  missing:
    'a run with a client whose driver takes CPU addresses; test/machine/scheme_rules.test.ts has one, on a machine of its own',
  judge: ({ usual }) => ({
    verdict: 'not measured here',
    because: 'a run has drivers that take DMA addresses only; those are served with the flag and without.',
    figures: [
      exact(
        'arms of such drivers that are served',
        ['sgl/fixed', 'sgl@no-p2p-flag/fixed'].filter((arm) => isCarried(usual, arm)).length,
        'of 2',
      ),
      exact('P2P tests per I/O, sgl/fixed', countOf(usual, 'sgl/fixed', 'p2pTests')),
    ],
  }),
});
