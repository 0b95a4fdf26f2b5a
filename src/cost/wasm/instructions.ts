// Instructions of WebAssembly: where each ends, what it takes from the operand stack and puts there, and what it does to memory. The core
// specification 2.0 with SIMD, threads and tail calls; anything else is refused, because what is not known cannot be counted.
import { LabError } from '../../base/errors.ts';
import type { ByteReader } from './bytes.ts';

/** Value types that take part in memory accesses. */
export const I32 = 0x7f;
export const I64 = 0x7e;
export const F32 = 0x7d;
export const F64 = 0x7c;
export const V128 = 0x7b;

/** What an access does. Atomic loads are `load`; `atomic-store` and `update` are locked on x86. */
export type AccessKind = 'load' | 'store' | 'update' | 'atomic-store';

/** One access of the memory by an instruction whose operands are [address, ...operands]. */
export interface MemoryAccess {
  kind: AccessKind;
  bytes: number;
  /** Types of the operands above the address. */
  operands: readonly number[];
  /** Constant that is added to the address. */
  offset: number;
}

/** memory.copy, memory.fill and memory.init: their operands are three i32, the last the length. */
export type RangeAccess = 'copy' | 'fill' | 'init';

export interface Instruction {
  /** Opcode; prefixed ones as prefix * 2^16 + number. */
  op: number;
  /** First byte, and the one behind the last. */
  at: number;
  end: number;
  /** Function, global, local, type or label index, where there is one. */
  index: number;
  /** br_table: its labels, the default last. */
  labels?: readonly number[];
  access?: MemoryAccess;
  range?: RangeAccess;
}

const SIMD = 0xfd0000;
const THREADS = 0xfe0000;
const MISC = 0xfc0000;

export const OP = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  call: 0x10,
  callIndirect: 0x11,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  drop: 0x1a,
  select: 0x1b,
  selectTyped: 0x1c,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  refFunc: 0xd2,
  notify: THREADS,
  fence: THREADS + 3,
} as const;

/** 0x28 to 0x3e: type of the value, bytes, whether it stores. */
const PLAIN: readonly (readonly [number, number, boolean])[] = [
  ...[[I32, 4] as const, [I64, 8] as const, [F32, 4] as const, [F64, 8] as const].map(load),
  ...[[I32, 1] as const, [I32, 1] as const, [I32, 2] as const, [I32, 2] as const].map(load),
  ...[[I64, 1] as const, [I64, 1] as const, [I64, 2] as const, [I64, 2] as const].map(load),
  ...[[I64, 4] as const, [I64, 4] as const].map(load),
  ...[[I32, 4] as const, [I64, 8] as const, [F32, 4] as const, [F64, 8] as const].map(save),
  ...[[I32, 1] as const, [I32, 2] as const, [I64, 1] as const, [I64, 2] as const, [I64, 4] as const].map(save),
];

function load([type, bytes]: readonly [number, number]): readonly [number, number, boolean] {
  return [type, bytes, false];
}

function save([type, bytes]: readonly [number, number]): readonly [number, number, boolean] {
  return [type, bytes, true];
}

/** The seven widths that every family of atomic accesses has, in the order of their opcodes. */
const ATOMIC: readonly (readonly [number, number])[] = [
  ...[[I32, 4] as const, [I64, 8] as const, [I32, 1] as const, [I32, 2] as const],
  ...[[I64, 1] as const, [I64, 2] as const, [I64, 4] as const],
];
/** Bytes of v128.load and its kin, 0xfd 0 to 10. */
const VECTOR_LOADS = [16, 8, 8, 8, 8, 8, 8, 1, 2, 4, 8];

function plainAccess(op: number): Omit<MemoryAccess, 'offset'> {
  const [type, bytes, stores] = PLAIN[op - 0x28] as readonly [number, number, boolean];
  return stores ? { kind: 'store', bytes, operands: [type] } : { kind: 'load', bytes, operands: [] };
}

function atomicAccess(sub: number): Omit<MemoryAccess, 'offset'> | undefined {
  if (sub === 0) return { kind: 'load', bytes: 4, operands: [I32] };
  if (sub === 1) return { kind: 'load', bytes: 4, operands: [I32, I64] };
  if (sub === 2) return { kind: 'load', bytes: 8, operands: [I64, I64] };
  if (sub < 0x10 || sub > 0x4e) return undefined;
  const [type, bytes] = ATOMIC[(sub - 0x10) % 7] as readonly [number, number];
  const family = Math.floor((sub - 0x10) / 7);
  if (family === 0) return { kind: 'load', bytes, operands: [] };
  if (family === 1) return { kind: 'atomic-store', bytes, operands: [type] };
  // Seven read-modify-writes, then compare and exchange with one operand more.
  return { kind: 'update', bytes, operands: family === 8 ? [type, type] : [type] };
}

