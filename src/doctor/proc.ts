// Readers of the files under /proc and /sys that more than one check needs. Formats: man proc(5), the kernel's
// Documentation/filesystems/proc.rst, admin-guide/cgroup-v1 and cgroup-v2.rst, accounting/psi.rst.
import type { Host } from './host.ts';

/** Time of all CPUs since boot, in ticks. */
export interface CpuTicks {
  /** Everything, idle and steal too. */
  readonly total: number;
  /** Running something of this system: user, nice, system, interrupts. */
  readonly busy: number;
  /** Wanted to run, but the hypervisor ran something else. */
  readonly steal: number;
  readonly cpus: number;
}

export function cpuTicks(host: Pick<Host, 'readText'>): CpuTicks | undefined {
  const lines = host.readText('/proc/stat')?.split('\n') ?? [];
  const values = (lines[0] ?? '').trim().split(/\s+/).slice(1).map(Number);
  // Guest time, columns 9 and 10, is in user time already.
  const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = values;
  const busy = user + nice + system + irq + softirq;
  if (values.length < 4 || !Number.isFinite(busy)) return undefined;
  const cpus = lines.filter((line) => /^cpu\d/.test(line)).length;
  return { total: busy + idle + iowait + steal, busy, steal, cpus: Math.max(1, cpus) };
}

/** `0-3,8` as numbers; what is no such list gives none. */
export function cpuList(text: string | undefined): number[] {
  return (text ?? '')
    .trim()
    .split(',')
    .flatMap((range) => {
      const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
      if (from === undefined) return [];
      const count = Math.min(Number(to ?? from) - Number(from) + 1, 65_536);
      return Array.from({ length: Math.max(0, count) }, (_, i) => Number(from) + i);
    });
}

/** CPUs this process may run on, by number. */
export function allowedCpus(host: Host): number[] {
  return cpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(host.readText('/proc/self/status') ?? '')?.[1]);
}

/** A line `Name:  123 kB` of /proc/meminfo, in bytes. */
export function meminfoBytes(host: Host, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s*(\\d+) kB`, 'm').exec(host.readText('/proc/meminfo') ?? '');
  return match === null ? undefined : Number(match[1]) * 1024;
}

/** Whether a hypervisor is below, as the CPU says (x86) or firmware (others); undefined when nothing tells. */
export function isVirtual(host: Host): boolean | undefined {
  const cpuinfo = host.readText('/proc/cpuinfo');
  const flags = /^flags\s*:(.*)$/m.exec(cpuinfo ?? '')?.[1];
  if (flags !== undefined) return / hypervisor( |$)/.test(flags);
  if (host.readText('/sys/hypervisor/type') !== undefined) return true;
  return undefined;
}

/** Folders of this process' cgroup for a controller, from its own up to the topmost that can be seen; version 2 first. */
export function cgroupFolders(host: Host, controller: string): string[] {
  const groups = (host.readText('/proc/self/cgroup') ?? '').split('\n').flatMap((line) => {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    return controllers === undefined || path === undefined ? [] : [{ controllers: controllers.split(','), path }];
  });
  const mounts = (host.readText('/proc/self/mountinfo') ?? '').split('\n').flatMap((line) => {
    const [, root, at, type, options] = /^\d+ \d+ \S+ (\S+) (\S+) .* - (cgroup2?) \S+ (\S+)/.exec(line) ?? [];
    return root === undefined || at === undefined ? [] : [{ root, at, type, options: (options ?? '').split(',') }];
  });
  return groups.flatMap(({ controllers, path }) => {
    const unified = controllers.length === 1 && controllers[0] === '';
    if (!unified && !controllers.includes(controller)) return [];
    const mount = mounts.find(({ type, options }) =>
      unified ? type === 'cgroup2' : type === 'cgroup' && options.includes(controller),
    );
    return mount === undefined ? [] : foldersUp(mount.at, belowRoot(path, mount.root));
  });
}

/** A number in a cgroup's file; undefined for `max`, a negative one, or no file. */
export function cgroupNumber(host: Host, path: string): number | undefined {
  const text = host.readText(path)?.trim();
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** Inside a container the mount shows only the part below its root. */
function belowRoot(path: string, root: string): string {
  if (root === '/') return path;
  return path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : '';
}

function foldersUp(mount: string, path: string): string[] {
  const names = path.split('/').filter((name) => name !== '' && name !== '..');
  return Array.from({ length: names.length + 1 }, (_, up) => [mount, ...names.slice(0, names.length - up)].join('/'));
}
