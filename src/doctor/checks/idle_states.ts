// C-states: how deep a core may sleep when it has nothing to do, and how long it takes to wake.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const CPUS = '/sys/devices/system/cpu';
/** Waking from the first halt state takes about this long; deeper ones take ten times as much and more. */
const SLOW_WAKE_US = 10;

export const check: Check = { title: 'idle states', look };

function look(host: Host): Finding {
  const folder = `${CPUS}/cpu0/cpuidle`;
  const states = host.list(folder).flatMap((state) => {
    const name = host.readText(`${folder}/${state}/name`)?.trim();
    const wakeUs = Number(host.readText(`${folder}/${state}/latency`) ?? Number.NaN);
    const disabled = host.readText(`${folder}/${state}/disable`)?.trim() === '1';
    return name === undefined || !Number.isFinite(wakeUs) || disabled ? [] : [{ name, wakeUs }];
  });
  const deepest = states.sort((a, b) => b.wakeUs - a.wakeUs)[0];
  if (deepest === undefined) return unknown('idle states are not visible');
  const governor = host.readText(`${CPUS}/cpuidle/current_governor`)?.trim() ?? 'unknown';
  const found = `deepest is ${deepest.name}, ${deepest.wakeUs} µs to wake (governor ${governor})`;
  if (deepest.wakeUs <= SLOW_WAKE_US) return ok(found);
  return {
    severity: 'note',
    found,
    effect: 'agents that spin are not touched; with --wait irq the wake-up is part of every latency',
    change: `cpupower idle-set -D ${SLOW_WAKE_US}, for runs with --wait irq`,
  };
}