function vectorAccess(sub: number): Omit<MemoryAccess, 'offset'> | undefined {
  if (sub <= 10) return { kind: 'load', bytes: VECTOR_LOADS[sub] as number, operands: [] };
  if (sub === 11) return { kind: 'store', bytes: 16, operands: [V128] };
  if (sub >= 84 && sub <= 87) return { kind: 'load', bytes: 2 ** (sub - 84), operands: [V128] };
  if (sub >= 88 && sub <= 91) return { kind: 'store', bytes: 2 ** (sub - 88), operands: [V128] };
  if (sub === 92 || sub === 93) return { kind: 'load', bytes: sub === 92 ? 4 : 8, operands: [] };
  return undefined;
}

/** Reads the instructions of an expression up to and with its last `end`. @throws LabError for one that is not known */
export function readInstructions(reader: ByteReader): Instruction[] {
  const found: Instruction[] = [];
  let depth = 1;
  while (depth > 0) {
    const instruction = readInstruction(reader);
    if (instruction.op === OP.block || instruction.op === OP.loop || instruction.op === OP.if) depth++;
    if (instruction.op === OP.end) depth--;
    found.push(instruction);
  }
  return found;
}

function readInstruction(reader: ByteReader): Instruction {
  const at = reader.at;
  const first = reader.u8();
  if (first === 0xfc) return readMisc(reader, at);
  if (first === 0xfd) return readVector(reader, at);
  if (first === 0xfe) return readAtomic(reader, at);
  const done = (index = 0, more: Partial<Instruction> = {}): Instruction => ({
    op: first,
    at,
    end: reader.at,
    index,
    ...more,
  });
  if (first >= 0x28 && first <= 0x3e) {
    const offset = readMemarg(reader, at);
    return done(0, { access: { ...plainAccess(first), offset } });
  }
  if (first === OP.brTable) {
    const labels = Array.from({ length: reader.u32() + 1 }, () => reader.u32());
    return done(0, { labels });
  }
  switch (immediateOf(first)) {
    case 'none':
      return done();
    case 'index':
      return done(reader.u32());
    case 'two': {
      const index = reader.u32();
      reader.u32();
      return done(index);
    }
    case 'signed':
      return done(reader.s33());
    case 'types':
      reader.skip(reader.u32());
      return done();
    case 'leb':
      reader.skipLeb();
      return done();
    case 'four':
      reader.skip(4);
      return done();
    case 'eight':
      reader.skip(8);
      return done();
    default:
      throw unknown(at, `0x${first.toString(16)}`);
  }
}

function immediateOf(op: number): string {
  if (op === OP.block || op === OP.loop || op === OP.if || op === 0xd0) return 'signed';
  if (op === OP.br || op === OP.brIf || op === OP.call || op === OP.returnCall || op === OP.refFunc) return 'index';
  if (op === OP.callIndirect || op === OP.returnCallIndirect) return 'two';
  if (op === OP.selectTyped) return 'types';
  if ((op >= 0x20 && op <= 0x26) || op === 0x3f || op === 0x40) return 'index';
  if (op === 0x41 || op === 0x42) return 'leb';
  if (op === 0x43) return 'four';
  if (op === 0x44) return 'eight';
  const bare = [OP.unreachable, 0x01, OP.else, OP.end, OP.return, OP.drop, OP.select, 0xd1];
  return bare.includes(op) || (op >= 0x45 && op <= 0xc4) ? 'none' : 'unknown';
}

function readMisc(reader: ByteReader, at: number): Instruction {
  const sub = reader.u32();
  if (sub > 17) throw unknown(at, `0xfc ${sub}`);
  const RANGE: Readonly<Record<number, RangeAccess>> = { 8: 'init', 10: 'copy', 11: 'fill' };
  const indices = sub < 8 ? 0 : [8, 10, 12, 14].includes(sub) ? 2 : 1;
  const found = Array.from({ length: indices }, () => reader.u32());
  const range = RANGE[sub];
  const memories = range === 'init' ? found.slice(1) : range === undefined ? [] : found;
  if (memories.some((memory) => memory !== 0)) throw anotherMemory(at);
  return { op: MISC + sub, at, end: reader.at, index: found[0] ?? 0, ...(range && { range }) };
}

