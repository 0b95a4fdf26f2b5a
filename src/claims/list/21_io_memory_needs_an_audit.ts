// Claim: I/O memory in a scatterlist needs an audit of all who use it.
import { claim, exact } from '../claim.ts';
import { armOf, isMisdirected } from '../experiments/counted.ts';
import { BY_CPU_ADDRESSES } from '../experiments/usual.ts';

export const tested = claim({
  claim:
    'I/O memory cannot go into scatterlists without an audit of the whole block stack for users that lack an I/O memory accessor.',
  by: ['quotedInVma', 'sgl'],
  experiments: { unaware: BY_CPU_ADDRESSES },
  rule: 'Confirmed if an unaware driver, which takes what it is given for a CPU address, is handed I/O memory and transfers elsewhere; refuted if it is refused without a check or does no harm.',
  history:
    'Linux answered with pages that a CPU can map: p2pmem is ordinary memory to memcpy. dma_virt_ops left in 5.11.',
  judge: ({ unaware }) => {
    const isWrong = isMisdirected(unaware, 'sgl@no-p2p-flag/fixed');
    const checked = armOf(unaware, 'sgl/fixed').refused?.errno;
    return {
      verdict: isWrong ? 'confirmed' : 'refuted',
      because: isWrong
        ? `without a check the unaware driver transfers elsewhere${checked === undefined ? '' : `; with a flag of its operations it is refused (${checked})`}.`
        : 'the unaware driver does no harm.',
      figures: [
        exact('arms of an unaware driver that end elsewhere, sgl@no-p2p-flag/fixed', isWrong ? 1 : 0, 'of 1'),
        exact('the same with a check, sgl/fixed', isMisdirected(unaware, 'sgl/fixed') ? 1 : 0, 'of 1'),
      ],
    };
  },
});
