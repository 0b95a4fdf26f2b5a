// Claim: a second kind of bio with hooks in the fast path is a no-go.
import { claim, exact, stated } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';

/** The RFC's diffstat. */
const LINES_IN = 648;
const LINES_OUT = 364;
/** A share that a gate of the lab would let pass. */
const SMALL = 0.02;

export const tested = claim({
  claim: 'Duplicating the block I/O stack, with hooks all over the fast path, is a no-go.',
  by: ['hellwig'],
  experiments: {
    ram: costed({
      scheme: ['page', 'dma_vec', 'phys', 'provider', 'dmabuf'],
      buffers: 'user',
      bs: '4k',
      'p2p-share': 0,
    }),
  },
  rule: 'Of the cost only: confirmed if I/O on host RAM executes over 2 % more instructions with dma_vec than with page (6.12); refuted if not, and it is maintenance that stands against it.',
  history:
    'The RFC added 648 lines and removed 364 in 24 files, and was refused; nothing of dma-direct bios was merged.',
  missing: 'a reference without any P2P support, so that the hooks of page itself are seen too',
  judge: ({ ram }) => {
    const page = costOf(ram, 'page/user').ops;
    const isMore = costOf(ram, 'dma_vec/user').ops - page > SMALL * page;
    return {
      verdict: isMore ? 'confirmed' : 'refuted',
      because: isMore
        ? 'I/O that has nothing to do with P2P pays for it.'
        : 'I/O on host RAM does not pay for it beside page; what stands against it are the lines to maintain.',
      figures: [
        exact('instructions per host-RAM I/O of 4 KiB, page/user', page),
        exact('the same, dma_vec/user', costOf(ram, 'dma_vec/user').ops),
        stated("the RFC's lines", LINES_IN, `in, ${LINES_OUT} out`),
      ],
    };
  },
});
