// Claim: struct page is what makes O_DIRECT work.
import { claim, exact } from '../claim.ts';
import { armOf, isCarried } from '../experiments/counted.ts';
import { P2P_4K, PAGE_LESS } from '../experiments/usual.ts';

export const tested = claim({
  claim:
    'Struct page is what makes O_DIRECT, scatterlists and bio_vecs work; without it none of them can, short of major surgery.',
  by: ['quotedInVma'],
  experiments: { p2p: P2P_4K },
  rule: 'Confirmed if user buffers are refused by every scheme without pages and carried by page; refuted if one of them carries user buffers.',
  history:
    'Still so in 2026 for O_DIRECT. The surgery exists for memory that was registered: dma_map_phys (6.18), providers (6.19), dma-buf reads and writes (posted).',
  judge: ({ p2p }) => {
    const refused = PAGE_LESS.filter((scheme) => !isCarried(p2p, `${scheme}/user`));
    const isSo = refused.length === PAGE_LESS.length && isCarried(p2p, 'page/user');
    const errnos = [...new Set(refused.map((scheme) => armOf(p2p, `${scheme}/user`).refused?.errno))].join(', ');
    return {
      verdict: isSo ? 'confirmed' : 'refuted',
      because: isSo
        ? `all of them refuse user memory (${errnos}); registered buffers they carry.`
        : 'user memory goes without pages.',
      figures: [
        exact('schemes without pages that refuse O_DIRECT', refused.length, `of ${PAGE_LESS.length}`),
        exact(
          'those that carry long-lived buffers',
          PAGE_LESS.filter((scheme) => isCarried(p2p, `${scheme}/fixed`)).length,
          `of ${PAGE_LESS.length}`,
        ),
      ],
    };
  },
});
