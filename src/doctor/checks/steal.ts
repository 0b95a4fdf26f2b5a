// Steal: time in which a CPU of this guest wanted to run and the hypervisor ran something else (/proc/stat).
import { type Check, type Finding, ok, unknown } from '../check.ts';
import { type CpuTicks, cpuTicks } from '../proc.ts';

/** Share of the CPUs' time above which slices are disturbed. */
const MUCH = 0.02;

export const check: Check = {
  title: 'steal',
  watch: (host) => {
    const before = cpuTicks(host);
    return () => stealBetween(before, cpuTicks(host));
  },
};

/** What the hypervisor took between two readings. */
function stealBetween(before: CpuTicks | undefined, after: CpuTicks | undefined): Finding {
  if (before === undefined || after === undefined || after.total <= before.total) {
    return unknown('this system does not count it');
  }
  const share = (after.steal - before.steal) / (after.total - before.total);
  const wanted = after.busy + after.steal;
  const sinceBoot = wanted === 0 ? 0 : after.steal / wanted;
  const found = `${percent(share)} of the CPUs' time, ${percent(sinceBoot)} of all work since boot`;
  const changes = {
    effect: 'agents stand still without knowing: intervals are wider than the code causes',
    change: 'a dedicated or bare-metal machine, or a quieter hour',
  };
  if (share > MUCH) return { severity: 'warning', found: `the hypervisor took ${found} (steal)`, ...changes };
  if (sinceBoot > MUCH) return { severity: 'note', found, ...changes };
  return ok(found);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
