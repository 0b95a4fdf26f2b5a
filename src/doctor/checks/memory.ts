// Memory that a run can have: what the system calls available, and what the cgroup's limit leaves.
import { formatBytes, GIB } from '../../base/units.ts';
import { type Check, type Finding, ok } from '../check.ts';
import type { Host } from '../host.ts';
import { cgroupFolders, cgroupNumber, meminfoBytes } from '../proc.ts';

/** The machine's memory is one WebAssembly memory: at most 4 GiB. */
const LARGEST_RUN_BYTES = 4 * GIB;
/** The default comparison goes up to a BAR of 64 GiB, 1 GiB of struct pages, and was seen to have 1.4 GiB resident. */
const USUAL_RUN_BYTES = 2 * GIB;

export const check: Check = { title: 'memory', look };

function look(host: Host): Finding {
  const available = Math.min(meminfoBytes(host, 'MemAvailable') ?? host.freeMemoryBytes, ...cgroupRoom(host));
  const found = `${formatBytes(available)} available of ${formatBytes(host.memoryBytes)}`;
  if (available >= LARGEST_RUN_BYTES) return ok(found);
  const isShort = available < USUAL_RUN_BYTES;
  return {
    severity: isShort ? 'warning' : 'note',
    found,
    effect: isShort
      ? 'the kernel reclaims pages in the timed region, or ends the run'
      : 'a run with several queue pairs or large windows beside its struct pages may not fit',
    change: 'free memory, raise the container limit, or take a smaller --bar',
  };
}

/** What each limit above this process leaves. */
function cgroupRoom(host: Host): number[] {
  return cgroupFolders(host, 'memory').flatMap((folder) => {
    const [limit, used] = [
      ['memory.max', 'memory.current'],
      ['memory.limit_in_bytes', 'memory.usage_in_bytes'],
    ]
      .map((files) => files.map((file) => cgroupNumber(host, `${folder}/${file}`)))
      .find(([max]) => max !== undefined) ?? [undefined, undefined];
    return limit === undefined ? [] : [Math.max(0, limit - (used ?? 0))];
  });
}
