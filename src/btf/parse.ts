// BTF, the kernel's own description of its types (Documentation/bpf/btf.rst, include/uapi/linux/btf.h): header, type
// records, strings. Every length and reference is checked here, once; what reads the result need not check again.
// A record is decoded when it is asked for (types.ts): a kernel has 100,000 and more of them.
import { LabError } from '../base/errors.ts';

/** One set of types. A split one (a module's) continues the ids and strings of its base. */
export interface BtfTypes {
  /** File, for messages. */
  readonly source: string;
  readonly view: DataView;
  readonly littleEndian: boolean;
  /** Bytes of a pointer: 4 or 8. */
  readonly pointerBytes: number;
  /** Id of this set's first type; those below are the base's (0 is void). */
  readonly firstId: number;
  /** Byte offset of each own type's record in `view`. */
  readonly recordAt: Uint32Array;
  /** Own strings in `view`, and the string offset at which they begin. */
  readonly stringsAt: number;
  readonly stringsBytes: number;
  readonly firstString: number;
  readonly base: BtfTypes | undefined;
  /** Where structs of which this set knows only the size (a distilled base) are looked up by name. */
  readonly completion: BtfTypes | undefined;
  /** Ids of the own structs and unions of each name; more than one where units of the kernel disagree. */
  readonly structs: ReadonlyMap<string, readonly number[]>;
}

export const KIND = {
  int: 1,
  pointer: 2,
  array: 3,
  struct: 4,
  union: 5,
  enum: 6,
  forward: 7,
  typedef: 8,
  volatile: 9,
  const: 10,
  restrict: 11,
  func: 12,
  funcProto: 13,
  var: 14,
  datasec: 15,
  float: 16,
  declTag: 17,
  typeTag: 18,
  enum64: 19,
} as const;

const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
export const RECORD_BYTES = 12;
export const MEMBER_BYTES = 12;

/** Bytes that follow a record: fixed for the kind, and for each of its vlen entries. */
const TRAILER: readonly (readonly [fixed: number, each: number] | undefined)[] = [
  undefined,
  [4, 0],
  [0, 0],
  [12, 0],
  [0, MEMBER_BYTES],
  [0, MEMBER_BYTES],
  [0, 8],
  ...Array.from({ length: 6 }, () => [0, 0] as const),
  [0, 8],
  [4, 0],
  [0, 12],
  [0, 0],
  [4, 0],
  [0, 0],
  [0, 12],
];

/** Kinds whose third word is a type id. */
const REFERS: ReadonlySet<number> = new Set([
  ...[KIND.pointer, KIND.typedef, KIND.volatile, KIND.const, KIND.restrict],
  ...[KIND.func, KIND.funcProto, KIND.var, KIND.declTag, KIND.typeTag],
]);

interface Header {
  readonly view: DataView;
  readonly littleEndian: boolean;
  readonly typesAt: number;
  readonly typesBytes: number;
  readonly stringsAt: number;
  readonly stringsBytes: number;
}

/** Whether the bytes begin as BTF of either byte order does. */
export function isBtf(head: Uint8Array): boolean {
  return head.length >= 2 && ((head[0] === 0x9f && head[1] === 0xeb) || (head[0] === 0xeb && head[1] === 0x9f));
}

/** Whether this is split BTF: only a base begins its strings with the empty one. @throws LabError on a damaged header */
export function isSplit(blob: Uint8Array, source: string): boolean {
  const header = readHeader(blob, source);
  return header.stringsBytes > 0 && header.view.getUint8(header.stringsAt) !== 0;
}

/**
 * @param base the types that these continue; undefined for types that stand alone
 * @param completion see BtfTypes
 * @throws LabError with the byte on anything damaged
 */
export function parseBtf(blob: Uint8Array, source: string, base?: BtfTypes, completion?: BtfTypes): BtfTypes {
  const header = readHeader(blob, source);
  if (base === undefined && isSplit(blob, source)) throw new LabError(splitWithoutBase(source));
  if (base !== undefined && base.littleEndian !== header.littleEndian) {
    throw new LabError(
      `${source}: not of the byte order of its base ${base.source}. Give the base of the same kernel.`,
    );
  }
  const recordAt = indexRecords(header, source);
  const partial = {
    ...{ source, view: header.view, littleEndian: header.littleEndian, base, completion, recordAt },
    ...{ stringsAt: header.stringsAt, stringsBytes: header.stringsBytes },
    pointerBytes: base?.pointerBytes ?? 8,
    firstId: base === undefined ? 1 : base.firstId + base.recordAt.length,
    firstString: base === undefined ? 0 : base.firstString + base.stringsBytes,
  };
  checkReferences(partial);
  const structs = new Map<string, number[]>();
  let longBytes: number | undefined;
  for (let i = 0; i < recordAt.length; i++) {
    const at = recordAt[i] as number;
    const kind = kindOf(header.view.getUint32(at + 4, header.littleEndian));
    if (kind !== KIND.struct && kind !== KIND.union && kind !== KIND.int) continue;
    const name = stringAt(partial, header.view.getUint32(at, header.littleEndian));
    if (kind === KIND.int) {
      if (name === 'long unsigned int' || name === 'unsigned long') {
        longBytes = header.view.getUint32(at + 8, header.littleEndian);
      }
    } else if (name !== '') structs.set(name, [...(structs.get(name) ?? []), partial.firstId + i]);
  }
  // The kernel's ABIs are ILP32 and LP64: a long is as wide as a pointer.
  return { ...partial, structs, pointerBytes: longBytes === 4 || longBytes === 8 ? longBytes : partial.pointerBytes };
}

