import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LabError } from '../base/errors.ts';
import { btfWriter } from './btf_writer.ts';
import { layoutDocument } from './document.ts';
import { btfOfBytes } from './load.ts';
import { type BtfTypes, KIND } from './parse.ts';
import { enumerators, memberAt, membersOf, resolved, sizeOf, typeOf } from './types.ts';

/** struct page with an anonymous union of anonymous structs, a typedef and bitfields, in either byte order. */
function sample(littleEndian = true): Uint8Array {
  const writer = btfWriter(littleEndian);
  const long = writer.int('long unsigned int', 8);
  const int = writer.int('unsigned int', 4);
  const atomic = writer.alias('typedef', 'atomic_t', writer.struct('', 4, [{ name: 'counter', type: int, bitAt: 0 }]));
  const view = writer.struct('', 16, [
    { name: 'pgmap', type: writer.pointer(0), bitAt: 0 },
    { name: 'zone_device_data', type: writer.pointer(0), bitAt: 64 },
  ]);
  const union = writer.union('', 16, [
    { name: '', type: view, bitAt: 0 },
    { name: 'compound_head', type: long, bitAt: 0 },
  ]);
  writer.struct('page', 64, [
    { name: 'flags', type: long, bitAt: 0 },
    { name: '', type: union, bitAt: 64 },
    { name: 'low', type: int, bitAt: 384, bitWidth: 3 },
    { name: 'high', type: int, bitAt: 387, bitWidth: 7 },
    { name: '_refcount', type: writer.alias('const', '', atomic), bitAt: 416 },
    { name: 'list', type: writer.array(atomic, 2), bitAt: 448 },
  ]);
  writer.enum('map_type', { UNKNOWN: 0, BUS_ADDR: 2, NEGATIVE: -1 });
  writer.enum64('wide', { FAR: 1n << 40n });
  return writer.bytes();
}

function structOf(types: BtfTypes, name: string) {
  const type = typeOf(types, types.structs.get(name)?.[0] ?? 0);
  if (type === undefined) throw new Error(`no struct ${name}`);
  return type;
}

describe.each([
  ['little', true],
  ['big', false],
] as const)('%s endian BTF', (_, littleEndian) => {
  const types = btfOfBytes(sample(littleEndian), 'sample');
  const page = structOf(types, 'page');

  test('finds the members of anonymous structs and unions as those of the struct around them', () => {
    expect(membersOf(page).map(({ name, bitAt }) => [name, bitAt / 8])).toEqual([
      ['flags', 0],
      ['pgmap', 8],
      ['zone_device_data', 16],
      ['compound_head', 8],
      ['low', 48],
      ['high', 48.375],
      ['_refcount', 52],
      ['list', 56],
    ]);
  });

  test('follows paths through typedefs, qualifiers and array elements', () => {
    expect(memberAt(page, '_refcount.counter')).toEqual({ bitAt: 416, bitWidth: 0, bytes: 4 });
    expect(memberAt(page, 'list[1].counter')).toEqual({ bitAt: 480, bitWidth: 0, bytes: 4 });
    expect(memberAt(page, 'list')).toEqual({ bitAt: 448, bitWidth: 0, bytes: 8 });
    expect(memberAt(page, 'flags.none')).toBeUndefined();
    expect(memberAt(page, 'flags[0]')).toBeUndefined();
  });

  test('tells place and width of a bitfield', () => {
    expect(memberAt(page, 'high')).toEqual({ bitAt: 387, bitWidth: 7, bytes: 4 });
  });

  test('reads values of enums, negative and 64 bit ones too', () => {
    const values = enumerators(types, new Set(['BUS_ADDR', 'NEGATIVE', 'FAR', 'NONE']));
    expect(Object.fromEntries(values)).toEqual({ BUS_ADDR: [2], NEGATIVE: [-1], FAR: [2 ** 40] });
  });
});

test('the bits of an old-style bitfield come from its integer', () => {
  const writer = btfWriter();
  const threeBits = writer.raw(KIND.int, 'unsigned int', 4, [(2 << 16) | 3]);
  writer.struct('old', 4, [{ name: 'field', type: threeBits, bitAt: 8 }]);
  const old = structOf(btfOfBytes(writer.bytes(), 'old'), 'old');
  expect(memberAt(old, 'field')).toEqual({ bitAt: 10, bitWidth: 3, bytes: 4 });
});

