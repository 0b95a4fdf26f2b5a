// The speed of pure arithmetic, before and after: equal pieces of work that touch no memory should take equal time.
// Shows what frequency, neighbours on the core and the hypervisor do where their settings cannot be read.
import { type Check, type Finding, ok } from '../check.ts';

/** Change of the faster quarter, and distance of the slowest tenth from the median, that a quiet machine stays below. */
const DRIFT = 0.03;
const SPREAD = 0.1;

export const check: Check = {
  title: 'CPU speed',
  watch: (host) => {
    const before = host.spinNs();
    return () => judge(before, host.spinNs());
  },
};

function judge(before: readonly number[], after: readonly number[]): Finding {
  // The faster quarter: what the core can do when nobody interrupts it.
  const drift = quantile(after, 0.25) / quantile(before, 0.25) - 1;
  const all = [...before, ...after];
  const spread = quantile(all, 0.9) / quantile(all, 0.5) - 1;
  const found = `arithmetic took ${percent(Math.abs(drift))} ${drift < 0 ? 'less' : 'more'} time at the end, its slowest tenth ${percent(spread)} more than the median`;
  if (Math.abs(drift) <= DRIFT && spread <= SPREAD) return ok(found);
  return {
    severity: 'note',
    found,
    effect: 'clocks or neighbours change while code is the same: absolute times spread as much, paired ratios less',
    change: 'governor performance, turbo off, a dedicated machine; more rounds narrow the interval',
  };
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
