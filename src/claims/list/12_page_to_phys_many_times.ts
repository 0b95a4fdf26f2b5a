// Claim: the physical address is made of the page several times for each I/O.
import { claim, exact } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';

const IN_RAM = { scheme: ['page', 'phys'], buffers: 'pool', bs: '128k', iodepth: 32, 'p2p-share': 0 } as const;

export const tested = claim({
  claim:
    'Merging decisions need the physical address, so it is made of the page several times; the device only needs the DMA address.',
  by: ['hellwig'],
  experiments: { cost: costed(IN_RAM, { functions: true }) },
  rule: 'Confirmed if page executes instructions of page_to_phys in each I/O of host RAM and phys none; else refuted.',
  history: 'In Linux page_to_phys is arithmetic on the address of the page (VMEMMAP): it loads nothing of the page.',
  missing: 'how often: the compiler joins evaluations that follow each other',
  judge: ({ cost }) => {
    const inIt = (arm: string): number => costOf(cost, arm).functions.pageToPhys ?? 0;
    const [page, phys] = [inIt('page/pool'), inIt('phys/pool')];
    const isSo = page > 0 && phys === 0;
    return {
      verdict: isSo ? 'confirmed' : 'refuted',
      because: isSo
        ? 'page makes the address of the page, phys has it.'
        : 'phys makes it of pages too, or page never does.',
      figures: [
        exact('instructions of page_to_phys per 128 KiB of host RAM, page/pool', page),
        exact('the same, phys/pool', phys),
        exact('instructions of the whole path, page/pool', costOf(cost, 'page/pool').ops),
      ],
    };
  },
});
