// Simultaneous multithreading: two agents on two threads of one core share its caches and execution units.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { allowedCpus, cpuList, isVirtual } from '../proc.ts';

const CPUS = '/sys/devices/system/cpu';
const CHANGE = 'echo off > /sys/devices/system/cpu/smt/control, or taskset -c with one CPU of each core';

export const check: Check = { title: 'SMT', look };

function look(host: Host): Finding {
  const cpus = allowedCpus(host);
  const cores = new Set(cpus.map((cpu) => siblingsOf(host, cpu).join()));
  if (cpus.length === 0 || cores.has('')) return unknown('which CPUs are threads of one core');
  const agents = host.queuePairs * 2;
  if (cores.size < cpus.length) {
    return {
      severity: cores.size < agents ? 'warning' : 'note',
      found: `on: ${cpus.length} CPUs are threads of ${cores.size} ${cores.size === 1 ? 'core' : 'cores'}`,
      effect: 'agents that land on one core slow each other down, so levels change from process to process',
      change: CHANGE,
    };
  }
  const found = `one thread on each of ${cores.size} cores`;
  if (isVirtual(host) !== true) return ok(found);
  return {
    severity: 'note',
    found: `${found}, as the hypervisor tells it`,
    effect: 'it may place two of these CPUs on one core of the machine below, and move them',
    change: 'nothing in the guest changes it; a dedicated or bare-metal machine does',
  };
}

function siblingsOf(host: Host, cpu: number): number[] {
  return cpuList(host.readText(`${CPUS}/cpu${cpu}/topology/thread_siblings_list`));
}
