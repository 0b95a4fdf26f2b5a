// Claim: pfns instead of pages do not work for file-system data.
import { claim } from '../claim.ts';

export const tested = claim({
  claim: "File systems' data cannot work without pages, which is what the pfn approach was hated for.",
  by: ['hellwig', 'williams'],
  experiments: {},
  rule: 'None: the lab has no page cache.',
  history: 'bio_vec has a page in 7.2; pfn_t is gone since 6.17.',
  judge: () => ({
    verdict: 'cannot be told here',
    because: 'the lab has block I/O, no page cache and no file system.',
    figures: [],
  }),
});
