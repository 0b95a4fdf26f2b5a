// Paired samples: two arms measured in the same round share its drift, and the ratio of the two does not see it.
import { assert } from '../base/errors.ts';

/**
 * ln(a_i / b_i) for the samples of two arms taken in the same rounds.
 * @param a positive and finite, any unit
 * @param b as many, in the same unit
 */
export function logRatios(a: readonly number[], b: readonly number[]): number[] {
  assert(a.length === b.length, `paired samples come in equal numbers (${a.length} and ${b.length})`);
  return a.map((value, i) => {
    const ratio = value / (b[i] as number);
    assert(ratio > 0 && Number.isFinite(ratio), `samples are positive and finite (pair ${i}: ${value}, ${b[i]})`);
    return Math.log(ratio);
  });
}
