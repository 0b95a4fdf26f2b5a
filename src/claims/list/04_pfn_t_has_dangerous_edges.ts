// Claim: pfn_t makes dangerous edge cases, a queue flag does not.
import { claim, exact } from '../claim.ts';
import { armOf, countOf } from '../experiments/counted.ts';
import { P2P_4K, QUEUE_WITHOUT_P2P } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'Unconverted code runs across a pfn_t that it is not ready for; a queue flag avoids that.',
  by: ['rfc'],
  experiments: { p2p: P2P_4K, unconverted: QUEUE_WITHOUT_P2P },
  rule: 'Confirmed if an unconverted queue gets a pfn_t without a page and works on it; refuted if it is refused and pfn_t asks no more often than the flag; partly if it is refused at the price of a test at every consumer.',
  history:
    'pfn_t was removed in 6.17, when nothing used its flags any more; the queue flag became BLK_FEAT_PCI_P2PDMA.',
  judge: ({ p2p, unconverted }) => {
    const arm = armOf(unconverted, 'pfn_t/fixed');
    const tests = countOf(p2p, 'pfn_t/fixed', 'hasPageTests');
    const figures = [
      exact('has-page tests per I/O, pfn_t/fixed', tests),
      exact(
        'P2P tests per I/O, dma_vec/fixed, whose queue flag is asked once per bio',
        countOf(p2p, 'dma_vec/fixed', 'p2pTests'),
      ),
      exact('I/Os that a queue which is not converted takes, pfn_t/fixed', arm.refused === undefined ? 1 : 0, 'of 1'),
    ];
    if (arm.refused === undefined)
      return { verdict: 'confirmed', because: 'the unconverted queue takes such I/Os.', figures };
    if (tests <= 1) return { verdict: 'refuted', because: 'it is refused, by one test.', figures };
    return {
      verdict: 'partly',
      because: `both are refused at submission (${arm.refused.errno}), but pfn_t needs a test at each consumer where the flag needs one per bio.`,
      figures,
    };
  },
});
