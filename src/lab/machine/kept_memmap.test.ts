// Machines that follow each other in one memory: the second finds its struct pages as a machine by itself would have them.
import { describe, expect, it } from 'vitest';
import { Page } from '../../../build/layout.ts';
import { GIB, KIB, MIB, TIB } from '../../base/units.ts';
import { oneSwitch } from '../../plan/fabric.ts';
import type { MachineSpec } from '../../plan/machine_spec.ts';
import { sharedMemory } from './arena.ts';
import { type BuiltMachine, buildMachine } from './build_machine.ts';
import { giveBackPages, keepMemmaps, memmapFloor } from './kept_memmap.ts';
import { hostModule, listSchemes, setupModule } from './modules.ts';

function build(
  memory: WebAssembly.Memory,
  barBytes: number,
  scheme = 'page',
  over: Partial<MachineSpec> = {},
): BuiltMachine {
  const ramBytes = 16 * MIB;
  const host = hostModule(scheme, memory);
  const spec: MachineSpec = {
    barBytes,
    ramBytes,
    fabric: oneSwitch(barBytes, ramBytes),
    flow: 'direct',
    payload: 'none',
    lanes: [{ iodepth: 4, batch: 1, streamIos: 64 }],
    depthEntries: 64,
    mdtsBytes: 512 * KIB,
    namespaceBytes: TIB,
    barWindowBytes: MIB,
    ramWindowBytes: MIB,
    mediaBytes: MIB,
    refcount: 'atomic',
    p2pQueue: true,
    workers: 1,
    schemeStateBytes: host.stateBytes(barBytes) + 4096,
    memmapFloor: memmapFloor(memory),
    ...over,
  };
  const machine = buildMachine(memory, spec, setupModule(memory));
  host.setup(machine.at);
  return machine;
}

const pagesOf = ({ view, barMemmap }: BuiltMachine): Buffer =>
  Buffer.from(view.u8.slice(barMemmap.at, barMemmap.at + barMemmap.bytes));

function session(): WebAssembly.Memory {
  const memory = sharedMemory();
  keepMemmaps(memory);
  return memory;
}

/** A mark in a word that set-up writes tells whether it did so again. */
const MARK_AT = Page._mapcount;
const mark = ({ view, barMemmap }: BuiltMachine): void => {
  view.u8[barMemmap.at + MARK_AT] = 0xab;
};
const isMarked = ({ view, barMemmap }: BuiltMachine): boolean => view.u8[barMemmap.at + MARK_AT] === 0xab;

describe('struct pages of a session', () => {
  it('are those of a machine by itself, whatever machines were there before', () => {
    const memory = session();
    for (const barBytes of [16 * MIB, 64 * MIB, 32 * MIB, 128 * MIB]) {
      for (const { name } of listSchemes()) {
        const machine = build(memory, barBytes, name);
        if (hostModule(name, memory).memmapBytes(barBytes) > 0) {
          const alone = build(sharedMemory(), barBytes, name);
          expect(pagesOf(machine).length).toBe(pagesOf(alone).length);
          // The words differ in the wasm address of the pgmap only, which is the same in both.
          expect(pagesOf(machine).equals(pagesOf(alone))).toBe(true);
        }
        giveBackPages(machine);
      }
    }
  });

  it('are not written again, and only those are that a larger BAR adds', () => {
    const memory = session();
    const first = build(memory, 16 * MIB);
    mark(first);
    giveBackPages(first);
    const second = build(memory, 64 * MIB);
    expect(second.barMemmap.at).toBe(first.barMemmap.at);
    expect(isMarked(second)).toBe(true);
    giveBackPages(second);
    const third = build(memory, 16 * MIB);
    expect(isMarked(third)).toBe(true);
  });

  it('are written again after a machine that did not give them back, or lay elsewhere', () => {
    const memory = session();
    const first = build(memory, 16 * MIB);
    mark(first);
    expect(isMarked(build(memory, 16 * MIB))).toBe(false);
    const idle = build(memory, 16 * MIB);
    mark(idle);
    giveBackPages(idle);
    const packed = build(memory, 16 * MIB, 'page', { memmapFloor: undefined });
    giveBackPages(packed);
    expect(isMarked(build(memory, 16 * MIB))).toBe(false);
  });

  it('of a machine that needs the room below are behind it, and are not kept', () => {
    const memory = session();
    const large = build(memory, 16 * MIB, 'page', { mediaBytes: 2 * GIB });
    expect(large.memmap.at).toBeGreaterThan(2 * GIB);
    giveBackPages(large);
    expect(build(memory, 16 * MIB).memmap.at).toBe(GIB);
  });
});
