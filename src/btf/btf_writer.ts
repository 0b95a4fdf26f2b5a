// Writes BTF and ELF files for tests: either byte order, split or whole, sound or, by its raw parts, not.
import { type BtfTypes, KIND } from './parse.ts';

/** A member: `bitWidth` above 0 makes it a bitfield. */
export interface WrittenMember {
  readonly name: string;
  readonly type: number;
  readonly bitAt: number;
  readonly bitWidth?: number;
}

export interface BtfWriter {
  int(name: string, bytes: number, bits?: number): number;
  pointer(to: number): number;
  array(of: number, count: number): number;
  struct(name: string, bytes: number, members: readonly WrittenMember[]): number;
  union(name: string, bytes: number, members: readonly WrittenMember[]): number;
  alias(kind: 'typedef' | 'const' | 'volatile' | 'typeTag', name: string, to: number): number;
  enum(name: string, values: Readonly<Record<string, number>>): number;
  /** 64-bit values. */
  enum64(name: string, values: Readonly<Record<string, bigint>>): number;
  /** Any record: kind, size or type, kind flag, vlen, and the words behind it. */
  raw(kind: number, name: string, sizeOrType: number, words?: readonly number[], vlen?: number, flag?: boolean): number;
  /** The id that the next type will have: for types that refer to one behind them. */
  nextId(): number;
  /** The string's offset. */
  string(text: string): number;
  bytes(): Uint8Array;
}

/** @param base what a split file continues */
export function btfWriter(littleEndian = true, base?: BtfTypes): BtfWriter {
  const words: number[] = [];
  const firstString = base === undefined ? 0 : base.firstString + base.stringsBytes;
  const firstId = base === undefined ? 1 : base.firstId + base.recordAt.length;
  const strings = new Map<string, number>(base === undefined ? [['', 0]] : []);
  let stringsBytes = base === undefined ? 1 : 0;
  let count = 0;
  const string = (text: string): number => {
    if (text === '') return 0;
    const known = strings.get(text);
    if (known !== undefined) return known;
    const at = firstString + stringsBytes;
    strings.set(text, at);
    stringsBytes += text.length + 1;
    return at;
  };
  const raw: BtfWriter['raw'] = (kind, name, sizeOrType, trailer = [], vlen = 0, flag = false) => {
    words.push(string(name), ((flag ? 1 << 31 : 0) | (kind << 24) | vlen) >>> 0, sizeOrType, ...trailer);
    return firstId + count++;
  };
  const aggregate = (kind: number, name: string, bytes: number, members: readonly WrittenMember[]): number => {
    const flag = members.some(({ bitWidth }) => (bitWidth ?? 0) > 0);
    const trailer = members.flatMap((member) => [
      string(member.name),
      member.type,
      (((member.bitWidth ?? 0) << 24) | member.bitAt) >>> 0,
    ]);
    return raw(kind, name, bytes, trailer, members.length, flag);
  };
  return {
    raw,
    string,
    nextId: () => firstId + count,
    int: (name, bytes, bits = bytes * 8) => raw(KIND.int, name, bytes, [bits]),
    pointer: (to) => raw(KIND.pointer, '', to),
    array: (of, length) => raw(KIND.array, '', 0, [of, of, length]),
    struct: (name, bytes, members) => aggregate(KIND.struct, name, bytes, members),
    union: (name, bytes, members) => aggregate(KIND.union, name, bytes, members),
    alias: (kind, name, to) => raw(KIND[kind], name, to),
    enum: (name, values) => {
      const entries = Object.entries(values);
      return raw(
        KIND.enum,
        name,
        4,
        entries.flatMap(([key, value]) => [string(key), value >>> 0]),
        entries.length,
        entries.some(([, value]) => value < 0),
      );
    },
    enum64: (name, values) => {
      const entries = Object.entries(values);
      const trailer = entries.flatMap(([key, value]) => [
        string(key),
        Number(value & 0xffffffffn),
        Number(value >> 32n),
      ]);
      return raw(KIND.enum64, name, 8, trailer, entries.length);
    },
    bytes: () => blobOf(words, [...strings.keys()], stringsBytes, littleEndian),
  };
}

function blobOf(
  words: readonly number[],
  strings: readonly string[],
  stringsBytes: number,
  little: boolean,
): Uint8Array {
  const blob = new Uint8Array(24 + words.length * 4 + stringsBytes);
  const view = new DataView(blob.buffer);
  view.setUint16(0, 0xeb9f, little);
  view.setUint8(2, 1);
  [24, 0, words.length * 4, words.length * 4, stringsBytes].forEach((word, i) => {
    view.setUint32(4 + i * 4, word, little);
  });
  words.forEach((word, i) => {
    view.setUint32(24 + i * 4, word, little);
  });
  blob.set(Buffer.from(strings.map((text) => `${text}\0`).join(''), 'latin1'), 24 + words.length * 4);
  return blob;
}

export interface WrittenSection {
  readonly name: string;
  readonly content: Uint8Array;
  readonly type?: number;
  readonly flags?: number;
}

/** An ELF file with these sections behind the null one, the names last. */
export function elfFile(sections: readonly WrittenSection[], wide = true, little = true): Uint8Array {
  const names = ['', ...sections.map(({ name }) => name), '.shstrtab'];
  const namesText = Buffer.from(`${names.join('\0')}\0`, 'latin1');
  const nameAt = names.map((_, i) => names.slice(0, i).join('\0').length + (i === 0 ? 0 : 1));
  const all = [...sections, { name: '.shstrtab', content: new Uint8Array(namesText), type: 3 }];
  const [headBytes, entryBytes] = wide ? [64, 64] : [52, 40];
  let at = headBytes;
  const places = all.map(({ content }) => {
    const place = at;
    at += content.length;
    return place;
  });
  const file = new Uint8Array(at + (all.length + 1) * entryBytes);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, little ? 1 : 2, 1]);
  const word = (where: number, value: number): void =>
    wide ? view.setBigUint64(where, BigInt(value), little) : view.setUint32(where, value, little);
  word(wide ? 40 : 32, at);
  view.setUint16(wide ? 58 : 46, entryBytes, little);
  view.setUint16(wide ? 60 : 48, all.length + 1, little);
  view.setUint16(wide ? 62 : 50, all.length, little);
  all.forEach(({ content, type, flags }: WrittenSection, i) => {
    const entry = at + (i + 1) * entryBytes;
    view.setUint32(entry, nameAt[i + 1] as number, little);
    view.setUint32(entry + 4, type ?? 1, little);
    word(entry + 8, flags ?? 0);
    word(entry + (wide ? 24 : 16), places[i] as number);
    word(entry + (wide ? 32 : 20), content.length);
    file.set(content, places[i]);
  });
  return file;
}
