// The clock: what the kernel takes time from, and what one call costs, which every latency sample contains.
import { formatNs } from '../../base/units.ts';
import { type Check, type Finding, ok } from '../check.ts';
import type { Host } from '../host.ts';

const SOURCE = '/sys/devices/system/clocksource/clocksource0';
/** A call that reads the time stamp counter in user space takes 20 to 90 ns through Node; one that enters the kernel, more. */
const SLOW_NS = 200;

export const check: Check = { title: 'clock', look };

function look(host: Host): Finding {
  const source = host.readText(`${SOURCE}/current_clocksource`)?.trim();
  const costNs = host.clockCallNs();
  const found = `${source ?? 'clock source not visible'}, ${formatNs(costNs)} a call`;
  if (costNs <= SLOW_NS) return ok(found);
  const sources = host.readText(`${SOURCE}/available_clocksource`)?.trim().split(/\s+/) ?? [];
  return {
    severity: 'warning',
    found: `reading the clock is slow: ${found}`,
    effect: 'it is part of every latency sample and of short timings',
    change: sources.includes('tsc')
      ? `echo tsc > ${SOURCE}/current_clocksource`
      : 'a machine whose time stamp counter is stable (clocksource tsc)',
  };
}
