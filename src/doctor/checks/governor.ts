// The frequency governor (Documentation/admin-guide/pm/cpufreq.rst): who decides how fast a core runs, and when.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const CPUS = '/sys/devices/system/cpu';

export const check: Check = { title: 'frequency governor', look };

function look(host: Host): Finding {
  const cores = host.list(CPUS).filter((name) => /^cpu\d+$/.test(name));
  const read = (file: string): string[] => [
    ...new Set(cores.flatMap((core) => host.readText(`${CPUS}/${core}/cpufreq/${file}`)?.trim() ?? [])),
  ];
  const governors = read('scaling_governor');
  if (governors.length === 0) return unknown('frequency scaling is not visible (hypervisor or firmware decides)');
  const driver = read('scaling_driver').join(', ') || 'unknown driver';
  const preference = read('energy_performance_preference').filter((word) => word !== 'performance');
  const found = `${governors.map((name) => `'${name}'`).join(', ')} (${driver}${preference.length === 0 ? '' : `, preference ${preference.join(', ')}`})`;
  if (governors.every((name) => name === 'performance')) return ok(found);
  return {
    severity: 'warning',
    found: `CPU frequency governor is ${found}`,
    effect: 'clocks change during the run, and the first slices run on slower ones',
    change: 'cpupower frequency-set -g performance',
  };
}
