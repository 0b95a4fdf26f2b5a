// An upper limit on the frequency below what the core can do: power profiles, tlp, a policy of the hypervisor.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const CPUS = '/sys/devices/system/cpu';
const MHZ_PER_KHZ = 1e-3;

export const check: Check = { title: 'frequency limit', look };

function look(host: Host): Finding {
  const cores = host.list(CPUS).filter((name) => /^cpu\d+$/.test(name));
  const limits = cores.flatMap((core) => {
    const [limit, most] = ['scaling_max_freq', 'cpuinfo_max_freq'].map((file) =>
      Number(host.readText(`${CPUS}/${core}/cpufreq/${file}`) ?? Number.NaN),
    );
    return limit === undefined || most === undefined || !(limit > 0) || !(most > 0) ? [] : [{ limit, most }];
  });
  const [first] = limits;
  if (first === undefined) return unknown('frequency limits are not visible');
  const most = Math.max(...limits.map((core) => core.most));
  const least = Math.min(...limits.map((core) => core.limit));
  const mhz = (khz: number): string => `${Math.round(khz * MHZ_PER_KHZ)} MHz`;
  if (limits.every((core) => core.limit >= core.most) && limits.every((core) => core.most === first.most)) {
    return ok(`none below ${mhz(most)}`);
  }
  return {
    severity: 'note',
    found: `cores are limited to ${mhz(least)} to ${mhz(most)}`,
    effect: 'cores of unlike speed give unlike figures for one agent, and levels change with where it lands',
    change: 'cpupower frequency-set -u MAX, or taskset -c on cores of one kind',
  };
}