test('a pointer is as wide as a long', () => {
  const writer = btfWriter();
  writer.int('long unsigned int', 4);
  const types = btfOfBytes(writer.bytes(), 'narrow');
  expect(types.pointerBytes).toBe(4);
});

test('split BTF continues ids and strings of its base', () => {
  const base = btfOfBytes(sample(), 'vmlinux');
  const writer = btfWriter(true, base);
  const page = base.structs.get('page')?.[0] as number;
  writer.struct('iod', 72, [
    { name: 'page', type: page, bitAt: 0 },
    { name: 'own', type: writer.pointer(page), bitAt: 512 },
  ]);
  const types = btfOfBytes(writer.bytes(), 'nvme', base);
  const iod = structOf(types, 'iod');
  expect(memberAt(iod, 'page.pgmap')?.bitAt).toBe(64);
  expect(memberAt(iod, 'own')).toEqual({ bitAt: 512, bitWidth: 0, bytes: 8 });
  expect(types.structs.has('page')).toBe(false);
});

describe('damaged BTF', () => {
  const whole = sample();
  const read = (blob: Uint8Array) => btfOfBytes(blob, 'file.btf');
  const changed = (at: number, value: number): Uint8Array => {
    const copy = whole.slice();
    new DataView(copy.buffer).setUint32(at, value, true);
    return copy;
  };

  test('cut off anywhere ends in one message that names the file', () => {
    for (let bytes = 1; bytes < whole.length; bytes++) {
      expect(() => read(whole.slice(0, bytes)), `${bytes} bytes`).toThrow(/^file\.btf: .*(byte|ends|begins)/);
      expect(() => read(whole.slice(0, bytes))).toThrow(LabError);
    }
  });

  test.each([
    ['a wrong version', changed(0, 0x0002eb9f), 'version 2'],
    ['a header longer than the file', changed(4, 1 << 30), 'header length'],
    ['types beyond the end', changed(12, 1 << 30), 'types at'],
    ['types at 4 GiB', changed(8, 0xffff_fff0), 'types at'],
    ['strings beyond the end', changed(20, 1 << 30), 'strings at'],
    ['a name beyond the strings', changed(24, 1 << 30), 'refers to string'],
    ['a kind of the future', changed(28, 31 << 24), 'kind 31'],
  ])('%s is refused', (_, blob, message) => {
    expect(() => read(blob)).toThrow(LabError);
    expect(() => read(blob)).toThrow(message);
  });

  test('a member of a type that is not there is refused', () => {
    const writer = btfWriter();
    writer.struct('s', 8, [{ name: 'm', type: 99, bitAt: 0 }]);
    expect(() => read(writer.bytes())).toThrow('refers to type 99 of 1');
  });

  test('a typedef of itself is refused when it is followed', () => {
    const writer = btfWriter();
    const id = writer.alias('typedef', 'loop_t', writer.nextId());
    const types = read(writer.bytes());
    expect(() => resolved(types, id)).toThrow('contains itself');
  });

  test('an array of itself and a struct of itself are refused when they are followed', () => {
    const writer = btfWriter();
    const array = writer.array(writer.nextId(), 2);
    const struct = writer.struct('s', 8, [{ name: '', type: writer.nextId(), bitAt: 0 }]);
    const types = read(writer.bytes());
    expect(() => sizeOf(types, array)).toThrow('contains itself');
    expect(() => membersOf(typeOf(types, struct) as NonNullable<ReturnType<typeof typeOf>>)).toThrow('contains itself');
  });

  test('anonymous members that unfold without bound are refused', () => {
    const writer = btfWriter();
    let inner = writer.struct('', 4, [{ name: 'x', type: writer.int('int', 4), bitAt: 0 }]);
    for (let depth = 0; depth < 30; depth++) {
      inner = writer.union('', 4, [
        { name: '', type: inner, bitAt: 0 },
        { name: '', type: inner, bitAt: 0 },
      ]);
    }
    const types = read(writer.bytes());
    expect(() => membersOf(typeOf(types, inner) as NonNullable<ReturnType<typeof typeOf>>)).toThrow('more than');
  });

  test('whatever bytes are changed, the comparison ends with a result or one message', () => {
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, (bytes) => {
        const copy = whole.slice();
        for (const [at, value] of bytes) copy[at] = value;
        try {
          layoutDocument([read(copy)]);
        } catch (error) {
          if (!(error instanceof LabError)) throw error;
        }
      }),
      { seed: 5, numRuns: 500 },
    );
  });
});
