// Instruments a WebAssembly module: every access of memory tells an imported function its address, its site and the instructions so far,
// and every straight-line block counts how often it ran. What the module does stays the same; its functions keep their order and names.
import { assert } from '../base/errors.ts';
import { ByteReader, ByteWriter } from './wasm/bytes.ts';
import {
  type AccessKind,
  F32,
  F64,
  I32,
  I64,
  type Instruction,
  OP,
  type RangeAccess,
  readInstructions,
  V128,
} from './wasm/instructions.ts';
import { type FunctionBody, type ModuleShape, readModule, SECTION, type Section } from './wasm/sections.ts';
import { type Renumber, renumbered, renumberedNames, writeInstruction } from './wasm/shift.ts';

/** Module and names of the hooks that an instrumented module imports. */
export const HOOKS = { module: 'cost', access: 'access', range: 'range' } as const;
/** Name of the exported global that counts instructions; block N counts its runs in `cost.block.N`. */
const OPS_EXPORT = 'cost.ops';
/** What a hook is told of a site in one number: id, kind, logarithm of the bytes. */
export const SITE_SHIFT = 6;
const KIND_SHIFT = 3;
const KIND_CODE: Readonly<Record<AccessKind, number>> = { load: 0, store: 1, update: 2, 'atomic-store': 3 };

/** One place in the code that reads or writes memory. */
export interface Site {
  id: number;
  /** Function that it is in: its index in the module as it was. */
  function: number;
  /** Byte offset of the instruction in the module as it was. */
  at: number;
  kind: AccessKind;
  /** Bytes of one access; 0: as many as the instruction is told. */
  bytes: number;
}

/** Instructions that run one behind the other or not at all. */
export interface Block {
  function: number;
  /** Instructions of it that do something, with the byte offset of each. */
  ops: readonly number[];
}

export interface Rewritten {
  bytes: Uint8Array<ArrayBuffer>;
  sites: readonly Site[];
  blocks: readonly Block[];
  shape: ModuleShape;
}

/**
 * What is no instruction of a processor: where others begin and end, and operands, which are registers and immediates there. Left with
 * that, a module executes nine instructions where an x86-64 executes ten (npm run instructions).
 */
const NO_WORK: readonly number[] = [
  ...[0x01, OP.block, OP.loop, OP.else, OP.end, OP.drop],
  ...[OP.localGet, OP.localSet, OP.localTee, 0x41, 0x42, 0x43, 0x44],
];
/** Behind these another block begins. */
const ENDS_BLOCK: readonly number[] = [
  ...[OP.unreachable, OP.loop, OP.if, OP.else, OP.end, OP.br, OP.brIf, OP.brTable, OP.return],
  ...[OP.call, OP.callIndirect, OP.returnCall, OP.returnCallIndirect],
];

/**
 * @param firstSite id of the module's first site: modules that are simulated together share one numbering
 * @throws LabError for a module with what cannot be followed
 */
export function rewrite(bytes: Uint8Array, firstSite = 0): Rewritten {
  const shape = readModule(bytes);
  const state: State = {
    bytes,
    shape,
    firstSite,
    sites: [],
    blocks: [],
    renumber: (index) => (index < shape.importedFunctions ? index : index + 2),
  };
  const code = new ByteWriter().u32(shape.bodies.length);
  for (const body of shape.bodies) code.sized(rewriteBody(state, body));
  return { bytes: assemble(state, code), sites: state.sites, blocks: state.blocks, shape };
}

/** Ids of the sites at each byte offset: a copy has two, what it reads first. */
export function sitesByOffset(sites: readonly Site[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const { at, id } of sites) found.set(at, [...(found.get(at) ?? []), id]);
  return found;
}

/** What an instrumented instance has counted so far. */
export function opsOf(exports: WebAssembly.Exports): bigint {
  return (exports[OPS_EXPORT] as WebAssembly.Global).value as bigint;
}

/** How often each block has run. */
export function blockRuns(exports: WebAssembly.Exports, { blocks }: Rewritten): bigint[] {
  return blocks.map((_, index) => (exports[blockExport(index)] as WebAssembly.Global).value as bigint);
}

function blockExport(index: number): string {
  return `cost.block.${index}`;
}

interface State {
  bytes: Uint8Array;
  shape: ModuleShape;
  firstSite: number;
  sites: Site[];
  blocks: Block[];
  renumber: Renumber;
}

/** Indices of what is added: hooks behind the imported functions, globals behind all others. */
const accessHook = ({ shape }: State): number => shape.importedFunctions;
const rangeHook = ({ shape }: State): number => shape.importedFunctions + 1;
const opsGlobal = ({ shape }: State): number => shape.globals;
const blockGlobal = ({ shape }: State, block: number): number => shape.globals + 1 + block;

