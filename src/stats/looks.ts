// Looking several times at data that are still being collected, and paying for it: each look is taken at a level so low that
// all of them together raise a false alarm in 5 % (Pocock, Biometrika 1977; constants of Jennison and Turnbull, Group
// Sequential Methods, table 2.1). Held by simulation in looks.test.ts for the intervals this lab uses.

/** The most looks at one comparison. */
export const MOST_LOOKS = 3;

/** Two-sided level of each of 1, 2, 3 equally spaced looks: 2 (1 - Phi(1.960, 2.178, 2.289)). */
const POCOCK = [0.05, 0.0294, 0.0221] as const;

/** Level of each of so many looks, 1 to MOST_LOOKS. Fewer looks than planned only make it more careful. */
export function alphaOfLooks(looks: number): number {
  const alpha = POCOCK[looks - 1];
  if (alpha === undefined) throw new RangeError(`1 to ${MOST_LOOKS} looks, not ${looks}`);
  return alpha;
}

/**
 * Processes of each look so that all of them fill a budget: equally many, as the levels suppose.
 * @param firstMs what the first process took, which may do more than the others
 * @param laterMs what each of the others takes
 * @param least processes of a look
 */
export function processesPerLook(budgetMs: number, firstMs: number, laterMs: number, least: number): number {
  const fit = 1 + (budgetMs - firstMs) / laterMs;
  return Math.max(least, Math.floor(fit / MOST_LOOKS));
}
