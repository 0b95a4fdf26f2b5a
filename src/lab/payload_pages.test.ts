import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { smallMachine } from '../../test/support/small_machine.ts';
import { MIB } from '../base/units.ts';
import { backPayload } from './payload_pages.ts';

const SIZES = { barWindowBytes: 16 * MIB, ramWindowBytes: 16 * MIB, mediaBytes: 16 * MIB };

/** Anonymous memory of this process that is its own, in bytes. Pages of zeroes that were only read do not count. */
function anonymousBytes(): number {
  const kib = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Number(kib) * 1024;
}

describe.skipIf(!existsSync('/proc/self/status'))('memory of the payload (skipped without /proc)', () => {
  it('is the zero page while it has only been read, and its own once it is backed; its content stays', () => {
    const { machine } = smallMachine({ payload: 'move', ...SIZES });
    const { u8 } = machine.view;
    const all = machine.payload.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(all).toBe(48 * MIB);
    const before = anonymousBytes();
    let sum = 0;
    for (const { at, bytes } of machine.payload) for (let i = 0; i < bytes; i += 4096) sum += u8[at + i] as number;
    expect(sum).toBe(0);
    expect(anonymousBytes() - before).toBeLessThan(all / 4);
    const { at } = machine.payload[0] as { at: number };
    u8[at + 4096] = 7;
    backPayload(machine);
    expect(anonymousBytes() - before).toBeGreaterThan(0.9 * all);
    expect([u8[at], u8[at + 4096]]).toEqual([0, 7]);
  });

  it('stays untouched where nothing is moved', () => {
    const { machine } = smallMachine({ payload: 'none', ...SIZES });
    const before = anonymousBytes();
    backPayload(machine);
    expect(anonymousBytes() - before).toBeLessThan(MIB);
  });
});
