import { expect, it } from 'vitest';
import { needing, PAGEMAP } from '../../../test/support/needs.ts';
import { MIB } from '../../base/units.ts';
import { growTo, sharedMemory } from './arena.ts';
import { residentBytes } from './resident.ts';

needing(PAGEMAP).describe('resident bytes', () => {
  it('count the pages of a region that were written, and no others', () => {
    const memory = sharedMemory();
    growTo(memory, 32 * MIB);
    const span = { at: 8 * MIB, bytes: 16 * MIB };
    expect(residentBytes(memory, span)).toBe(0);
    new Uint8Array(memory.buffer).fill(1, 12 * MIB, 15 * MIB);
    expect(residentBytes(memory, span)).toBe(3 * MIB);
  });
});
