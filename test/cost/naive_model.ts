// The simulator said again as plainly as it can be said: sets are lists, the most recently used first; every rule of core/ in a few lines.
// Slow, and written for nothing but to be compared with.
import type { Cpu, TableShape } from '../../src/cost/cpu_file.ts';
import type { Cycles, Events, Misses } from '../../src/cost/simulator.ts';

type State = 'shared' | 'exclusive' | 'modified';
export type NaiveKind = 'load' | 'store' | 'update';

export interface NaiveAccess {
  core: 0 | 1;
  kind: NaiveKind;
  address: number;
  bytes: number;
  site: number;
  ops: number;
}

class Table<T> {
  readonly #sets = new Map<number, [key: number, value: T][]>();
  readonly #shape: TableShape;

  constructor(shape: TableShape) {
    this.#shape = shape;
  }

  #set(index: number): [number, T][] {
    const number = index % this.#shape.sets;
    const found = this.#sets.get(number) ?? [];
    this.#sets.set(number, found);
    return found;
  }

  get(index: number, key: number): T | undefined {
    return this.#set(index).find(([each]) => each === key)?.[1];
  }

  put(index: number, key: number, value: T): void {
    const entry = this.#set(index).find(([each]) => each === key);
    if (entry !== undefined) entry[1] = value;
  }

  use(index: number, key: number): void {
    const set = this.#set(index);
    const at = set.findIndex(([each]) => each === key);
    if (at >= 0) set.unshift(...set.splice(at, 1));
  }

  drop(index: number, key: number): T | undefined {
    const set = this.#set(index);
    const at = set.findIndex(([each]) => each === key);
    return at < 0 ? undefined : set.splice(at, 1)[0]?.[1];
  }

  /** What had to go. */
  add(index: number, key: number, value: T): [number, T] | undefined {
    const set = this.#set(index);
    set.unshift([key, value]);
    return set.length > this.#shape.ways ? set.pop() : undefined;
  }
}

/** Loads under way in a clock. */
interface Clock {
  time: number;
  pending: { ops: number; done: number }[];
}

interface Core {
  l1: Table<State>;
  l2: Table<State>;
  dtlb: Table<true>;
  dtlb2m: Table<true> | undefined;
  stlb: Table<true>;
  last: string;
  events: Events;
  lastOps: number;
  lo: Clock;
  dep: Clock;
  hi: number;
}

const NO_EVENTS: Events = {
  ...{ l1Misses: 0, l2Misses: 0, l3Misses: 0, dtlbMisses: 0, stlbMisses: 0, transfers: 0 },
  ...{ upgrades: 0, writebacks: 0, prefetches: 0, lookups: 0 },
};

export class NaiveModel {
  readonly #cpu: Cpu;
  readonly #pages: Uint32Array;
  readonly #prefetches: boolean;
  readonly #sources: ReadonlyMap<number, readonly number[]>;
  readonly #cores: [Core, Core];
  readonly #l3: Table<boolean>;
  readonly #ready = new Map<number, number>();
  readonly siteMisses = new Map<number, Misses>();

  constructor(cpu: Cpu, pages: Uint32Array, prefetches: boolean, sources: ReadonlyMap<number, readonly number[]>) {
    this.#cpu = cpu;
    this.#pages = pages;
    this.#prefetches = prefetches;
    this.#sources = sources;
    this.#l3 = new Table(cpu.l3);
    const core = (): Core => ({
      l1: new Table(cpu.l1),
      l2: new Table(cpu.l2),
      dtlb: new Table(cpu.dtlb),
      dtlb2m: cpu.dtlb2m && new Table(cpu.dtlb2m),
      stlb: new Table(cpu.stlb),
      last: '',
      events: { ...NO_EVENTS },
      lastOps: 0,
      lo: { time: 0, pending: [] },
      dep: { time: 0, pending: [] },
      hi: 0,
    });
    this.#cores = [core(), core()];
  }

  events(core: 0 | 1): Events {
    return this.#cores[core].events;
  }

  cycles(core: 0 | 1): Cycles {
    const { lo, dep, hi } = this.#cores[core];
    return { lo: Math.min(lo.time, dep.time), dep: dep.time, hi: Math.max(hi, dep.time) };
  }

  access(access: NaiveAccess): void {
    this.#look(access, access.address);
    const last = access.address + access.bytes - 1;
    if (Math.floor(last / 64) !== Math.floor(access.address / 64)) this.#look(access, Math.floor(last / 64) * 64);
  }

