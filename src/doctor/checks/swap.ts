// Swap: pages that were moved out before the run, and moves while it ran (/proc/vmstat).
import { formatBytes } from '../../base/units.ts';
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { meminfoBytes } from '../proc.ts';

export const check: Check = {
  title: 'swap',
  look,
  watch: (host) => {
    const before = pagesMoved(host);
    return () => judge(before, pagesMoved(host));
  },
};

function look(host: Host): Finding {
  const [total, free] = [meminfoBytes(host, 'SwapTotal'), meminfoBytes(host, 'SwapFree')];
  if (total === undefined || free === undefined) return unknown('this system does not tell');
  if (total === free) return ok(total === 0 ? 'none' : `none of ${formatBytes(total)} used`);
  return {
    severity: 'note',
    found: `${formatBytes(total - free)} in use`,
    effect: 'memory was short before; if it is again, pages of the run go out and come back in the timed region',
    change: 'free memory; swapoff -a for the time of the run',
  };
}

function judge(before: number | undefined, after: number | undefined): Finding {
  if (before === undefined || after === undefined) return unknown('this system does not count moved pages');
  if (after <= before) return ok('no page went out or came back');
  return {
    severity: 'warning',
    found: `${after - before} pages went to swap or came back`,
    effect: 'a page that comes back from disk costs as much as thousands of I/Os: slices with one are outliers',
    change: 'free memory, or swapoff -a for the time of the run',
  };
}

function pagesMoved(host: Host): number | undefined {
  const counts = [...(host.readText('/proc/vmstat') ?? '').matchAll(/^pswp(?:in|out) (\d+)$/gm)];
  return counts.length === 0 ? undefined : counts.reduce((sum, match) => sum + Number(match[1]), 0);
}
