import { describe, expect, test } from 'vitest';
import type { Check } from './check.ts';
import { check as coreSharing } from './checks/core_sharing.ts';
import { check as cpuPressure } from './checks/cpu_pressure.ts';
import { check as cpuSpeed } from './checks/cpu_speed.ts';
import { check as processes } from './checks/processes.ts';
import { check as steal } from './checks/steal.ts';
import { check as swap } from './checks/swap.ts';
import { check as thermal } from './checks/thermal.ts';
import { check as throttling } from './checks/throttling.ts';
import { madeUpHost } from './host_fixture.ts';

type Files = Readonly<Record<string, string>>;

/** What a check says when a machine goes from the one state of its files to the other in a second. */
function watch(check: Check, before: Files, after: Files, facts: Parameters<typeof madeUpHost>[0] = {}): string {
  const files: Record<string, string> = { ...before };
  let seconds = 0;
  const finish = check.watch?.(madeUpHost({ nowNs: () => seconds * 1e9, ...facts, files }));
  if (finish === undefined) throw new Error(`${check.title} does not watch`);
  for (const path of Object.keys(before)) delete files[path];
  Object.assign(files, after);
  seconds = 1;
  const { severity, found } = finish();
  return `${severity}: ${found}`;
}

/** /proc/stat of two CPUs, in ticks. */
function stat(user: number, idle: number, stolen = 0): string {
  return `cpu  ${user} 0 0 ${idle} 0 0 0 ${stolen} 0 0\ncpu0 1\ncpu1 1\n`;
}

describe('steal', () => {
  const between = (before: string, after: string) => watch(steal, { '/proc/stat': before }, { '/proc/stat': after });

  test('above 2 % of the time is a warning', () => {
    expect(between(stat(1000, 1000), stat(1100, 1090, 10))).toContain('warning: the hypervisor took 5.0 %');
  });

  test('of earlier times is a note', () => {
    expect(between(stat(1000, 1000, 100), stat(1100, 1100, 100))).toContain('note: 0.0 %');
  });

  test('none is fine, and no time passed is unknown', () => {
    expect(between(stat(1000, 1000), stat(1100, 1100))).toContain('ok: ');
    expect(between(stat(1000, 1000), stat(1000, 1000))).toContain('unknown: ');
  });
});

describe('other processes', () => {
  const process = (pid: number, name: string, parent: number, ticks: number, startedAt = 5, ended = 0) => ({
    [`/proc/${pid}/stat`]: `${pid} (${name}) S ${parent} 1 1 0 -1 0 0 0 0 0 ${ticks} 0 ${ended} 0 20 0 1 0 ${startedAt} 0 0`,
  });
  const own = (ticks: number) => process(100, 'node', 1, ticks);

  test('are named with their share of a core', () => {
    const before = { '/proc/stat': stat(0, 1000), ...own(0), ...process(7, 'cc1', 1, 50) };
    const after = { '/proc/stat': stat(100, 1100), ...own(40), ...process(7, 'cc1', 1, 110) };
    expect(watch(processes, before, after)).toBe('warning: others took 60 % of a core: cc1 (7) 60 %');
  });

  test('are not this one, nor its children, nor theirs, ended ones too', () => {
    const before = {
      '/proc/stat': stat(0, 1000),
      ...own(0),
      ...process(101, 'worker', 100, 0),
      ...process(102, 'x', 101, 0),
    };
    const after = {
      '/proc/stat': stat(100, 1100),
      ...own(30),
      ...process(101, 'worker', 100, 40),
      ...process(102, 'x', 101, 20, 5, 10),
    };
    expect(watch(processes, before, after)).toBe('ok: others took 0.0 % of a core');
  });

  test('that came in between count from nothing, also when they took the id of one that ended', () => {
    const before = { '/proc/stat': stat(0, 1000), ...own(0), ...process(7, 'old', 1, 5000) };
    const after = { '/proc/stat': stat(100, 1100), ...own(0), ...process(7, 'new', 1, 100, 900) };
    expect(watch(processes, before, after)).toBe('warning: others took 100 % of a core: new (7) 100 %');
  });

  test('that are not visible show in what the CPUs did', () => {
    const after = { '/proc/stat': stat(50, 1150), ...own(10) };
    expect(watch(processes, { '/proc/stat': stat(0, 1000), ...own(0) }, after)).toBe(
      'warning: others took 40 % of a core: 40 % by what is not visible from here or has ended',
    );
  });

  test('go by the program, without its arguments, and with nothing that does not print', () => {
    const cmdline = { '/proc/7/cmdline': '/usr/bin/evil\u001b[31m\0--password=secret\0' };
    const before = { '/proc/stat': stat(0, 1000), ...own(0), ...process(7, 'a) b (c', 1, 0) };
    const after = { '/proc/stat': stat(100, 1100), ...own(0), ...process(7, 'a) b (c', 1, 100) };
    expect(watch(processes, before, after)).toContain('a) b (c (7)');
    expect(watch(processes, before, { ...after, ...cmdline })).toContain(': evil?[31m (7)');
  });

  test('are unknown without /proc', () => expect(watch(processes, {}, {})).toContain('unknown: '));
});

