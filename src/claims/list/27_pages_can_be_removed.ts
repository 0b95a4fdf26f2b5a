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
    const after = (arm: string): number => gone.find((each) => each.arm === arm)?.usedAfter ?? Number.NaN;
    const figures = [
      exact('transfers to a removed provider, dma_vec/fixed', after('dma_vec/fixed')),
      exact('the same, dma_vec/pool', after('dma_vec/pool')),
      exact('the same, dmabuf/fixed, whose map is revoked', after('dmabuf/fixed')),
    ];
    const [pool, fixed] = [after('dma_vec/pool') > 0, after('dma_vec/fixed') > 0];
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
