// Claim: looking a provider up is cheap.
import { claim, exact } from '../claim.ts';
import { costed, costOf } from '../experiments/costed.ts';

/** A lookup that costs more than a bio's flag is worth talking about from here on. */
const SMALL = 0.05;

export const tested = claim({
  claim: 'A lookup of the provider by address (interval tree, hash) is cheap while there are few; a flag is cheaper.',
  by: ['thread'],
  experiments: { cost: costed({ scheme: ['phys', 'phys@hash', 'phys@tree'], buffers: 'fixed', bs: '4k' }) },
  rule: 'With one provider, by instructions per I/O over those with a flag: confirmed if at most 5 % more; refuted if more; the flag must be the cheapest.',
  history: 'Never measured in the thread. ublk looks ranges up in a maple tree for each I/O since 7.1.',
  missing: 'an axis of 1 to 64 providers; xarray and maple tree as lookups',
  judge: ({ cost }) => {
    const flag = costOf(cost, 'phys/fixed');
    const more = (arm: string): number => costOf(cost, arm).ops - flag.ops;
    const most = Math.max(more('phys@hash/fixed'), more('phys@tree/fixed'));
    const figures = [
      exact('instructions per I/O, phys/fixed with a flag', flag.ops),
      exact('the same by hash', costOf(cost, 'phys@hash/fixed').ops),
      exact('the same by interval tree', costOf(cost, 'phys@tree/fixed').ops),
    ];
    return most <= SMALL * flag.ops
      ? { verdict: 'confirmed', because: 'a lookup adds little with one provider.', figures }
      : {
          verdict: 'refuted',
          because: `a lookup adds up to ${((100 * most) / flag.ops).toFixed(1)} % of the path's instructions with one provider.`,
          figures,
        };
  },
});