/** A string of this set or its base, for an offset that parseBtf has checked. */
export function stringAt(types: Pick<BtfTypes, 'view' | 'stringsAt' | 'firstString' | 'base'>, offset: number): string {
  if (offset < types.firstString && types.base !== undefined) return stringAt(types.base, offset);
  const start = types.stringsAt + offset - types.firstString;
  let end = start;
  while (types.view.getUint8(end) !== 0) end++;
  return Buffer.from(types.view.buffer, types.view.byteOffset + start, end - start).toString('latin1');
}

export function kindOf(info: number): number {
  return (info >>> 24) & 0x1f;
}

export function vlenOf(info: number): number {
  return info & 0xffff;
}

export function damaged(source: string, at: number, what: string): LabError {
  return new LabError(
    `${source}: damaged BTF at byte ${at}: ${what}. Copy the file again, or make it anew from a vmlinux with pahole -J.`,
  );
}

function readHeader(blob: Uint8Array, source: string): Header {
  if (blob.length < HEADER_BYTES) throw damaged(source, blob.length, `a header has ${HEADER_BYTES} bytes`);
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength);
  const littleEndian = view.getUint16(0, true) === MAGIC;
  if (!littleEndian && view.getUint16(0, false) !== MAGIC) {
    throw damaged(source, 0, `0x${view.getUint16(0, false).toString(16)} instead of the magic number 0xeb9f`);
  }
  const version = view.getUint8(2);
  if (version !== 1)
    throw new LabError(`${source}: BTF version ${version}; this reads version 1, the only one so far.`);
  const u32 = (at: number): number => view.getUint32(at, littleEndian);
  const bodyAt = u32(4);
  if (bodyAt < HEADER_BYTES || bodyAt > blob.length) throw damaged(source, 4, `header length ${bodyAt}`);
  const [typesAt, typesBytes, stringsAt, stringsBytes] = [bodyAt + u32(8), u32(12), bodyAt + u32(16), u32(20)];
  if (typesAt + typesBytes > blob.length || typesAt % 4 !== 0) {
    throw damaged(source, 8, `types at ${typesAt} to ${typesAt + typesBytes} in ${blob.length} bytes`);
  }
  if (stringsAt + stringsBytes > blob.length) {
    throw damaged(source, 16, `strings at ${stringsAt} to ${stringsAt + stringsBytes} in ${blob.length} bytes`);
  }
  if (stringsBytes > 0 && view.getUint8(stringsAt + stringsBytes - 1) !== 0) {
    throw damaged(source, stringsAt + stringsBytes - 1, 'the last string does not end');
  }
  return { view, littleEndian, typesAt, typesBytes, stringsAt, stringsBytes };
}

function indexRecords({ view, littleEndian, typesAt, typesBytes }: Header, source: string): Uint32Array {
  const records = new Uint32Array(Math.floor(typesBytes / RECORD_BYTES));
  const end = typesAt + typesBytes;
  let count = 0;
  let at = typesAt;
  while (at < end) {
    if (at + RECORD_BYTES > end) throw damaged(source, at, 'a type record is cut off');
    const info = view.getUint32(at + 4, littleEndian);
    const trailer = TRAILER[kindOf(info)];
    if (trailer === undefined) {
      throw new LabError(
        `${source}: type ${count + 1} at byte ${at} is of kind ${kindOf(info)}; this reads kinds 1 to ${KIND.enum64} (Linux 6.0 to 6.18). ` +
          'The file is damaged, or of a newer kernel.',
      );
    }
    const next = at + RECORD_BYTES + trailer[0] + trailer[1] * vlenOf(info);
    if (next > end) throw damaged(source, at, `type ${count + 1} of kind ${kindOf(info)} is cut off`);
    records[count++] = at;
    at = next;
  }
  return records.slice(0, count);
}

/** Every name and every type that a record refers to must be there. */
function checkReferences(types: Omit<BtfTypes, 'structs'>): void {
  const { view, littleEndian, recordAt, source } = types;
  const endId = types.firstId + recordAt.length;
  const endString = types.firstString + types.stringsBytes;
  const u32 = (at: number): number => view.getUint32(at, littleEndian);
  const checkName = (at: number): void => {
    if (u32(at) >= endString && u32(at) !== 0)
      throw danglingError(types, at, `string ${u32(at)} of ${endString} bytes`);
  };
  const checkType = (at: number): void => {
    if (u32(at) >= endId) throw danglingError(types, at, `type ${u32(at)} of ${endId - 1}`);
  };
  if (recordAt.length > 0 && endString === 0) throw damaged(source, types.stringsAt, 'no strings');
  for (const at of recordAt) {
    checkName(at);
    const info = u32(at + 4);
    const kind = kindOf(info);
    if (REFERS.has(kind)) checkType(at + 8);
    if (kind === KIND.array) checkType(at + RECORD_BYTES);
    const isAggregate = kind === KIND.struct || kind === KIND.union;
    const each = isAggregate || kind === KIND.enum64 ? MEMBER_BYTES : kind === KIND.enum ? 8 : 0;
    if (each === 0) continue;
    for (let i = 0; i < vlenOf(info); i++) {
      checkName(at + RECORD_BYTES + i * each);
      if (isAggregate) checkType(at + RECORD_BYTES + i * each + 4);
    }
  }
}

function danglingError({ source, base }: Pick<BtfTypes, 'source' | 'base'>, at: number, what: string): LabError {
  if (base === undefined) return damaged(source, at, `refers to ${what}`);
  return new LabError(
    `${source}: byte ${at} refers to ${what}: it is damaged, or ${base.source} is not the base it was made for. Give the base of the same kernel build.`,
  );
}

function splitWithoutBase(source: string): string {
  return (
    `${source}: split BTF (a module's): its types continue those of the kernel. ` +
    'Give those too: --btf-base /sys/kernel/btf/vmlinux of the same kernel.'
  );
}
