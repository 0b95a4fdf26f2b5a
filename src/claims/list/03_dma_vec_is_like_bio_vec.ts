// Claim: {dma_addr_t, len} is like a bio_vec.
import { BioVec, PackedPhysVec, PhysVec } from '../../../build/layout.ts';
import { claim, exact, sized } from '../claim.ts';
import { countOf } from '../experiments/counted.ts';
import { P2P_128K } from '../experiments/usual.ts';

/** struct dma_vec of RFC 02/28: dma_addr_t and an unsigned int, padded to the alignment of the first. */
const DMA_VEC_BYTES = 16;

export const tested = claim({
  claim: 'A vector of DMA address and length is like a bio_vec in size and in use.',
  by: ['rfc'],
  experiments: { p2p: P2P_128K },
  rule: 'Confirmed if it has the size of a bio_vec and makes as many requests and segments; else refuted.',
  history: 'Later forms are of the same size: struct phys_vec (6.17) has 16 bytes; packed it would have 12.',
  judge: ({ p2p }) => {
    const same = (counter: string): boolean =>
      countOf(p2p, 'dma_vec/fixed', counter) === countOf(p2p, 'page/fixed', counter);
    const isLike = DMA_VEC_BYTES === BioVec.bytes && same('requests') && same('segments');
    return {
      verdict: isLike ? 'confirmed' : 'refuted',
      because: isLike ? 'size, requests and segments are equal.' : 'size, requests or segments differ.',
      figures: [
        sized('struct bio_vec', BioVec.bytes, `B; struct dma_vec ${DMA_VEC_BYTES} B`),
        sized('struct phys_vec', PhysVec.bytes, `B, ${PackedPhysVec.bytes} packed`),
        exact('segments per 128 KiB, dma_vec/fixed', countOf(p2p, 'dma_vec/fixed', 'segments')),
      ],
    };
  },
});
