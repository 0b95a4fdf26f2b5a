// In which order the arms of a round run: a random cyclic Latin square for every so many rounds, so that each arm takes each
// position once in them and a drift that is linear over them cancels exactly.
import { seededRandom, shuffled } from '../../base/random.ts';

/**
 * Positions 0 to arms - 1 as indices of arms.
 * @param round of the whole run, over all its processes
 * @param seed of the run and the series; each square draws its own permutation
 */
export function armOrder(arms: number, round: number, seed: number): number[] {
  const square = Math.floor(round / arms);
  const first = shuffled(
    Array.from({ length: arms }, (_, arm) => arm),
    seededRandom((seed + Math.imul(square + 1, 0x9e3779b1)) >>> 0),
  );
  return first.map((_, position) => first[(position + round) % arms] as number);
}
