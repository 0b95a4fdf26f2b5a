// CPU pressure (PSI): share of time in which some thread had to wait for a CPU (Documentation/accounting/psi.rst).
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';

const NS_PER_US = 1e3;
/** Control threads wake now and then, and wait a little: below this it says nothing. */
const SOME = 0.05;
const MUCH = 0.2;

export const check: Check = {
  title: 'CPU pressure',
  watch: (host) => {
    const before = { waitedUs: waitedUs(host), at: host.nowNs() };
    return () => {
      const after = waitedUs(host);
      if (before.waitedUs === undefined || after === undefined) return unknown('this kernel does not count it');
      return judge(((after - before.waitedUs) * NS_PER_US) / Math.max(1, host.nowNs() - before.at));
    };
  },
};

function judge(share: number): Finding {
  const found = `a thread waited for a CPU ${(share * 100).toFixed(1)} % of the time`;
  if (share <= SOME) return ok(found);
  return {
    severity: share > MUCH ? 'warning' : 'note',
    found,
    effect: 'more threads want to run than there are CPUs; if it was an agent that waited, its slices are longer',
    change: 'stop other programs (see other processes), or fewer queue pairs',
  };
}

function waitedUs(host: Host): number | undefined {
  const match = /^some .*total=(\d+)/m.exec(host.readText('/proc/pressure/cpu') ?? '');
  return match === null ? undefined : Number(match[1]);
}
