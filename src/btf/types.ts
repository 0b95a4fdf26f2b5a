// Types as BTF has them, decoded when asked for: records, members with anonymous ones unfolded, sizes, paths.
import { type BtfTypes, damaged, KIND, kindOf, MEMBER_BYTES, RECORD_BYTES, stringAt, vlenOf } from './parse.ts';

/** One record. */
export interface BtfType {
  /** The set that holds the record: its own ids may refer to that set's base, never to another's. */
  readonly owner: BtfTypes;
  readonly id: number;
  readonly kind: number;
  /** Empty for anonymous types. */
  readonly name: string;
  readonly vlen: number;
  readonly kindFlag: boolean;
  /** Bytes of a sized kind; type id of a referring one. */
  readonly sizeOrType: number;
  /** Byte offset of what follows the record. */
  readonly trailerAt: number;
}

/** A named member of a struct, with those of anonymous structs and unions inside it counted as its own (as in C). */
export interface Member {
  readonly name: string;
  readonly owner: BtfTypes;
  readonly typeId: number;
  /** From the start of the outermost struct. */
  readonly bitAt: number;
  /** Width of a bitfield; 0 for a whole member. */
  readonly bitWidth: number;
}

/** Where a member lies. */
export interface MemberPlace {
  readonly bitAt: number;
  readonly bitWidth: number;
  readonly bytes: number;
}

/** Deeper chains of typedefs, arrays or anonymous members than any compiler emits are a loop. */
const MAX_DEPTH = 64;
/** The kernel's largest structs have about 1,000 members; anonymous ones that unfold to more are a crafted file. */
const MAX_MEMBERS = 20_000;

/** The record of an id that parseBtf has checked; undefined for void (0). */
export function typeOf(types: BtfTypes, id: number): BtfType | undefined {
  if (id === 0) return undefined;
  if (id < types.firstId && types.base !== undefined) return typeOf(types.base, id);
  const at = types.recordAt[id - types.firstId];
  if (at === undefined) throw damaged(types.source, 0, `no type ${id}`);
  const { view, littleEndian } = types;
  const info = view.getUint32(at + 4, littleEndian);
  return {
    owner: types,
    id,
    kind: kindOf(info),
    name: stringAt(types, view.getUint32(at, littleEndian)),
    vlen: vlenOf(info),
    kindFlag: info >>> 31 === 1,
    sizeOrType: view.getUint32(at + 8, littleEndian),
    trailerAt: at + RECORD_BYTES,
  };
}

/** The type behind typedefs and qualifiers. */
export function resolved(types: BtfTypes, id: number): BtfType | undefined {
  let type = typeOf(types, id);
  for (let depth = 0; type !== undefined && isAlias(type.kind); depth++) {
    if (depth === MAX_DEPTH) throw loop(type);
    type = typeOf(type.owner, type.sizeOrType);
  }
  return type;
}

/** Bytes of a type; 0 for void, functions and forward declarations. */
export function sizeOf(types: BtfTypes, id: number, depth = 0): number {
  const type = resolved(types, id);
  if (type === undefined) return 0;
  if (type.kind === KIND.pointer) return types.pointerBytes;
  if (type.kind === KIND.array) {
    if (depth === MAX_DEPTH) throw loop(type);
    const [element, count] = arrayOf(type);
    return count * sizeOf(type.owner, element, depth + 1);
  }
  const isSized = SIZED.has(type.kind);
  return isSized ? type.sizeOrType : 0;
}

/** The first name on the way from an id to its type: `spinlock_t`, `struct completion`, `unsigned int`, or empty. */
export function typeName(types: BtfTypes, id: number): string {
  let type = typeOf(types, id);
  for (let depth = 0; type !== undefined && type.name === '' && isAlias(type.kind) && depth < MAX_DEPTH; depth++) {
    type = typeOf(type.owner, type.sizeOrType);
  }
  if (type === undefined || type.name === '') return '';
  const isStruct = type.kind === KIND.struct || type.kind === KIND.union;
  return isStruct ? `${type.kind === KIND.struct ? 'struct' : 'union'} ${type.name}` : type.name;
}

/** The named members of a struct or union in the file's order, those of anonymous ones in place of them. */
export function membersOf(type: BtfType): Member[] {
  const members: Member[] = [];
  collect(type, 0, 0, members);
  return members;
}

/**
 * Where `path` lies in a struct: members by name, joined by dots, an array's element by `[i]` (`sgt.sgl`, `list[1]`).
 * @returns undefined when there is no such member
 */
export function memberAt(type: BtfType, path: string): MemberPlace | undefined {
  let within: BtfType | undefined = type;
  let place: MemberPlace = { bitAt: 0, bitWidth: 0, bytes: type.sizeOrType };
  for (const step of path.split('.')) {
    const [, name, index] = /^(\w+)(?:\[(\d+)\])?$/.exec(step) ?? [];
    if (within === undefined || (within.kind !== KIND.struct && within.kind !== KIND.union)) return undefined;
    const member: Member | undefined = membersOf(within).find((candidate) => candidate.name === name);
    if (member === undefined) return undefined;
    const bitAt = place.bitAt + member.bitAt;
    place = { bitAt, bitWidth: member.bitWidth, bytes: sizeOf(member.owner, member.typeId) };
    within = resolved(member.owner, member.typeId);
    if (index !== undefined) {
      if (within?.kind !== KIND.array) return undefined;
      const [element] = arrayOf(within);
      const bytes = sizeOf(within.owner, element);
      place = { bitAt: bitAt + Number(index) * bytes * 8, bitWidth: 0, bytes };
      within = resolved(within.owner, element);
    }
  }
  return place;
}

