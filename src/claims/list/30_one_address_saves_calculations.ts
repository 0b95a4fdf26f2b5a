// Claim: one phys_addr_t saves calculations.
import { claim, exact } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';

export const tested = claim({
  claim: 'One phys_addr_t in place of page and offset avoids quite a few calculations.',
  by: ['hellwig'],
  experiments: { cost: costed({ scheme: ['page', 'phys'], buffers: ['pool', 'user'], bs: '4k', 'p2p-share': 0 }) },
  rule: 'Confirmed if phys executes fewer instructions per I/O of host RAM than page for pool and user buffers; refuted if not fewer for either; else partly.',
  history: 'Not tried in bio_vec. Page-to-physical is a subtraction and a shift with VMEMMAP.',
  judge: ({ cost }) => {
    const saved = (buffers: string): number =>
      costOf(cost, `page/${buffers}`).ops - costOf(cost, `phys/${buffers}`).ops;
    const [pool, user] = [saved('pool'), saved('user')];
    const figures = [
      exact('instructions saved per 4 KiB of host RAM, pool', pool),
      exact('the same, user', user),
      exact('instructions of page/pool', costOf(cost, 'page/pool').ops),
    ];
    if (pool > 0 && user > 0) return { verdict: 'confirmed', because: 'fewer for both kinds of buffers.', figures };
    if (pool <= 0 && user <= 0) return { verdict: 'refuted', because: 'fewer for neither.', figures };
    return {
      verdict: 'partly',
      because: `fewer for ${pool > 0 ? 'pool' : 'user'} only: user memory is pinned by pages either way, and found again at completion.`,
      figures,
    };
  },
});