function readVector(reader: ByteReader, at: number): Instruction {
  const sub = reader.u32();
  const access = vectorAccess(sub);
  const offset = access === undefined ? 0 : readMemarg(reader, at);
  if (sub === 12 || sub === 13) reader.skip(16);
  if ((sub >= 21 && sub <= 34) || (sub >= 84 && sub <= 91)) reader.skip(1);
  if (sub > 255) throw unknown(at, `0xfd ${sub}`);
  return { op: SIMD + sub, at, end: reader.at, index: 0, ...(access && { access: { ...access, offset } }) };
}

function readAtomic(reader: ByteReader, at: number): Instruction {
  const sub = reader.u32();
  if (sub === 3) reader.skip(1);
  const access = atomicAccess(sub);
  if (access === undefined && sub !== 3) throw unknown(at, `0xfe ${sub}`);
  const offset = access === undefined ? 0 : readMemarg(reader, at);
  return { op: THREADS + sub, at, end: reader.at, index: 0, ...(access && { access: { ...access, offset } }) };
}

/** The constant offset. Only the first memory is followed. */
function readMemarg(reader: ByteReader, at: number): number {
  if (reader.u32() & 0x40 && reader.u32() !== 0) throw anotherMemory(at);
  return reader.u32();
}

function unknown(at: number, opcode: string): LabError {
  return new LabError(
    `the module has opcode ${opcode} at byte ${at}, which cannot be counted: expected WebAssembly 2.0 with SIMD and threads.`,
  );
}

function anotherMemory(at: number): LabError {
  return new LabError(`the module reaches a second memory at byte ${at}: expected modules with one memory.`);
}

/** Operands that an instruction without labels, calls and locals takes from the stack, and results that it puts there. */
export function stackEffect({ op, access, range }: Instruction): readonly [takes: number, puts: number] {
  if (access !== undefined) return accessEffect(op, access);
  if (range !== undefined) return [3, 0];
  if (op >= SIMD && op < THREADS) return [vectorOperands(op - SIMD), 1];
  if (op === OP.drop) return [1, 0];
  if (op === OP.select || op === OP.selectTyped) return [3, 1];
  if (op === OP.globalGet || op === 0x3f || (op >= 0x41 && op <= 0x44) || op === 0xd0 || op === OP.refFunc)
    return [0, 1];
  if (op === OP.globalSet) return [1, 0];
  if (op === 0x25 || op === 0x40 || op === 0xd1) return [1, 1];
  if (op === 0x26) return [2, 0];
  if (op >= 0x45 && op <= 0xc4) return [isUnary(op) ? 1 : 2, 1];
  return MISC_EFFECT[op - MISC] ?? [0, 0];
}

/** Of 0xfc 0 to 17. */
const MISC_EFFECT: readonly (readonly [number, number])[] = [
  ...Array.from({ length: 8 }, () => [1, 1] as const),
  ...([
    [3, 0],
    [0, 0],
    [3, 0],
    [3, 0],
    [3, 0],
    [0, 0],
    [3, 0],
    [2, 1],
    [0, 1],
    [3, 0],
  ] as const),
];

function accessEffect(op: number, { kind, operands }: MemoryAccess): readonly [number, number] {
  const returns = kind === 'load' || kind === 'update';
  // Lane stores take the vector and give nothing back.
  return [1 + operands.length, returns && !(op >= SIMD + 88 && op <= SIMD + 91) ? 1 : 0];
}

function isUnary(op: number): boolean {
  if (op === 0x45 || op === 0x50 || op >= 0xa7) return true;
  const between = (from: number, to: number): boolean => op >= from && op <= to;
  return between(0x67, 0x69) || between(0x79, 0x7b) || between(0x8b, 0x91) || between(0x99, 0x9f);
}

/** Numbers of SIMD instructions with one operand; the rest have two, bitselect three, v128.const none. */
const ONE_OPERAND = new Set([
  ...[15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 27, 29, 31, 33, 77, 83, 94, 95, 96, 97, 98, 99, 100, 103, 104, 105, 106],
  ...[116, 117, 122, 124, 125, 126, 127, 128, 129, 131, 132, 135, 136, 137, 138, 148, 160, 161, 163, 164, 167, 168],
  ...[169, 170, 192, 193, 195, 196, 199, 200, 201, 202, 224, 225, 227, 236, 237, 239],
  ...[248, 249, 250, 251, 252, 253, 254, 255],
]);

function vectorOperands(sub: number): number {
  if (sub === 12) return 0;
  if (sub === 82) return 3;
  return ONE_OPERAND.has(sub) ? 1 : 2;
}
