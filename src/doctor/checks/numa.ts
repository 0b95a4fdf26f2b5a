// NUMA nodes: memory lies where it was first touched, and another node's costs more to reach.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { allowedCpus, cpuList } from '../proc.ts';

const FOLDER = '/sys/devices/system/node';

export const check: Check = { title: 'NUMA', look };

function look(host: Host): Finding {
  const nodes = host.list(FOLDER).filter((name) => /^node\d+$/.test(name));
  if (nodes.length === 0) return unknown('NUMA nodes are not visible');
  const allowed = new Set(allowedCpus(host));
  const used = nodes.filter((node) =>
    cpuList(host.readText(`${FOLDER}/${node}/cpulist`)).some((cpu) => allowed.size === 0 || allowed.has(cpu)),
  );
  if (used.length <= 1) return ok(nodes.length === 1 ? 'one node' : `CPUs of one node of ${nodes.length}`);
  return {
    severity: 'note',
    found: `CPUs of ${used.length} nodes`,
    effect: 'an agent on another node than its memory pays for the distance, and levels change with where it lands',
    change: 'numactl --cpunodebind=0 --membind=0',
  };
}
