// Whether another hardware thread of the same physical core works: it takes issue slots and cache from this one, and goes unseen in
// steal and load, in a virtual machine altogether. Two loops without memory tell: one whose steps wait for each other has the
// core's speed, one that begins as many instructions at a time as the core can has its share of the core besides.
import { type Check, type Finding, ok } from '../check.ts';

/** Slowest tenth over fastest tenth: a core of one's own stays below. */
const SHARED = 1.25;

export const check: Check = {
  title: 'core sharing',
  watch: (host) => {
    const before = [host.spinNs(), host.wideSpinNs()] as const;
    return () => {
      const after = [host.spinNs(), host.wideSpinNs()] as const;
      return judge([...before[0], ...after[0]], [...before[1], ...after[1]]);
    };
  },
};

function judge(dependent: readonly number[], wide: readonly number[]): Finding {
  const [own, shared] = [spread(dependent), spread(wide)];
  const found = `a loop that fills the core took up to ${shared.toFixed(2)} times its least time, one that waits for itself ${own.toFixed(2)} times`;
  // What slows both down is not the neighbour's doing: clock, steal, other processes.
  if (shared <= SHARED || shared / own <= SHARED) return ok(found);
  return {
    severity: 'warning',
    found: `another hardware thread of the core comes and goes: ${found}`,
    effect: 'levels move by as much within tens of milliseconds; ratios of short rounds hold',
    change: 'a dedicated machine, SMT off, or nothing on the sibling (lscpu -e)',
  };
}

function spread(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
  return at(0.9) / at(0.1);
}
