// Claim: the pages that back P2P memory can be removed.
import { claim, exact } from '../claim.ts';
import { removed } from '../experiments/removed.ts';

export const tested = claim({
  claim: 'The struct pages that back P2P memory can be removed, and their reference counts with them.',
  by: ['rfc'],
  experiments: {
    gone: removed({ scheme: ['page', 'dma_vec', 'provider', 'dmabuf', 'vma'], buffers: ['pool', 'fixed'], bs: '4k' }),
  },
  rule: 'By removing the provider under I/O: confirmed if no carried arm of dma_vec uses its addresses afterwards; refuted if all do; partly if those from the pool do not and long-lived ones do.',
  history:
    'Linux kept pages for pool and user memory. vfio-pci exports BARs without (6.19), and importers are told to let go: dma-buf revocation (7.1).',
  judge: ({ gone }) => {
    const isUsed = (name: string): boolean => gone.some(({ arm, isUsedAfter }) => arm === name && isUsedAfter);
    const figure = (arm: string, more = '') =>
      exact(`${arm}${more} transfers to a provider that was removed`, isUsed(arm) ? 1 : 0, 'of 1');
    const figures = [
      figure('dma_vec/fixed'),
      figure('dma_vec/pool'),
      figure('dmabuf/fixed', ', whose map is revoked,'),
    ];
    const [pool, fixed] = [isUsed('dma_vec/pool'), isUsed('dma_vec/fixed')];
    if (!pool && !fixed) return { verdict: 'confirmed', because: 'nothing uses the memory after it went.', figures };
    if (pool && fixed)
      return { verdict: 'refuted', because: 'all its I/O goes on to addresses that are gone.', figures };
    return {
      verdict: 'partly',
      because:
        "memory of the pool is waited for by its allocations; long-lived buffers have no reference and are used after removal. A page's holder is waited for; a revoked map refuses.",
      figures,
    };
  },
});
