// The machine's assertion: a trap in the counting build, nothing in the timed build. A trap needs no message in memory;
// the stack of the wasm module names the function.

/** Ends the agent when `condition` does not hold (counting build only). */
@inline
export function must(condition: bool): void {
  if (COUNTING) {
    if (!condition) unreachable();
  }
}