/** Every value of the wanted enumerators in this set's own enums: more than one where enums share a name. */
export function enumerators(types: BtfTypes, wanted: ReadonlySet<string>): Map<string, number[]> {
  const found = new Map<string, number[]>();
  const { view, littleEndian } = types;
  for (let i = 0; i < types.recordAt.length; i++) {
    const kind = kindOf(view.getUint32((types.recordAt[i] as number) + 4, littleEndian));
    if (kind !== KIND.enum && kind !== KIND.enum64) continue;
    const type = typeOf(types, types.firstId + i) as BtfType;
    for (let j = 0; j < type.vlen; j++) {
      const at = type.trailerAt + j * (kind === KIND.enum ? 8 : 12);
      const name = stringAt(types, view.getUint32(at, littleEndian));
      if (!wanted.has(name)) continue;
      const values = found.get(name) ?? [];
      const value = enumValue(type, at);
      if (!values.includes(value)) values.push(value);
      found.set(name, values);
    }
  }
  return found;
}

const SIZED: ReadonlySet<number> = new Set([KIND.int, KIND.struct, KIND.union, KIND.enum, KIND.enum64, KIND.float]);

function isAlias(kind: number): boolean {
  return (
    kind === KIND.typedef ||
    kind === KIND.const ||
    kind === KIND.volatile ||
    kind === KIND.restrict ||
    kind === KIND.typeTag
  );
}

/** Signed where the enum is (kind flag), which only negative 32-bit values and no 64-bit flag word of the kernel show. */
function enumValue(type: BtfType, at: number): number {
  const { view, littleEndian } = type.owner;
  if (type.kind === KIND.enum) {
    return type.kindFlag ? view.getInt32(at + 4, littleEndian) : view.getUint32(at + 4, littleEndian);
  }
  const low = view.getUint32(at + 4, littleEndian);
  return low + 2 ** 32 * (type.kindFlag ? view.getInt32(at + 8, littleEndian) : view.getUint32(at + 8, littleEndian));
}

function collect(outer: BtfType, startBit: number, depth: number, into: Member[]): void {
  if (depth === MAX_DEPTH) throw loop(outer);
  const type = completed(outer);
  const { view, littleEndian } = type.owner;
  for (let i = 0; i < type.vlen; i++) {
    const at = type.trailerAt + i * MEMBER_BYTES;
    const name = stringAt(type.owner, view.getUint32(at, littleEndian));
    const typeId = view.getUint32(at + 4, littleEndian);
    const word = view.getUint32(at + 8, littleEndian);
    const inner = resolved(type.owner, typeId);
    const isAggregate = inner?.kind === KIND.struct || inner?.kind === KIND.union;
    const field = bitsOf(type, word, inner);
    const bitAt = startBit + field.bitAt;
    if (name === '' && inner !== undefined && isAggregate) collect(inner, bitAt, depth + 1, into);
    else if (name !== '') into.push({ name, owner: type.owner, typeId, bitAt, bitWidth: field.bitWidth });
    if (into.length > MAX_MEMBERS) throw damaged(type.owner.source, at, `more than ${MAX_MEMBERS} members in a struct`);
  }
}

/** Bit offset and width of a member: in the offset word since Linux 5.0 (kind flag), before in the integer's own record. */
function bitsOf(type: BtfType, word: number, inner: BtfType | undefined): { bitAt: number; bitWidth: number } {
  if (type.kindFlag) return { bitAt: word & 0xffffff, bitWidth: word >>> 24 };
  if (inner?.kind !== KIND.int) return { bitAt: word, bitWidth: 0 };
  const encoding = inner.owner.view.getUint32(inner.trailerAt, inner.owner.littleEndian);
  const bits = encoding & 0xff;
  const bitWidth = bits === 0 || bits === inner.sizeOrType * 8 ? 0 : bits;
  return { bitAt: word + ((encoding >>> 16) & 0xff), bitWidth };
}

/** A struct of which a distilled base tells only name and size, as the whole base has it. */
function completed(type: BtfType): BtfType {
  const whole = type.owner.completion;
  if (whole === undefined || type.vlen > 0 || type.sizeOrType === 0) return type;
  const ids = whole.structs.get(type.name) ?? [];
  const candidates = ids.map((id) => typeOf(whole, id)).filter((other) => other?.sizeOrType === type.sizeOrType);
  return candidates[0] ?? type;
}

function arrayOf(type: BtfType): [element: number, count: number] {
  const { view, littleEndian } = type.owner;
  return [view.getUint32(type.trailerAt, littleEndian), view.getUint32(type.trailerAt + 8, littleEndian)];
}

function loop(type: BtfType): Error {
  return damaged(type.owner.source, type.trailerAt - RECORD_BYTES, `type ${type.id} contains itself`);
}
