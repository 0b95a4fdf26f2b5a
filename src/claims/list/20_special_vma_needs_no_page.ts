// Claim: a special VMA needs no struct page at all.
import { claim, exact } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';
import { countOf, isCarried } from '../experiments/counted.ts';
import { P2P_4K } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'A special VMA needs no struct page at all, and is no worse a special case than P2P for RDMA already is.',
  by: ['vma'],
  experiments: { p2p: P2P_4K, cost: costed({ scheme: ['page', 'dma_vec', 'vma'], buffers: 'fixed', bs: '4k' }) },
  rule: 'Confirmed if vma carries long-lived buffers without touching a struct page, with no more lines than page; partly if with more; refuted if it touches one.',
  history: 'p2p_map was not merged. Its idea came as dma-buf export of BARs by vfio-pci (6.19) and for RDMA (2026).',
  judge: ({ p2p, cost }) => {
    const lines = countOf(p2p, 'vma/fixed', 'pageLines');
    const figures = [
      exact('struct page lines per 4 KiB, vma/fixed', lines),
      exact('distinct lines per I/O, vma/fixed', costOf(cost, 'vma/fixed').lines),
      exact('the same, page/fixed', costOf(cost, 'page/fixed').lines),
    ];
    if (!isCarried(p2p, 'vma/fixed') || lines > 0)
      return { verdict: 'refuted', because: 'it needs a page, or carries nothing.', figures };
    return costOf(cost, 'vma/fixed').lines <= costOf(cost, 'page/fixed').lines
      ? { verdict: 'confirmed', because: 'no page is touched, and no more lines than with one.', figures }
      : {
          verdict: 'partly',
          because: 'no page is touched, but its list of addresses costs more lines than a page does.',
          figures,
        };
  },
});
