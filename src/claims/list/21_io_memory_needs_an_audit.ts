// Claim: I/O memory in a scatterlist needs an audit of all who use it.
import { claim, exact } from '../claim.ts';
import { counted, countOf, isCarried } from '../experiments/counted.ts';

export const tested = claim({
  claim:
    'I/O memory cannot go into scatterlists without an audit of the whole block stack for users that lack an I/O memory accessor.',
  by: ['quotedInVma', 'sgl'],
  experiments: { usual: counted({ scheme: ['sgl', 'sgl@no-p2p-flag'], buffers: 'fixed', bs: '4k' }) },
  rule: 'Confirmed if an unaware driver (whose DMA operations return CPU addresses) is handed I/O memory and transfers elsewhere; refuted if it is refused without any change.',
  history:
    'Linux answered with pages that a CPU can map: p2pmem is ordinary memory to memcpy. dma_virt_ops left in 5.11.',
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