  range(access: NaiveAccess): void {
    const first = access.address;
    for (let at = first; at < first + access.bytes; at = Math.floor(at / 64) * 64 + 64) this.#look(access, at);
  }

  #look({ core, kind, site, ops }: NaiveAccess, address: number): void {
    const own = this.#cores[core];
    const before = { ...own.events };
    own.events.lookups++;
    const page = this.#pages[Math.floor(address / 4096)] as number;
    const walk = this.#translate(own, address, page % 2 === 1);
    const line = Math.floor(page / 2) * 64 + (Math.floor(address / 64) % 64);
    const from = this.#touch(core, line, kind !== 'load');
    this.#pass(own, { kind, site, ops }, this.#cpu.latency[from] + walk, from === 'l1' && walk === 0);
    const row = this.siteMisses.get(site) ?? {
      l1Misses: 0,
      l2Misses: 0,
      l3Misses: 0,
      dtlbMisses: 0,
      stlbMisses: 0,
      transfers: 0,
    };
    for (const name of Object.keys(row) as (keyof Misses)[]) row[name] += own.events[name] - before[name];
    row.transfers += own.events.upgrades - before.upgrades;
    this.siteMisses.set(site, row);
  }

  /** Cycles that translation adds. */
  #translate(core: Core, address: number, isHuge: boolean): number {
    const { latency } = this.#cpu;
    const number = Math.floor(address / (isHuge ? 2 ** 21 : 4096));
    const name = `${number} ${isHuge}`;
    if (name === core.last) return 0;
    core.last = name;
    const key = number * 2 + (isHuge ? 1 : 0);
    const first = isHuge && core.dtlb2m !== undefined ? core.dtlb2m : core.dtlb;
    if (first.get(number, key)) {
      first.use(number, key);
      return 0;
    }
    core.events.dtlbMisses++;
    first.add(number, key, true);
    if (core.stlb.get(number, key)) {
      core.stlb.use(number, key);
      return latency.stlb;
    }
    core.events.stlbMisses++;
    core.stlb.add(number, key, true);
    return isHuge ? latency.walk2m : latency.walk4k;
  }

  #upgrade(core: 0 | 1, line: number): void {
    const [own, other] = [this.#cores[core], this.#cores[core === 0 ? 1 : 0]];
    own.events.upgrades++;
    other.l1.drop(line, line);
    other.l2.drop(line, line);
    own.l2.put(line, line, 'exclusive');
  }

  #touch(core: 0 | 1, line: number, writes: boolean): 'l1' | 'l2' | 'l3' | 'memory' | 'other' {
    const own = this.#cores[core];
    const inL1 = own.l1.get(line, line);
    if (inL1 !== undefined) {
      own.l1.use(line, line);
      if (!writes || inL1 === 'modified') return 'l1';
      own.l1.put(line, line, 'modified');
      if (inL1 === 'exclusive') return 'l1';
      this.#upgrade(core, line);
      return 'other';
    }
    own.events.l1Misses++;
    const inL2 = own.l2.get(line, line);
    if (inL2 !== undefined) {
      own.l2.use(line, line);
      if (writes && inL2 === 'shared') this.#upgrade(core, line);
      this.#fillL1(own, line, writes ? 'modified' : inL2 === 'shared' ? 'shared' : 'exclusive');
      return writes && inL2 === 'shared' ? 'other' : 'l2';
    }
    own.events.l2Misses++;
    const from = this.#bring(core, line, writes);
    if (this.#prefetches) this.#prefetch(core, line + 1);
    return from;
  }

  #bring(core: 0 | 1, line: number, writes: boolean): 'l3' | 'memory' | 'other' {
    const [own, other] = [this.#cores[core], this.#cores[core === 0 ? 1 : 0]];
    const theirs = other.l2.get(line, line);
    if (theirs !== undefined) {
      own.events.transfers++;
      const written = theirs === 'modified' || other.l1.get(line, line) === 'modified';
      if (writes) {
        other.l1.drop(line, line);
        other.l2.drop(line, line);
      } else {
        other.l1.put(line, line, 'shared');
        other.l2.put(line, line, 'shared');
        if (written) {
          own.events.writebacks++;
          if (this.#cpu.l3Policy === 'inclusive') this.#l3.put(line, line, true);
        }
      }
      this.#fillL2(core, line, writes ? (written ? 'modified' : 'exclusive') : 'shared');
      this.#fillL1(own, line, writes ? 'modified' : 'shared');
      return 'other';
    }
    const found = this.#fromL3(core, line, () => own.events.l3Misses++);
    this.#fillL1(own, line, writes ? 'modified' : 'exclusive');
    return found ? 'l3' : 'memory';
  }

  /** A line from L3 or memory into L2; whether L3 had it. */
  #fromL3(core: 0 | 1, line: number, missed: () => void): boolean {
    const written = this.#l3.get(line, line);
    this.#l3.use(line, line);
    if (written === undefined) {
      missed();
      if (this.#cpu.l3Policy === 'inclusive') this.#fillInclusive(core, line);
    }
    if (this.#cpu.l3Policy === 'victim') this.#l3.drop(line, line);
    this.#fillL2(core, line, written === true && this.#cpu.l3Policy === 'victim' ? 'modified' : 'exclusive');
    return written !== undefined;
  }

  #fillInclusive(core: 0 | 1, line: number): void {
    const gone = this.#l3.add(line, line, false);
    if (gone === undefined) return;
    const states = this.#cores.flatMap(({ l1, l2 }) => [l1.drop(gone[0], gone[0]), l2.drop(gone[0], gone[0])]);
    if (gone[1] || states.includes('modified')) this.#cores[core].events.writebacks++;
  }

  #fillL2(core: 0 | 1, line: number, state: State): void {
    const own = this.#cores[core];
    const gone = own.l2.add(line, line, state);
    if (gone === undefined) return;
    const [key, had] = gone;
    const written = own.l1.drop(key, key) === 'modified' || had === 'modified';
    if (this.#cpu.l3Policy === 'inclusive') {
      if (written) this.#l3.put(key, key, true);
    } else if (this.#l3.get(key, key) !== undefined) {
      this.#l3.use(key, key);
      if (written) this.#l3.put(key, key, true);
    } else if (this.#l3.add(key, key, written)?.[1]) own.events.writebacks++;
  }

  #fillL1(core: Core, line: number, state: State): void {
    const gone = core.l1.add(line, line, state);
    if (gone?.[1] === 'modified') core.l2.put(gone[0], gone[0], 'modified');
  }

  #prefetch(core: 0 | 1, line: number): void {
    if (line % 64 === 0 || this.#cores.some(({ l2 }) => l2.get(line, line) !== undefined)) return;
    this.#cores[core].events.prefetches++;
    this.#fromL3(core, line, () => {});
  }

  #pass(
    core: Core,
    { kind, site, ops }: { kind: NaiveKind; site: number; ops: number },
    latency: number,
    isHit: boolean,
  ): void {
    const passed = (ops - core.lastOps) * this.#cpu.cyclesPerOp;
    core.lastOps = ops;
    core.lo.time += passed;
    core.dep.time += passed;
    core.hi += passed;
    const sources = Math.max(0, ...(this.#sources.get(site) ?? []).map((source) => this.#ready.get(source) ?? 0));
    if (kind === 'store') return;
    if (kind === 'update') {
      for (const clock of [core.lo, core.dep]) {
        clock.time =
          Math.max(clock.time, ...clock.pending.map(({ done }) => done)) + (latency + this.#cpu.lockedCycles);
        clock.pending = [];
      }
      core.hi += latency + this.#cpu.lockedCycles;
      this.#ready.set(site, core.dep.time);
    } else if (isHit) this.#ready.set(site, Math.max(core.dep.time, sources) + latency);
    else {
      core.hi += latency;
      this.#begin(core.lo, ops, 0, latency);
      this.#ready.set(site, this.#begin(core.dep, ops, sources, latency));
    }
  }

  #begin(clock: Clock, ops: number, ready: number, latency: number): number {
    for (;;) {
      const [oldest] = clock.pending;
      if (oldest === undefined) break;
      const holds = oldest.ops <= ops - this.#cpu.windowOps || clock.pending.length >= this.#cpu.missRegisters;
      if (oldest.done > clock.time && !holds) break;
      clock.time = Math.max(clock.time, oldest.done);
      clock.pending.shift();
    }
    const done = Math.max(clock.time, ready) + latency;
    clock.pending.push({ ops, done });
    return done;
  }
}
