// Which process a lock or a half-written file belongs to, so that what a killed one left is told from what a living one is at.
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface Owner {
  pid: number;
  /** When the process started, in clock ticks since boot (proc(5), stat, field 22): a pid may be another process's by now. */
  started: string;
  /** Digest of where pids mean what they mean here: this boot of this machine, and this namespace of pids. */
  place: string;
}

/** `elsewhere`: its process cannot be seen from here. */
export type Life = 'alive' | 'dead' | 'elsewhere';

let here: string | undefined;

export function thisPlace(): string {
  here ??= createHash('sha256').update(placeWords()).digest('hex').slice(0, 8);
  return here;
}

export function thisOwner(): Owner {
  return { pid: process.pid, started: startOf(process.pid) ?? '', place: thisPlace() };
}

export function lifeOf({ pid, started, place }: Owner): Life {
  if (place !== thisPlace()) return 'elsewhere';
  const now = startOf(pid);
  return now !== undefined && (started === '' || now === started) ? 'alive' : 'dead';
}

/** A container has its machine's name or one of its own; the boot and the namespace are what pids are unique in. */
function placeWords(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Undefined when there is no such process; empty where /proc is not. */
function startOf(pid: number): string | undefined {
  try {
    // The name may hold spaces and brackets: fields are counted from the last bracket.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : (fields[19] ?? '');
  } catch {
    return existsWithoutProc(pid) ? '' : undefined;
  }
}

function existsWithoutProc(pid: number): boolean {
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
