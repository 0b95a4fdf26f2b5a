// Claim: completion needs the page again, once per segment.
import { claim, exact } from '../claim.ts';
import { countOf } from '../experiments/counted.ts';
import { RAM_4K, RAM_128K } from '../experiments/usual.ts';

const PAGES = 32;

export const tested = claim({
  claim:
    'On completion the page is needed again, often but not always, and once per segment: the pages that follow are pointer arithmetic.',
  by: ['hellwig'],
  experiments: { small: RAM_4K, large: RAM_128K },
  rule: 'Confirmed if phys goes back to a page once per segment for user memory, and never for pool; refuted if once per page; else partly.',
  history: 'From 7.0 on O_DIRECT has one vector for each folio, so more of them for memory in single pages.',
  missing: 'the cache of pages that the mail proposes for small direct I/O',
  judge: ({ small, large }) => {
    const user = countOf(large, 'phys/user', 'pageLookups');
    const pool = countOf(large, 'phys/pool', 'pageLookups');
    const segments = countOf(large, 'phys/user', 'segments');
    const figures = [
      exact('ways back to a page per 128 KiB (32 pages), phys/user', user),
      exact('the same, phys/pool', pool),
      exact('the same per 4 KiB, phys/user', countOf(small, 'phys/user', 'pageLookups')),
    ];
    if (user === segments && pool === 0)
      return {
        verdict: 'confirmed',
        because: 'one for each segment of user memory, none for memory of the kernel.',
        figures,
      };
    return user >= PAGES
      ? { verdict: 'refuted', because: 'each page is looked up.', figures }
      : { verdict: 'partly', because: 'neither one per segment nor one per page.', figures };
  },
});
