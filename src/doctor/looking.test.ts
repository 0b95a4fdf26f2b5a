import { describe, expect, test } from 'vitest';
import type { Check } from './check.ts';
import { check as affinity } from './checks/affinity.ts';
import { check as clock } from './checks/clock.ts';
import { check as cores } from './checks/cores.ts';
import { check as cpuQuota } from './checks/cpu_quota.ts';
import { check as frequencyLimit } from './checks/frequency_limit.ts';
import { check as governor } from './checks/governor.ts';
import { check as hugePages } from './checks/huge_pages.ts';
import { check as idleStates } from './checks/idle_states.ts';
import { check as inspector } from './checks/inspector.ts';
import { check as load } from './checks/load.ts';
import { check as memory } from './checks/memory.ts';
import { check as nodeBuild } from './checks/node_build.ts';
import { check as nodeFlags } from './checks/node_flags.ts';
import { check as numa } from './checks/numa.ts';
import { check as smt } from './checks/smt.ts';
import { check as swap } from './checks/swap.ts';
import { check as turbo } from './checks/turbo.ts';
import { check as virtualisation } from './checks/virtualisation.ts';
import { type MadeUp, madeUpHost } from './host_fixture.ts';

const GIB = 2 ** 30;
const CPU = '/sys/devices/system/cpu';
const CGROUP = {
  '/proc/self/cgroup': '0::/job\n',
  '/proc/self/mountinfo': '30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
};
const GUEST = { '/proc/cpuinfo': 'flags\t: fpu hypervisor\n' };
const BARE = { '/proc/cpuinfo': 'flags\t: fpu\n' };

function look(check: Check, machine: MadeUp = {}): string {
  const finding = check.look?.(madeUpHost(machine));
  if (finding === undefined) throw new Error(`${check.title} does not look`);
  return `${finding.severity}: ${finding.found}`;
}

/** CPUs 0 to 3 allowed, with these siblings. */
function threads(...siblings: readonly string[]): Record<string, string> {
  const lists = siblings.map((list, cpu) => [`${CPU}/cpu${cpu}/topology/thread_siblings_list`, `${list}\n`]);
  return { '/proc/self/status': `Cpus_allowed_list:\t0-${siblings.length - 1}\n`, ...Object.fromEntries(lists) };
}

describe('cores', () => {
  test.each([
    [1, 1, 'warning: 1 core for 2 agents'],
    [2, 1, 'note: 2 cores for 2 agents, and none to spare'],
    [4, 1, 'ok: 4 cores for 2 agents'],
    [4, 4, 'warning: 4 cores for 8 agents'],
  ])('%i cores and %i queue pairs', (availableCpus, queuePairs, expected) => {
    expect(look(cores, { availableCpus, queuePairs })).toBe(expected);
  });

  test('a mask that leaves some CPUs out is noted', () => {
    const online = { [`${CPU}/online`]: '0-7\n' };
    expect(look(affinity, { files: { ...online, '/proc/self/status': 'Cpus_allowed_list:\t0-1\n' } })).toBe(
      'note: 2 of 8 CPUs',
    );
    expect(look(affinity, { files: { ...online, '/proc/self/status': 'Cpus_allowed_list:\t0-63\n' } })).toBe(
      'ok: all 8 CPUs',
    );
  });

  test('two threads of one core are a warning when agents need both', () => {
    const files = { ...BARE, ...threads('0-1', '0-1') };
    expect(look(smt, { files })).toBe('warning: on: 2 CPUs are threads of 1 core');
  });

  test('threads of one core are a note when there are cores enough, and none is fine', () => {
    expect(look(smt, { files: { ...BARE, ...threads('0,2', '1,3', '0,2', '1,3') } })).toContain('note: on: 4 CPUs');
    expect(look(smt, { files: { ...BARE, ...threads('0', '1') } })).toBe('ok: one thread on each of 2 cores');
  });

  test('what a guest is told of its cores is not believed', () => {
    expect(look(smt, { files: { ...GUEST, ...threads('0', '1') } })).toContain(
      'note: one thread on each of 2 cores, as',
    );
  });
});

