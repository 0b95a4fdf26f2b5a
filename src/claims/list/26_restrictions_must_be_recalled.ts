// Claim: who reaches whom must be recalled where the address is used.
import { claim, exact } from '../claim.ts';
import { isCarried, isMisdirected } from '../experiments/counted.ts';
import { TWO_HOST_BRIDGES } from '../experiments/usual.ts';

const ASKING = ['page', 'phys', 'provider', 'dmabuf'] as const;

export const tested = claim({
  claim: 'Who may reach whom has to be recalled where an address is used; it cannot be decided once.',
  by: ['williams'],
  experiments: { far: TWO_HOST_BRIDGES },
  rule: 'For a client that is not where the address was made for: confirmed if schemes that ask per request or attachment arrive and dma_vec, which decides once, does not; refuted if dma_vec arrives.',
  history: 'The map type is asked for each request since 6.17 (for each list before); a dma-buf for each attachment.',
  missing: 'a second client that joins while I/O is running',
  judge: ({ far }) => {
    const right = ASKING.filter((scheme) => isCarried(far, `${scheme}/fixed`));
    const wrong = isMisdirected(far, 'dma_vec/fixed');
    const figures = [
      exact('schemes that ask and arrive behind another host bridge (fixed)', right.length, `of ${ASKING.length}`),
      exact('dma_vec/fixed ends elsewhere there', wrong ? 1 : 0, 'of 1'),
    ];
    if (!wrong) return { verdict: 'refuted', because: 'what was decided once is right.', figures };
    return right.length === ASKING.length
      ? { verdict: 'confirmed', because: 'those that ask arrive, the one that decided once does not.', figures }
      : { verdict: 'partly', because: 'some that ask do not arrive either.', figures };
  },
});
