// Claim: lists can be defined as wholly P2P or not at all.
import { claim, exact } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';
import { countOf } from '../experiments/counted.ts';
import { P2P_128K } from '../experiments/usual.ts';

export const tested = claim({
  claim:
    'Scatterlists can be defined as wholly P2P or not at all, with a check for debugging; that took serious ugliness before.',
  by: ['sgl', 'quotedInSgl'],
  experiments: {
    p2p: P2P_128K,
    cost: costed({ scheme: ['page@6.17', 'sgl'], buffers: 'fixed', bs: '128k', iodepth: 32 }),
  },
  rule: 'Confirmed if the check of every entry asks no more often per I/O than the tests of a kernel that tests each vector (6.17); refuted if more often.',
  history: 'Lists may be mixed since 6.0; bios are wholly P2P or not since 6.17.',
  missing: 'an I/O on both kinds of memory in one list',
  judge: ({ p2p, cost }) => {
    const [sgl, now] = [countOf(p2p, 'sgl/fixed', 'p2pTests'), countOf(p2p, 'page@6.17/fixed', 'p2pTests')];
    return {
      verdict: sgl <= now ? 'confirmed' : 'refuted',
      because: sgl <= now ? 'the check costs no more tests than 6.17 makes.' : 'the check of every entry costs more.',
      figures: [
        exact('P2P tests per 128 KiB, sgl/fixed', sgl),
        exact('the same, page@6.17/fixed', now),
        exact(
          'instructions of sgl/fixed less those of page@6.17/fixed',
          costOf(cost, 'sgl/fixed').ops - costOf(cost, 'page@6.17/fixed').ops,
        ),
      ],
    };
  },
});