/** Locals that hold operands while a hook is called. */
interface Scratch {
  /** First local of a type: i32 for three, the others for two. */
  of(type: number): number;
  declarations: readonly (readonly [count: number, type: number])[];
}

const SCRATCH_TYPES = [I32, I64, F32, F64, V128];

function scratchFor(instructions: readonly Instruction[], firstFree: number): Scratch {
  const types = new Set<number>();
  for (const { access, range } of instructions) {
    if (access !== undefined || range !== undefined) types.add(I32);
    for (const type of access?.operands ?? []) types.add(type);
  }
  const declarations: (readonly [number, number])[] = [];
  const first = new Map<number, number>();
  let next = firstFree;
  for (const type of SCRATCH_TYPES.filter((each) => types.has(each))) {
    const count = type === I32 ? 3 : 2;
    first.set(type, next);
    declarations.push([count, type]);
    next += count;
  }
  return { of: (type) => first.get(type) as number, declarations };
}

function rewriteBody(state: State, body: FunctionBody): ByteWriter {
  const reader = new ByteReader(state.bytes, body.at, body.end);
  const groups = Array.from({ length: reader.u32() }, () => [reader.u32(), reader.u8()] as const);
  const instructions = readInstructions(reader);
  const locals = groups.reduce((sum, [count]) => sum + count, body.type.params.length);
  const scratch = scratchFor(instructions, locals);
  const out = new ByteWriter();
  const declared = [...groups, ...scratch.declarations];
  out.u32(declared.length);
  for (const [count, type] of declared) out.u32(count).u8(type);
  for (const block of blocksOf(instructions)) writeBlock(state, out, body, block, scratch);
  return out;
}

/** Instructions cut behind every one that may go elsewhere or be gone to. */
function blocksOf(instructions: readonly Instruction[]): Instruction[][] {
  const blocks: Instruction[][] = [];
  let current: Instruction[] = [];
  for (const instruction of instructions) {
    current.push(instruction);
    if (!ENDS_BLOCK.includes(instruction.op)) continue;
    blocks.push(current);
    current = [];
  }
  return blocks;
}

function writeBlock(state: State, out: ByteWriter, body: FunctionBody, block: Instruction[], scratch: Scratch): void {
  const ops = block.filter(({ op }) => !NO_WORK.includes(op));
  if (ops.length > 0) {
    addTo(out, opsGlobal(state), ops.length);
    addTo(out, blockGlobal(state, state.blocks.length), 1);
    state.blocks.push({ function: body.index, ops: ops.map(({ at }) => at) });
  }
  let ahead = ops.length;
  for (const instruction of block) {
    if (!NO_WORK.includes(instruction.op)) ahead--;
    if (instruction.access !== undefined) writeAccess(state, out, body, instruction, scratch, ahead);
    if (instruction.range !== undefined) writeRange(state, out, body, instruction, scratch, ahead);
    writeInstruction(out, state.bytes, instruction, state.renumber);
  }
}

/** global += amount (i64). */
function addTo(out: ByteWriter, global: number, amount: number): void {
  out.u8(OP.globalGet).u32(global).u8(0x42).s32(amount).u8(0x7c).u8(OP.globalSet).u32(global);
}

function newSite(state: State, body: FunctionBody, { at }: Instruction, kind: AccessKind, bytes: number): number {
  const id = state.firstSite + state.sites.length;
  state.sites.push({ id, function: body.index, at, kind, bytes });
  return (id << SITE_SHIFT) | (KIND_CODE[kind] << KIND_SHIFT) | Math.max(0, Math.log2(bytes || 1));
}

/** Operands [address, ...] go to locals, the hook is called, and they come back. */
function writeAccess(
  state: State,
  out: ByteWriter,
  body: FunctionBody,
  instruction: Instruction,
  scratch: Scratch,
  ahead: number,
): void {
  const { access } = instruction;
  assert(access !== undefined, 'the instruction reaches memory');
  const address = scratch.of(I32);
  // Of one type there are at most two operands; those of i32 lie behind the address.
  const seen = new Map<number, number>();
  const places = access.operands.map((type) => {
    const nth = seen.get(type) ?? 0;
    seen.set(type, nth + 1);
    return scratch.of(type) + nth + (type === I32 ? 1 : 0);
  });
  for (const place of [...places].reverse()) out.u8(OP.localSet).u32(place);
  out.u8(OP.localTee).u32(address).u8(OP.localGet).u32(address);
  if (access.offset !== 0) out.u8(0x41).s32(access.offset).u8(0x6a);
  out.u8(0x41).s32(newSite(state, body, instruction, access.kind, access.bytes));
  writeOpsSoFar(state, out, ahead);
  out.u8(OP.call).u32(accessHook(state));
  for (const place of places) out.u8(OP.localGet).u32(place);
}

