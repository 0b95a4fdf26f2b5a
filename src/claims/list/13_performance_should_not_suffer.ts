// Claim: phys_addr_t + len should not cost performance.
import { claim, exact, type Finding } from '../claim.ts';
import { compared } from '../experiments/compared.ts';
import { costed, costOf } from '../experiments/costed.ts';

const IN_RAM = { scheme: ['page', 'phys'], buffers: 'user', bs: '4k', 'p2p-share': 0 } as const;

export const tested = claim({
  claim: 'Performance should not be affected by physical addresses, but it has to be verified carefully.',
  by: ['hellwig'],
  experiments: { time: compared(IN_RAM), cost: costed(IN_RAM) },
  rule: 'Confirmed if CPU time per I/O of host RAM with phys is equivalent to page or less, within 2 %; refuted if it is more; not measured here while the interval decides neither.',
  history:
    'Not merged in bio_vec. DMA mapping works on physical addresses since 6.17 and 6.18; no figures were published.',
  judge: ({ time, cost }): Finding => {
    const [phys] = time.filter(({ arm }) => arm === 'phys/user');
    const figures = [
      exact('instructions per 4 KiB of host RAM, page/user', costOf(cost, 'page/user').ops),
      exact('the same, phys/user', costOf(cost, 'phys/user').ops),
    ];
    if (
      phys === undefined ||
      phys.interval === null ||
      phys.withheld !== undefined ||
      phys.verdict === 'inconclusive'
    ) {
      const why = phys?.withheld ?? 'the interval holds both a difference and none';
      return {
        verdict: 'not measured here',
        because: `time alone can tell, and ${why}.`,
        figures,
        detectable: phys?.detectable ?? null,
      };
    }
    const { ratio, interval, verdict, detectable } = phys;
    return {
      verdict: verdict === 'slower' ? 'refuted' : 'confirmed',
      because: {
        faster: 'phys takes less time.',
        equivalent: 'both take the same time within 2 %.',
        slower: 'phys takes more time.',
      }[verdict],
      figures: [
        { what: 'CPU time per I/O, phys/user over page/user', value: ratio, unit: 'times', how: 'measured', interval },
        ...figures,
      ],
      detectable,
    };
  },
});
