// Claim: beyond saved memory no value is visible.
import { claim, exact, modelled } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';

/** Below: nobody would rebuild a block layer for it. */
const SMALL = 0.1;
const CPU = 'genoa';

export const tested = claim({
  claim: 'Beyond saved memory the value of P2P without pages is not obvious.',
  by: ['williams'],
  experiments: {
    cost: costed({ scheme: ['page', 'dma_vec'], buffers: ['pool', 'fixed'], bs: '4k', bar: '16GiB' }, { cpu: CPU }),
  },
  rule: 'By modelled cycles of an I/O on a 16 GiB BAR: confirmed if dma_vec saves less than 10 % for pool (what nvmet uses) and fixed; refuted if more for both; else partly.',
  history:
    'nvmet takes its buffers from the pool, whose struct pages stay in a cache. Long-lived buffers all over a BAR came with GPUs and vfio-pci (6.19), without pages.',
  judge: ({ cost }) => {
    const cycles = (arm: string): number => costOf(cost, arm).cycles ?? Number.NaN;
    const saved = (buffers: string): number => 1 - cycles(`dma_vec/${buffers}`) / cycles(`page/${buffers}`);
    const [pool, fixed] = [saved('pool'), saved('fixed')];
    const figures = [
      modelled(`share of cycles that dma_vec saves on ${CPU}, pool`, 100 * pool, '%'),
      modelled(`the same, fixed`, 100 * fixed, '%'),
      exact(
        'distinct lines per I/O that page/fixed touches more',
        costOf(cost, 'page/fixed').lines - costOf(cost, 'dma_vec/fixed').lines,
      ),
    ];
    if (pool < SMALL && fixed < SMALL)
      return { verdict: 'confirmed', because: 'neither kind of buffers gains much.', figures };
    if (pool >= SMALL && fixed >= SMALL) return { verdict: 'refuted', because: 'both kinds of buffers gain.', figures };
    return {
      verdict: 'partly',
      because:
        fixed > pool
          ? 'the use of 2019 (pool) gains little; buffers that stay, spread over a BAR, miss on a struct page each time.'
          : 'buffers of the pool gain, those that stay do not.',
      figures,
    };
  },
});
