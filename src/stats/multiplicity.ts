// Many comparisons, one reader: p-values adjusted so that a table of them can be read at one level.

/** Holm's step-down: adjusted p-values that hold the chance of any false alarm. For gates. */
export function holm(pValues: readonly number[]): number[] {
  const m = pValues.length;
  let highest = 0;
  return adjust(pValues, ascendingOrder(pValues), (p, rank) => {
    highest = Math.max(highest, Math.min(1, p * (m - rank)));
    return highest;
  });
}

/** Benjamini-Hochberg's step-up: adjusted p-values that hold the share of false alarms among all alarms. For sweeps. */
export function benjaminiHochberg(pValues: readonly number[]): number[] {
  const m = pValues.length;
  let lowest = 1;
  return adjust(pValues, ascendingOrder(pValues).reverse(), (p, step) => {
    lowest = Math.min(lowest, (p * m) / (m - step));
    return lowest;
  });
}

/** Visits the p-values in `order` and puts each adjusted value where its p-value was. */
function adjust(
  pValues: readonly number[],
  order: readonly number[],
  at: (p: number, step: number) => number,
): number[] {
  const adjusted = new Array<number>(pValues.length);
  order.forEach((index, step) => {
    adjusted[index] = at(pValues[index] as number, step);
  });
  return adjusted;
}

function ascendingOrder(pValues: readonly number[]): number[] {
  return pValues.map((_, index) => index).sort((i, j) => (pValues[i] as number) - (pValues[j] as number));
}
