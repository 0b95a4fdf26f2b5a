// What else runs: processes by the CPU time they took while watched, without this one and its children.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { cpuTicks } from '../proc.ts';

/** Shares of one core. */
const SOME = 0.03;
const MUCH = 0.1;
const MAX_NAMED = 3;
/** Names are chosen by whoever starts a process: only what prints, and not too much of it. */
const MAX_NAME_CHARS = 32;

export const check: Check = {
  title: 'other processes',
  watch: (host) => {
    const before = snapshot(host);
    return () => judge(host, before, snapshot(host));
  },
};

interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly name: string;
  /** CPU time so far, and that of children that have ended, in ticks. */
  readonly ticks: number;
  readonly childTicks: number;
  /** Tells two processes of one id apart. */
  readonly startedAt: string;
}

interface Snapshot {
  readonly busy: number | undefined;
  readonly total: number;
  readonly cpus: number;
  readonly processes: ReadonlyMap<string, Process>;
}

function judge(host: Host, before: Snapshot, after: Snapshot): Finding {
  const ticksPerCore = (after.total - before.total) / after.cpus;
  if (before.busy === undefined || after.busy === undefined || ticksPerCore <= 0) {
    return unknown('this system does not show them');
  }
  const own = ownProcesses(host.pid, after);
  const spent = [...after.processes].map(([key, process]) => {
    const earlier = before.processes.get(key);
    const isOwn = own.has(process.pid);
    const ended = isOwn ? process.childTicks - (earlier?.childTicks ?? 0) : 0;
    return { ...process, isOwn, cores: (process.ticks - (earlier?.ticks ?? 0) + ended) / ticksPerCore };
  });
  const others = spent.filter(({ isOwn, cores }) => !isOwn && cores > 0).sort((a, b) => b.cores - a.cores);
  const sum = (of: readonly { cores: number }[]): number => of.reduce((total, { cores }) => total + cores, 0);
  const seen = sum(others);
  const unseen = Math.max(0, (after.busy - before.busy) / ticksPerCore - sum(spent));
  const named = others.slice(0, MAX_NAMED).filter(({ cores }) => cores >= SOME / MAX_NAMED);
  return findingOf(
    seen,
    unseen,
    named.map((process) => `${programOf(host, process)} (${process.pid}) ${percent(process.cores)}`),
  );
}

function findingOf(seen: number, unseen: number, named: readonly string[]): Finding {
  const total = seen + unseen;
  const list = [
    ...named,
    ...(unseen > SOME ? [`${percent(unseen)} by what is not visible from here or has ended`] : []),
  ];
  const found = `others took ${percent(total)} of a core${list.length === 0 ? '' : `: ${list.join(', ')}`}`;
  if (total <= SOME) return ok(found);
  return {
    severity: total > MUCH ? 'warning' : 'note',
    found,
    effect: 'they take cores from the agents and lines from the caches',
    change: 'stop them, or measure when they rest',
  };
}

function snapshot(host: Host): Snapshot {
  const ticks = cpuTicks(host);
  const processes = host
    .list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => parseStat(host.readText(`/proc/${pid}/stat`)) ?? [])
    .map((process) => [`${process.pid} ${process.startedAt}`, process] as const);
  return { busy: ticks?.busy, total: ticks?.total ?? 0, cpus: ticks?.cpus ?? 1, processes: new Map(processes) };
}

/**
 * The program's name: a thread's own name tells less (Node calls its first MainThread). Nothing else of the command line:
 * results are published, and arguments may hold secrets.
 */
function programOf(host: Host, { pid, name }: Process): string {
  const program = host.readText(`/proc/${pid}/cmdline`)?.split('\0')[0]?.split(/[\s:]/)[0]?.split('/').at(-1) ?? '';
  return printable(program === '' ? name : program);
}

/** The name stands in parentheses and may hold any character, parentheses too: fields count from the last one. */
function parseStat(text: string | undefined): Process | undefined {
  const [, pid, name, rest] = /^(\d+) \((.*)\) (.*)$/s.exec(text?.trim() ?? '') ?? [];
  const fields = rest?.split(' ') ?? [];
  if (pid === undefined || name === undefined || fields.length < 20) return undefined;
  const number = (index: number): number => Number(fields[index]);
  return {
    pid: Number(pid),
    parent: number(1),
    name,
    ticks: number(11) + number(12),
    childTicks: number(13) + number(14),
    startedAt: fields[19] as string,
  };
}

function ownProcesses(pid: number, { processes }: Snapshot): Set<number> {
  const own = new Set([pid]);
  let size = 0;
  while (size !== own.size) {
    size = own.size;
    for (const process of processes.values()) if (own.has(process.parent)) own.add(process.pid);
  }
  return own;
}

function printable(name: string): string {
  return name.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_NAME_CHARS);
}

function percent(cores: number): string {
  return `${(cores * 100).toFixed(cores < 0.1 ? 1 : 0)} %`;
}