describe('CPU limits', () => {
  test('the tightest of the own cgroup and those above counts', () => {
    const files = {
      ...CGROUP,
      '/sys/fs/cgroup/job/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/cpu.max': '150000 100000\n',
    };
    expect(look(cpuQuota, { files })).toBe("warning: at most 1.5 CPUs' time, 8 CPUs visible");
  });

  test('version 1 has its own files, and -1 for no limit', () => {
    const files = {
      '/proc/self/cgroup': '2:cpu:/\n',
      '/proc/self/mountinfo': '30 24 0:26 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
    };
    const quota = '/sys/fs/cgroup/cpu/cpu.cfs_quota_us';
    expect(look(cpuQuota, { files: { ...files, [quota]: '200000\n' } })).toContain('warning: at most 2 CPUs');
    expect(look(cpuQuota, { files: { ...files, [quota]: '-1\n' } })).toBe('ok: no limit');
  });

  test('a limit above what there is does not matter', () => {
    const files = { ...CGROUP, '/sys/fs/cgroup/job/cpu.max': '1600000 100000\n' };
    expect(look(cpuQuota, { files })).toContain('ok: at most 16 CPUs');
  });
});

describe('frequency', () => {
  const core = (file: string, text: string) => ({ [`${CPU}/cpu0/cpufreq/${file}`]: `${text}\n` });

  test('a governor other than performance is a warning', () => {
    const files = { ...core('scaling_governor', 'powersave'), ...core('scaling_driver', 'intel_pstate') };
    expect(look(governor, { files })).toBe("warning: CPU frequency governor is 'powersave' (intel_pstate)");
    expect(look(governor, { files: core('scaling_governor', 'performance') })).toContain("ok: 'performance'");
  });

  test('governors that differ from core to core are all named', () => {
    const files = {
      ...core('scaling_governor', 'performance'),
      [`${CPU}/cpu1/cpufreq/scaling_governor`]: 'schedutil\n',
    };
    expect(look(governor, { files })).toContain("'performance', 'schedutil'");
  });

  test('a limit below what the core can do is noted, and so are unlike cores', () => {
    const full = { ...core('scaling_max_freq', '3000000'), ...core('cpuinfo_max_freq', '3000000') };
    expect(look(frequencyLimit, { files: full })).toBe('ok: none below 3000 MHz');
    expect(look(frequencyLimit, { files: { ...full, ...core('scaling_max_freq', '2000000') } })).toContain('note: ');
    const small = {
      [`${CPU}/cpu1/cpufreq/scaling_max_freq`]: '1800000',
      [`${CPU}/cpu1/cpufreq/cpuinfo_max_freq`]: '1800000',
    };
    expect(look(frequencyLimit, { files: { ...full, ...small } })).toBe(
      'note: cores are limited to 1800 MHz to 3000 MHz',
    );
  });

  test.each([
    ['intel_pstate/no_turbo', '0', 'note: on'],
    ['intel_pstate/no_turbo', '1', 'ok: off'],
    ['cpufreq/boost', '1', 'note: on'],
    ['cpufreq/boost', '0', 'ok: off'],
  ])('turbo by %s %s', (file, text, expected) => {
    expect(look(turbo, { files: { [`${CPU}/${file}`]: text } })).toBe(expected);
  });

  test('a deep idle state is noted unless it is disabled', () => {
    const state = (disable: string) => ({
      [`${CPU}/cpu0/cpuidle/state3/name`]: 'C6\n',
      [`${CPU}/cpu0/cpuidle/state3/latency`]: '133\n',
      [`${CPU}/cpu0/cpuidle/state3/disable`]: disable,
    });
    expect(look(idleStates, { files: state('0\n') })).toContain('note: deepest is C6, 133 µs');
    expect(look(idleStates, { files: state('1\n') })).toContain('unknown: ');
  });
});

