// CPU bandwidth limit of the cgroup (container limits, systemd CPUQuota): cpu.max in version 2, cfs_quota_us in version 1.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { cgroupFolders, cgroupNumber } from '../proc.ts';

const MS_PER_US = 1e-3;

export const check: Check = { title: 'CPU quota', look };

interface Quota {
  readonly cpus: number;
  readonly periodMs: number;
}

function look(host: Host): Finding {
  const folders = cgroupFolders(host, 'cpu');
  if (folders.length === 0) return unknown('no cgroup with a CPU controller is visible');
  const quotas = folders.flatMap((folder) => quotaOf(host, folder) ?? []);
  const tightest = quotas.sort((a, b) => a.cpus - b.cpus)[0];
  if (tightest === undefined) return ok('no limit');
  const found = `at most ${Number(tightest.cpus.toFixed(2))} CPUs' time, ${host.availableCpus} CPUs visible`;
  if (tightest.cpus >= host.availableCpus) return ok(found);
  return {
    severity: 'warning',
    found,
    effect: `once agents have spent it, the kernel stops all of them for the rest of each ${tightest.periodMs} ms`,
    change: 'lift it: no --cpus or cpu limit on the container (a CPU set instead), cpu.max = max, no CPUQuota',
  };
}

function quotaOf(host: Host, folder: string): Quota | undefined {
  const [, max, period] = /^(\d+) (\d+)/.exec(host.readText(`${folder}/cpu.max`) ?? '') ?? [];
  const quotaUs = max === undefined ? cgroupNumber(host, `${folder}/cpu.cfs_quota_us`) : Number(max);
  const periodUs = period === undefined ? cgroupNumber(host, `${folder}/cpu.cfs_period_us`) : Number(period);
  if (quotaUs === undefined || periodUs === undefined || periodUs === 0) return undefined;
  return { cpus: quotaUs / periodUs, periodMs: periodUs * MS_PER_US };
}