/** Instructions that have run before this one: the block has counted those that are still ahead. */
function writeOpsSoFar(state: State, out: ByteWriter, ahead: number): void {
  out.u8(OP.globalGet).u32(opsGlobal(state));
  if (ahead > 0) out.u8(0x42).s32(ahead).u8(0x7d);
}

/** Which of the three operands (place, its length) are addresses, and of what kind, in the order of the accesses. */
const RANGES: Readonly<Record<RangeAccess, readonly (readonly [operand: number, kind: AccessKind])[]>> = {
  copy: [
    [1, 'load'],
    [0, 'store'],
  ],
  fill: [[0, 'store']],
  init: [[0, 'store']],
};

function writeRange(
  state: State,
  out: ByteWriter,
  body: FunctionBody,
  instruction: Instruction,
  scratch: Scratch,
  ahead: number,
): void {
  const first = scratch.of(I32);
  for (const operand of [2, 1, 0]) out.u8(OP.localSet).u32(first + operand);
  for (const [operand, kind] of RANGES[instruction.range as RangeAccess]) {
    out.u8(OP.localGet).u32(first + operand);
    out.u8(0x41).s32(newSite(state, body, instruction, kind, 0));
    out.u8(OP.localGet).u32(first + 2);
    writeOpsSoFar(state, out, ahead);
    out.u8(OP.call).u32(rangeHook(state));
  }
  for (const operand of [0, 1, 2]) out.u8(OP.localGet).u32(first + operand);
}

/** Puts the module together again. Custom sections but names are left out: what they say of offsets holds no more. */
function assemble(state: State, code: ByteWriter): Uint8Array<ArrayBuffer> {
  const { bytes, shape } = state;
  const out = new ByteWriter().raw(bytes.subarray(0, 8));
  const write = (id: number, contents: ByteWriter): void => {
    out.u8(id).sized(contents);
  };
  const added = new Map(additions(state));
  const own = (section: Section): void => {
    const { id, at, end } = section;
    const contents = id === SECTION.code ? code : renumbered(bytes, section, state.renumber);
    const grown = added.get(id);
    if (grown === undefined) write(id, contents ?? new ByteWriter().raw(bytes.subarray(at, end)));
    else write(id, extended(contents?.done() ?? bytes.subarray(at, end), grown));
    added.delete(id);
  };
  for (const section of shape.sections) {
    if (section.id === SECTION.custom) {
      if (section.name === 'name') write(SECTION.custom, renumberedNames(bytes, section, state.renumber));
      continue;
    }
    // A section that the module does not have yet goes where its number belongs.
    for (const [id, grown] of [...added]) {
      if (orderOf(id) >= orderOf(section.id)) continue;
      write(id, extended(new Uint8Array([0]), grown));
      added.delete(id);
    }
    own(section);
  }
  return out.done();
}

/** Sections lie in the order of their numbers; tags (13) and the count of data (12) have places of their own. */
function orderOf(id: number): number {
  if (id === 13) return SECTION.memory + 0.5;
  return id === 12 ? SECTION.element + 0.5 : id;
}

interface Addition {
  count: number;
  items: ByteWriter;
}

function additions(state: State): [number, Addition][] {
  const { shape } = state;
  const hookType = (...params: number[]): Uint8Array => Uint8Array.from([0x60, params.length, ...params, 0]);
  const types = new ByteWriter().raw(hookType(I32, I32, I64)).raw(hookType(I32, I32, I32, I64));
  const imports = new ByteWriter();
  [HOOKS.access, HOOKS.range].forEach((name, i) => {
    imports
      .name(HOOKS.module)
      .name(name)
      .u8(0)
      .u32(shape.types.length + i);
  });
  const globals = new ByteWriter();
  const exports = new ByteWriter();
  for (let i = 0; i <= state.blocks.length; i++) {
    globals.raw(Uint8Array.of(I64, 1, 0x42, 0, OP.end));
    exports
      .name(i === 0 ? OPS_EXPORT : blockExport(i - 1))
      .u8(3)
      .u32(shape.globals + i);
  }
  const count = state.blocks.length + 1;
  return [
    [SECTION.type, { count: 2, items: types }],
    [SECTION.import, { count: 2, items: imports }],
    [SECTION.global, { count, items: globals }],
    [SECTION.export, { count, items: exports }],
  ];
}

/** A vector with more items behind its own. */
function extended(contents: Uint8Array, { count, items }: Addition): ByteWriter {
  const reader = new ByteReader(contents);
  const had = reader.u32();
  return new ByteWriter()
    .u32(had + count)
    .raw(contents.subarray(reader.at))
    .raw(items.done());
}