describe('CPU', () => {
  test.each([
    [10_000, 'ok: a thread waited for a CPU 1.0 %'],
    [100_000, 'note: a thread waited for a CPU 10.0 %'],
    [500_000, 'warning: a thread waited for a CPU 50.0 %'],
  ])('pressure of %i µs in a second', (waited, expected) => {
    const pressure = (total: number) => ({
      '/proc/pressure/cpu': `some avg10=0.00 avg60=0.00 total=${total}\nfull total=9\n`,
    });
    expect(watch(cpuPressure, pressure(7), pressure(7 + waited))).toContain(expected);
  });

  test('throttled by its limit is a warning with the number of periods', () => {
    const group = {
      '/proc/self/cgroup': '0::/job\n',
      '/proc/self/mountinfo': '30 24 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
    };
    const count = (periods: number) => ({
      ...group,
      '/sys/fs/cgroup/job/cpu.stat': `usage_usec 5\nnr_throttled ${periods}\n`,
    });
    expect(watch(throttling, count(3), count(8))).toBe('warning: stopped in 5 periods by its CPU limit');
    expect(watch(throttling, count(3), count(3))).toBe('ok: never');
    expect(watch(throttling, {}, {})).toContain('unknown: ');
  });

  test('slowed by heat is a warning', () => {
    const count = (times: number) => ({
      '/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count': `${times}\n`,
    });
    expect(watch(thermal, count(1), count(4))).toContain('warning: cores were slowed down 3 times');
    expect(watch(thermal, count(1), count(1))).toContain('ok: ');
  });

  test('of steady speed is fine; one that slows down or varies is noted', () => {
    const rounds = (...speeds: readonly (readonly number[])[]) => {
      let round = 0;
      return { spinNs: () => speeds[round++] ?? [] };
    };
    const flat = (ns: number) => Array.from({ length: 20 }, () => ns);
    expect(watch(cpuSpeed, {}, {}, rounds(flat(1000), flat(1010)))).toContain('ok: ');
    expect(watch(cpuSpeed, {}, {}, rounds(flat(1000), flat(1200)))).toContain('note: arithmetic took 20.0 % more time');
    const jumpy = flat(1000).map((ns, i) => (i % 5 === 0 ? ns * 2 : ns));
    expect(watch(cpuSpeed, {}, {}, rounds(jumpy, jumpy))).toContain('slowest tenth 100.0 % more');
  });
});

describe('core sharing', () => {
  const pieces = (slow: number) => () => Array.from({ length: 20 }, (_, i) => (i % 2 ? 1000 : 1000 * slow));

  test('is a warning where only the loop that fills the core is slow at times', () => {
    expect(watch(coreSharing, {}, {}, { wideSpinNs: pieces(1.5) })).toContain(
      'warning: another hardware thread of the core comes and goes: a loop that fills the core took up to 1.50 times',
    );
  });

  test('is not blamed for what slows every loop down', () => {
    expect(watch(coreSharing, {}, {}, { spinNs: pieces(1.5), wideSpinNs: pieces(1.5) })).toContain('ok: ');
    expect(watch(coreSharing, {}, {})).toContain('ok: ');
  });
});

test('pages that went to swap and came back are a warning', () => {
  const moved = (into: number, out: number) => ({ '/proc/vmstat': `nr_free 1\npswpin ${into}\npswpout ${out}\n` });
  expect(watch(swap, moved(1, 1), moved(3, 2))).toContain('warning: 3 pages');
  expect(watch(swap, moved(1, 1), moved(1, 1))).toContain('ok: ');
});
