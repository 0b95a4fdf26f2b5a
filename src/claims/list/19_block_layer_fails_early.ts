// Claim: with I/O memory in an sgl the block layer would fail very early.
import { claim, exact } from '../claim.ts';
import { armOf, countOf } from '../experiments/counted.ts';
import { P2P_4K } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'The block layer would fail very early on I/O memory, so there is no O_DIRECT anyway.',
  by: ['vma'],
  experiments: { p2p: P2P_4K },
  rule: 'Confirmed if vma refuses user buffers before any struct page is touched or request is made; partly if later; refuted if it carries them.',
  history: 'GUP refuses VM_IO | VM_PFNMAP mappings (check_vma_flags) to this day.',
  judge: ({ p2p }) => {
    const { refused } = armOf(p2p, 'vma/user');
    const touched = countOf(p2p, 'vma/user', 'pageLines') + countOf(p2p, 'vma/user', 'requests');
    const figures = [
      exact('I/Os of vma/user that are refused', refused === undefined ? 0 : 1, 'of 1'),
      exact('page lines and requests before the refusal', touched),
    ];
    if (refused === undefined) return { verdict: 'refuted', because: 'it carries user memory.', figures };
    return touched === 0
      ? { verdict: 'confirmed', because: `${refused.errno} comes before anything was made for the I/O.`, figures }
      : { verdict: 'partly', because: `${refused.errno} comes after something was made for the I/O.`, figures };
  },
});
