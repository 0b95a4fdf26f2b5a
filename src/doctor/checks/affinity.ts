// CPUs this process is confined to (taskset, cpuset cgroups, container limits), and what that leaves of the machine.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { allowedCpus, cpuList } from '../proc.ts';

export const check: Check = { title: 'CPU affinity', look };

function look(host: Host): Finding {
  const allowed = allowedCpus(host);
  const online = cpuList(host.readText('/sys/devices/system/cpu/online'));
  if (allowed.length === 0 || online.length === 0) return unknown('which CPUs this process may use');
  const usable = allowed.filter((cpu) => online.includes(cpu)).length;
  if (usable >= online.length) return ok(`all ${online.length} CPUs`);
  return {
    severity: 'note',
    found: `${usable} of ${online.length} CPUs`,
    effect: 'others may still use the same ones; a mask of neighbouring numbers can be two threads of one core',
    change: 'taskset -c or --cpuset-cpus with one CPU number of each core, kept free of other work (isolcpus)',
  };
}
