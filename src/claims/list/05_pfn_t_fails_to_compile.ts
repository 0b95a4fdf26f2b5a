// Claim: unsuspecting code does not compile against pfn_t.
import { claim, exact } from '../claim.ts';
import { countOf } from '../experiments/counted.ts';
import { P2P_4K } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'pfn_t is opaque, so that code which is not ready for it fails to compile instead of failing at run time.',
  by: ['williams'],
  experiments: { p2p: P2P_4K },
  rule: 'No run can show what does not compile. The lab counts the consumers that have to ask.',
  history: 'pfn_t was removed in 6.17: nothing used its flags any more.',
  judge: ({ p2p }) => ({
    verdict: 'cannot be told here',
    because: 'what a compiler of the kernel refuses is not what an I/O does.',
    figures: [
      exact(
        'consumers of a pfn_t that ask for a page, per I/O, pfn_t/fixed',
        countOf(p2p, 'pfn_t/fixed', 'hasPageTests'),
      ),
    ],
  }),
});
