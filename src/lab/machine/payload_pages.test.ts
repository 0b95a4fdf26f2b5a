import { expect } from 'vitest';
import { anonymousBytes } from '../../../test/support/mapping.ts';
import { needing, PROC, ZERO_PAGE } from '../../../test/support/needs.ts';
import { smallMachine } from '../../../test/support/small_machine.ts';
import { MIB } from '../../base/units.ts';
import { backPayload } from './payload_pages.ts';

const SIZES = { barWindowBytes: 16 * MIB, ramWindowBytes: 16 * MIB, mediaBytes: 16 * MIB };
const PAYLOAD_BYTES = 48 * MIB;

needing(PROC).describe('memory of the payload', () => {
  const { it } = needing();

  needing(ZERO_PAGE).it('is the page of zeroes while it has only been read', () => {
    const { machine, memory } = smallMachine({ payload: 'move', ...SIZES });
    const { u8 } = machine.view;
    const before = anonymousBytes(memory);
    let sum = 0;
    for (const { at, bytes } of machine.payload) for (let i = 0; i < bytes; i += 4096) sum += u8[at + i] as number;
    expect(sum).toBe(0);
    expect(anonymousBytes(memory) - before).toBeLessThan(PAYLOAD_BYTES / 4);
  });

  it('is its own once it is backed, and its content stays', () => {
    const { machine, memory } = smallMachine({ payload: 'move', ...SIZES });
    const { u8 } = machine.view;
    expect(machine.payload.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(PAYLOAD_BYTES);
    const { at } = machine.payload[0] as { at: number };
    u8[at + 4096] = 7;
    const before = anonymousBytes(memory);
    backPayload(machine);
    expect(anonymousBytes(memory) - before).toBeGreaterThan(0.9 * PAYLOAD_BYTES);
    expect([u8[at], u8[at + 4096]]).toEqual([0, 7]);
  });

  it('in host RAM stays untouched where no buffer lies there', () => {
    const { machine, memory } = smallMachine({ payload: 'move', ...SIZES });
    const before = anonymousBytes(memory);
    backPayload(machine, false);
    const backed = anonymousBytes(memory) - before;
    expect(backed).toBeGreaterThan(0.9 * (PAYLOAD_BYTES - SIZES.ramWindowBytes));
    expect(backed).toBeLessThan(PAYLOAD_BYTES - SIZES.ramWindowBytes / 2);
  });

  it('stays untouched where nothing is moved', () => {
    const { machine, memory } = smallMachine({ payload: 'none', ...SIZES });
    const before = anonymousBytes(memory);
    backPayload(machine);
    expect(anonymousBytes(memory) - before).toBe(0);
  });
});
