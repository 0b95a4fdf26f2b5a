// Load: runnable threads, mean of the last minute.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

/** Load for each core that leaves too little for agents that never sleep. */
const BUSY = 0.5;

export const check: Check = { title: 'load', look };

function look({ load, availableCpus }: Host): Finding {
  if (load === undefined) return unknown('this system does not count it');
  const found = `load ${load.toFixed(1)} on ${availableCpus} ${availableCpus === 1 ? 'core' : 'cores'} in the last minute`;
  if (load <= BUSY * availableCpus) return ok(found);
  return {
    severity: 'warning',
    found: `other programs were running: ${found}`,
    effect: 'they take cores from the agents and lines from the caches',
    change: 'stop them, wait a minute, and run again',
  };
}
