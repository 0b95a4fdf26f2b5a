import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../base/units.ts';
import { Arena, checkAvailable, growTo, sharedMemory } from './arena.ts';

describe('the arena', () => {
  it('hands out aligned regions one behind the other', () => {
    const arena = new Arena(100);
    const first = arena.take('first', 10);
    const second = arena.take('second', 5000, 4096);
    expect([first.at, second.at, arena.end]).toEqual([128, 4096, 9096]);
  });

  it('says what is largest when a machine does not fit one memory', () => {
    const arena = new Arena(0);
    arena.take('small', MIB);
    arena.take('memmap', 5 * GIB);
    expect(() => arena.checkFits()).toThrow(/needs 5 GiB.*Largest parts: memmap 5 GiB.*Make --bar/s);
  });
});

describe('memory', () => {
  it('grows and keeps what it holds', () => {
    const memory = sharedMemory();
    new Uint8Array(memory.buffer)[100] = 7;
    growTo(memory, 10 * MIB);
    expect(memory.buffer.byteLength).toBeGreaterThanOrEqual(10 * MIB);
    expect(new Uint8Array(memory.buffer)[100]).toBe(7);
  });

  it('is refused before the run when the system has too little, with what to do', () => {
    expect(() => checkAvailable(2 * GIB, GIB)).toThrow(
      /touch 2 GiB of memory and only 1 GiB are available.*--bar smaller/s,
    );
    expect(() => checkAvailable(GIB, 2 * GIB)).not.toThrow();
  });
});
