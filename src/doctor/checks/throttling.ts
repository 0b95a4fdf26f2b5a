// Whether the cgroup's CPU limit stopped the process while it was watched (cpu.stat).
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { cgroupFolders } from '../proc.ts';

export const check: Check = {
  title: 'CPU throttling',
  watch: (host) => {
    const before = throttledPeriods(host);
    return () => judge(before, throttledPeriods(host));
  },
};

function judge(before: number | undefined, after: number | undefined): Finding {
  if (before === undefined || after === undefined) return unknown('no cgroup counts it');
  if (after <= before) return ok('never');
  return {
    severity: 'warning',
    found: `stopped in ${after - before} periods by its CPU limit`,
    effect: 'the slices in which it was stopped are longer by up to a period each',
    change: 'lift the limit (see CPU quota)',
  };
}

function throttledPeriods(host: Host): number | undefined {
  const counts = cgroupFolders(host, 'cpu').flatMap((folder) => {
    const match = /^nr_throttled (\d+)/m.exec(host.readText(`${folder}/cpu.stat`) ?? '');
    return match === null ? [] : [Number(match[1])];
  });
  return counts.length === 0 ? undefined : Math.max(...counts);
}
