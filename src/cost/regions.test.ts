// What lies where: every byte of a machine's memory has a structure, every structure of the path its fields.
import { describe, expect, it } from 'vitest';
import { Page, Request } from '../../build/layout.ts';
import { smallMachine } from '../../test/support/small_machine.ts';
import { mapMemory } from './regions.ts';

describe('the map of a memory', () => {
  const { machine } = smallMachine();
  const map = mapMemory(machine.regions);
  const fieldAt = (address: number) => {
    const region = map.regions.find(({ at, bytes }) => address >= at && address < at + bytes);
    if (region === undefined) return undefined;
    const offset = region.fieldOfByte.length === 0 ? 0 : (address - region.at) % region.fieldOfByte.length;
    return map.fields[region.firstField + (region.fieldOfByte[offset] ?? 0)];
  };

  it('knows the fields of what a path touches', () => {
    const page = machine.barMemmap.at + 5 * Page.bytes;
    expect(fieldAt(page + Page._refcount)).toEqual({ structure: 'page', name: '_refcount', offset: 52, bytes: 4 });
    expect(fieldAt(page + Page.pgmap + 7)?.name).toBe('pgmap');
    const requests = machine.regions.find(({ name }) => name === 'queue 0 requests')?.span.at ?? 0;
    expect(fieldAt(requests + 512 + Request.__sector)).toMatchObject({ structure: 'request', name: '__sector' });
    expect(fieldAt(requests + Request.bytes)).toMatchObject({ structure: 'iod', name: 'req_cmd' });
    expect(fieldAt(100)?.structure).toBe('statics of modules');
  });

  it('is in order, without overlaps, and leaves nothing but the gaps of alignment', () => {
    let end = 0;
    let gaps = 0;
    for (const { at, bytes } of map.regions) {
      expect(at).toBeGreaterThanOrEqual(end);
      gaps += at - end;
      end = at + bytes;
    }
    expect(gaps).toBeLessThan(machine.regions.length * 4096);
    for (const { name, span } of machine.regions)
      if (span.bytes > 0) expect(fieldAt(span.at + span.bytes - 1), name).toBeDefined();
  });

  it('has what a user has mapped in 4 KiB pages, all else in pages of 2 MiB, or all of one size', () => {
    const at = (name: string): number =>
      Math.floor((machine.regions.find((each) => each.name === name)?.span.at ?? 0) / 4096);
    expect([at('BAR window'), at('memmap'), at('queue 0 SQ')].map((page) => map.isHuge(page, 'kernel'))).toEqual([
      false,
      true,
      true,
    ]);
    expect(map.isHuge(at('memmap'), '4k')).toBe(false);
    expect(map.isHuge(at('BAR window'), '2m')).toBe(true);
  });
});
