import { describe, expect, test } from 'vitest';
import { madeUpHost } from './host_fixture.ts';
import { allowedCpus, cgroupFolders, cpuList, cpuTicks, isVirtual, meminfoBytes } from './proc.ts';

describe('lists of CPUs', () => {
  test.each([
    ['0-3,8\n', [0, 1, 2, 3, 8]],
    ['5', [5]],
    ['', []],
    ['3-1', []],
    ['a-b', []],
  ])('%j is %j', (text, cpus) => expect(cpuList(text)).toEqual(cpus));

  test('that claim billions of CPUs take no billions of numbers', () => {
    expect(cpuList('0-4294967295').length).toBeLessThanOrEqual(65_536);
  });

  test("this process' come from its status", () => {
    const host = madeUpHost({ files: { '/proc/self/status': 'Name:\tnode\nCpus_allowed_list:\t2-3\n' } });
    expect(allowedCpus(host)).toEqual([2, 3]);
  });
});

describe('CPU time', () => {
  test('guest time counts once: it is in user time already', () => {
    const stat = 'cpu  100 10 20 500 5 1 2 30 40 0\ncpu0 1\ncpu1 1\nintr 5\n';
    expect(cpuTicks(madeUpHost({ files: { '/proc/stat': stat } }))).toEqual({
      ...{ total: 668, busy: 133, steal: 30, cpus: 2 },
    });
  });

  test('is undefined where there is no /proc/stat, or another one', () => {
    expect(cpuTicks(madeUpHost())).toBeUndefined();
    expect(cpuTicks(madeUpHost({ files: { '/proc/stat': 'cpu  a b c d\n' } }))).toBeUndefined();
  });
});

describe('cgroups', () => {
  const mounts = {
    v2: '30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate',
    v1: '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct',
    inContainer: '32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu',
  };
  const folders = (cgroup: string, mountinfo: string, controller = 'cpu') =>
    cgroupFolders(
      madeUpHost({ files: { '/proc/self/cgroup': cgroup, '/proc/self/mountinfo': mountinfo } }),
      controller,
    );

  test('of version 2 are one tree, from the own folder up', () => {
    expect(folders('0::/user.slice/run.scope\n', mounts.v2)).toEqual([
      '/sys/fs/cgroup/user.slice/run.scope',
      '/sys/fs/cgroup/user.slice',
      '/sys/fs/cgroup',
    ]);
  });

  test('of version 1 are found by controller, also where two share a mount', () => {
    expect(folders('4:memory:/m\n3:cpu,cpuacct:/job\n', mounts.v1)).toEqual([
      '/sys/fs/cgroup/cpu,cpuacct/job',
      '/sys/fs/cgroup/cpu,cpuacct',
    ]);
    expect(folders('4:memory:/m\n', mounts.v1)).toEqual([]);
  });

  test("in a container begin at the mount's root", () => {
    expect(folders('3:cpu:/docker/abc/job\n', mounts.inContainer)).toEqual([
      '/sys/fs/cgroup/cpu/job',
      '/sys/fs/cgroup/cpu',
    ]);
    expect(folders('3:cpu:/elsewhere\n', mounts.inContainer)).toEqual(['/sys/fs/cgroup/cpu']);
  });
});

test('memory is in bytes, and undefined where the line is missing', () => {
  const host = madeUpHost({ files: { '/proc/meminfo': 'MemTotal:  10 kB\nMemAvailable:      5 kB\n' } });
  expect(meminfoBytes(host, 'MemAvailable')).toBe(5120);
  expect(meminfoBytes(host, 'SwapTotal')).toBeUndefined();
});

test('a hypervisor shows in the CPU flags', () => {
  const withFlags = (flags: string) => isVirtual(madeUpHost({ files: { '/proc/cpuinfo': `flags\t\t: ${flags}\n` } }));
  expect(withFlags('fpu tsc hypervisor')).toBe(true);
  expect(withFlags('fpu tsc')).toBe(false);
  expect(isVirtual(madeUpHost())).toBeUndefined();
});
