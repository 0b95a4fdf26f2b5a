// Cores against agents: a queue pair is one host agent and one controller, each on a thread that never sleeps.
import { type Check, type Finding, ok } from '../check.ts';
import type { Host } from '../host.ts';

const AGENTS_PER_QUEUE_PAIR = 2;

export const check: Check = { title: 'cores', look };

function look({ availableCpus, queuePairs }: Host): Finding {
  const agents = queuePairs * AGENTS_PER_QUEUE_PAIR;
  const found = `${availableCpus} ${availableCpus === 1 ? 'core' : 'cores'} for ${agents} agents`;
  if (availableCpus < AGENTS_PER_QUEUE_PAIR) {
    return {
      severity: 'warning',
      found,
      effect: 'host and controller take turns on one core, and iops is that of a turn-taking pair',
      change: 'use a machine with two cores or more, or read cpuNsPerIo only',
    };
  }
  if (availableCpus < agents) {
    return {
      severity: 'warning',
      found,
      effect: 'threads wait for a core, and iops and latency measure the scheduler (oversubscribed)',
      change: `at most ${Math.floor(availableCpus / AGENTS_PER_QUEUE_PAIR)} for --queues, or more cores`,
    };
  }
  if (availableCpus > agents) return ok(found);
  return {
    severity: 'note',
    found: `${found}, and none to spare`,
    effect: 'whatever else runs, interrupts too, takes its time from an agent: more spread between rounds',
    change: 'one more core than agents keeps the rest of the system off them',
  };
}
