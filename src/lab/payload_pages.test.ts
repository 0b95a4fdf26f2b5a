import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { smallMachine } from '../../test/support/small_machine.ts';
import { MIB } from '../base/units.ts';
import { growTo, sharedMemory, viewOf } from './arena.ts';
import { backWithMemory } from './payload_pages.ts';

/** Anonymous memory of this process that is its own, in bytes. Pages of zeroes that were only read do not count. */
function anonymousBytes(): number {
  const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kib) * 1024;
}

describe.skipIf(!existsSync('/proc/self/status'))('memory of the payload (skipped without /proc)', () => {
  it('is the zero page while it has only been read, and its own once it is backed; its content stays', () => {
    const bytes = 64 * MIB;
    const memory = sharedMemory();
    growTo(memory, 2 * bytes);
    const view = viewOf(memory);
    const before = anonymousBytes();
    let sum = 0;
    for (let at = bytes; at < 2 * bytes; at += 4096) sum += view.u8[at] as number;
    expect(sum).toBe(0);
    expect(anonymousBytes() - before).toBeLessThan(bytes / 4);
    view.u8[bytes + 4096] = 7;
    backWithMemory(view, [{ at: bytes, bytes }]);
    expect(anonymousBytes() - before).toBeGreaterThan(0.9 * bytes);
    expect([view.u8[bytes], view.u8[bytes + 4096]]).toEqual([0, 7]);
  });

  it('is backed in a machine that moves data, and only there', () => {
    const sizes = { barWindowBytes: 16 * MIB, ramWindowBytes: 16 * MIB, mediaBytes: 16 * MIB };
    const grown = (payload: 'none' | 'move'): number => {
      const before = anonymousBytes();
      smallMachine({ payload, ...sizes });
      return anonymousBytes() - before;
    };
    grown('none');
    expect(grown('move') - grown('none')).toBeGreaterThan(0.9 * 48 * MIB);
  });
});