describe('memory', () => {
  const meminfo = (available: number) => ({ '/proc/meminfo': `MemAvailable: ${(available * GIB) / 1024} kB\n` });

  test.each([
    [16, 'ok: 16 GiB'],
    [3, 'note: 3 GiB'],
    [1, 'warning: 1 GiB'],
  ])('%d GiB available', (available, expected) => {
    expect(look(memory, { files: meminfo(available) })).toContain(expected);
  });

  test("what the container's limit leaves counts, not what the machine has", () => {
    const limits = {
      '/sys/fs/cgroup/job/memory.max': `${2 * GIB}\n`,
      '/sys/fs/cgroup/job/memory.current': `${1.5 * GIB}\n`,
    };
    expect(look(memory, { files: { ...meminfo(50), ...CGROUP, ...limits } })).toContain('warning: 512 MiB');
  });

  test('huge pages other than always are a warning, by their own size where the kernel has that', () => {
    const folder = '/sys/kernel/mm/transparent_hugepage';
    const mode = (text: string, size?: string) => ({
      [`${folder}/enabled`]: text,
      ...(size === undefined ? {} : { [`${folder}/hugepages-2048kB/enabled`]: size }),
    });
    expect(look(hugePages, { files: mode('always [madvise] never') })).toContain(
      "warning: transparent huge pages are 'madvise'",
    );
    expect(look(hugePages, { files: mode('[always] madvise never') })).toBe("ok: 'always'");
    expect(look(hugePages, { files: mode('[always] madvise never', 'always inherit [never]') })).toContain("'never'");
    expect(look(hugePages, { files: mode('[always] madvise never', 'always [inherit] never') })).toContain('ok: ');
  });

  test('swap in use is noted', () => {
    const files = { '/proc/meminfo': 'SwapTotal: 2048 kB\nSwapFree: 1024 kB\n' };
    expect(look(swap, { files })).toBe('note: 1 MiB in use');
  });

  test('CPUs of two nodes are noted, unless the mask leaves one', () => {
    const folder = '/sys/devices/system/node';
    const nodes = { [`${folder}/node0/cpulist`]: '0-3', [`${folder}/node1/cpulist`]: '4-7' };
    expect(look(numa, { files: nodes })).toBe('note: CPUs of 2 nodes');
    expect(look(numa, { files: { ...nodes, '/proc/self/status': 'Cpus_allowed_list:\t0-3\n' } })).toContain('ok: ');
  });
});

describe('clock, load and hypervisor', () => {
  test('a slow clock is a warning, a fast one is fine', () => {
    const files = { '/sys/devices/system/clocksource/clocksource0/current_clocksource': 'hpet\n' };
    expect(look(clock, { files, clockCallNs: () => 1200 })).toBe(
      'warning: reading the clock is slow: hpet, 1.2 µs a call',
    );
    expect(look(clock, { clockCallNs: () => 45 })).toContain('ok: ');
  });

  test('load above half the cores is a warning', () => {
    expect(look(load, { load: 5.2 })).toContain('warning: other programs were running: load 5.2 on 8 cores');
    expect(look(load, { load: 1 })).toContain('ok: ');
    expect(look(load, { load: undefined })).toContain('unknown: ');
  });

  test('a guest is noted with its maker, a container is not mistaken for one', () => {
    const dmi = { '/sys/class/dmi/id/sys_vendor': 'QEMU\n', '/sys/class/dmi/id/product_name': 'Standard PC\n' };
    expect(look(virtualisation, { files: { ...GUEST, ...dmi } })).toBe('note: a virtual machine (QEMU Standard PC)');
    expect(look(virtualisation, { files: { ...BARE, '/.dockerenv': '' } })).toContain(
      'ok: no hypervisor to be seen, in a Docker',
    );
    expect(look(virtualisation, { files: BARE })).toBe('ok: none: bare metal');
  });
});

describe('Node', () => {
  test('one for another processor is a warning', () => {
    expect(look(nodeBuild, { machine: 'aarch64' })).toContain('x64 on a aarch64 machine');
    expect(look(nodeBuild, { machine: 'arm64', processArch: 'arm64' })).toContain('ok: ');
  });

  test('a debug build is a warning, an unreleased one a note', () => {
    expect(look(nodeBuild, { node: { isDebugBuild: true } })).toContain('warning: ');
    expect(look(nodeBuild, { node: { version: '26.0.0-nightly2026' } })).toContain('note: ');
  });

  test.each([
    '--jitless',
    '--no-opt',
    '--noopt',
    '--no_opt',
    '--liftoff-only',
    '--no-wasm-tier-up',
    '--cpu-prof',
    '--prof',
    '--trace-gc',
    '--trace-opt=1',
    '--single-threaded',
    '--stress-compaction',
  ])('%s is a warning', (flag) => {
    expect(look(nodeFlags, { node: { flags: [flag] } })).toBe(`warning: Node runs with ${flag}`);
  });

  test.each(['--max-old-space-size=4096', '--trace-warnings', '--enable-source-maps', '--no-warnings'])(
    '%s does not matter',
    (flag) => expect(look(nodeFlags, { node: { flags: [flag] } })).toContain('ok: '),
  );

  test('loaded code is a note, coverage a warning', () => {
    expect(look(nodeFlags, { node: { flags: ['--import=./hook.js'] } })).toContain('note: ');
    expect(look(nodeFlags, { node: { collectsCoverage: true } })).toContain('warning: Node runs with NODE_V8_COVERAGE');
  });

  test('an inspector that listens is a warning', () => {
    expect(look(inspector, { node: { inspectorUrl: 'ws://127.0.0.1:9229/x' } })).toContain('warning: ');
  });
});
