// Claim: block I/O needs struct pages.
import { claim, exact } from '../claim.ts';
import { countOf, isCarried } from '../experiments/counted.ts';
import { P2P_4K, PAGE_LESS } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'Struct pages are necessary to work with scatterlists and bio_vecs.',
  by: ['rfc'],
  experiments: { p2p: P2P_4K },
  rule: 'Confirmed if no scheme without pages carries an I/O; refuted if they carry all kinds of buffers; partly if only buffers of the kernel.',
  history:
    'In-kernel users still have pages in nvmet (2026); vfio-pci exports BARs without any since 6.19, as providers. User memory is pinned by pages to this day.',
  judge: ({ p2p }) => {
    const carry = (buffers: string): number =>
      PAGE_LESS.filter((scheme) => isCarried(p2p, `${scheme}/${buffers}`)).length;
    const [user, fixed] = [carry('user'), carry('fixed')];
    const figures = [
      exact('schemes without pages that carry long-lived buffers', fixed, `of ${PAGE_LESS.length}`),
      exact('schemes without pages that carry user buffers', user, `of ${PAGE_LESS.length}`),
      exact(
        'P2P tests per I/O of page@5.2/pool, which is all that a page is asked',
        countOf(p2p, 'page@5.2/pool', 'p2pTests'),
      ),
    ];
    if (fixed === 0 && user === 0) return { verdict: 'confirmed', because: 'nothing goes without pages.', figures };
    if (user > 0 && fixed > 0)
      return { verdict: 'refuted', because: 'all kinds of buffers go without pages.', figures };
    return {
      verdict: 'partly',
      because:
        "buffers of the kernel's own go without a page; user memory does not, because get_user_pages hands out pages.",
      figures,
    };
  },
});
