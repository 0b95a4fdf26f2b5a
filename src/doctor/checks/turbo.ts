// Turbo or boost: clocks above the nominal one, for as long as heat and neighbours allow.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const INTEL = '/sys/devices/system/cpu/intel_pstate/no_turbo';
const BOOST = '/sys/devices/system/cpu/cpufreq/boost';

export const check: Check = { title: 'turbo', look };

function look(host: Host): Finding {
  const noTurbo = host.readText(INTEL)?.trim();
  const boost = host.readText(BOOST)?.trim();
  if (noTurbo === undefined && boost === undefined) return unknown('turbo is not visible');
  if (noTurbo === '1' || (noTurbo === undefined && boost === '0')) return ok('off');
  return {
    severity: 'note',
    found: 'on',
    effect: 'clocks fall as the package warms and as more cores work: absolute times drift, paired ratios do not',
    change: noTurbo === undefined ? `echo 0 > ${BOOST}` : `echo 1 > ${INTEL}`,
  };
}
