// Clocks cut because the processor was too hot (x86 counts it per core).
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const CPUS = '/sys/devices/system/cpu';

export const check: Check = {
  title: 'heat',
  watch: (host) => {
    const before = throttleCount(host);
    return () => judge(before, throttleCount(host));
  },
};

function judge(before: number | undefined, after: number | undefined): Finding {
  if (before === undefined || after === undefined) return unknown('no core counts throttling by heat');
  if (after <= before) return ok('no core was slowed down');
  return {
    severity: 'warning',
    found: `cores were slowed down ${after - before} times because of heat`,
    effect: 'slices before and after ran on different clocks',
    change: 'better cooling, turbo off, or longer pauses; compare by ratios only',
  };
}

function throttleCount(host: Host): number | undefined {
  const counts = host
    .list(CPUS)
    .filter((name) => /^cpu\d+$/.test(name))
    .flatMap((core) => host.readText(`${CPUS}/${core}/thermal_throttle/core_throttle_count`) ?? [])
    .map(Number);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}
