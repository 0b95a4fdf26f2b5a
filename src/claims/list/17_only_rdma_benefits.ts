// Claim: nothing but RDMA benefits.
import { claim, exact } from '../claim.ts';
import { type Counted, isCarried } from '../experiments/counted.ts';
import { COPY, NVMET, P2P_4K, PAGE_LESS } from '../experiments/usual.ts';

export const tested = claim({
  claim: 'No other subsystem than RDMA benefits; those who do without pages never had to work with the block layer.',
  by: ['williams'],
  experiments: { direct: P2P_4K, copy: COPY, nvmet: NVMET },
  rule: 'Confirmed if schemes without pages carry I/O in flow nvmet only; refuted if all of them carry it elsewhere too, with buffers that a process holds; partly if only with buffers of the kernel, or only some.',
  history:
    'vfio-pci, iommufd, mlx5 and irdma take dma-bufs of BARs without pages (6.19 to 7.1); reads and writes through io_uring are posted (v7 of September 2026), not merged.',
  judge: ({ direct, copy, nvmet }) => {
    const carry = (all: Counted, buffers: string): number =>
      PAGE_LESS.filter(
        (scheme) => all.some(({ arm }) => arm === `${scheme}/${buffers}`) && isCarried(all, `${scheme}/${buffers}`),
      ).length;
    const figures = [
      exact('schemes without pages in flow nvmet (pool)', carry(nvmet, 'pool'), `of ${PAGE_LESS.length}`),
      exact('in flow copy (fixed)', carry(copy, 'fixed'), `of ${PAGE_LESS.length}`),
      exact('in direct I/O of user memory', carry(direct, 'user'), `of ${PAGE_LESS.length}`),
    ];
    if (carry(copy, 'fixed') === 0 && carry(direct, 'user') === 0)
      return { verdict: 'confirmed', because: 'nvmet alone works without pages.', figures };
    if (carry(direct, 'user') === PAGE_LESS.length)
      return { verdict: 'refuted', because: 'every flow works without pages.', figures };
    return {
      verdict: 'partly',
      because: 'memory that was registered goes without pages in other flows than RDMA; memory of a process does not.',
      figures,
    };
  },
});
