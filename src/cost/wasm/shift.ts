// Renumbering of functions in the parts of a module that are no code: exports, start, elements, constant expressions, names.
import { LabError } from '../../base/errors.ts';
import { ByteReader, ByteWriter } from './bytes.ts';
import { type Instruction, OP, readInstructions } from './instructions.ts';
import { SECTION, type Section } from './sections.ts';

/** New index of a function. */
export type Renumber = (index: number) => number;

/** An instruction that names a function, with its new number; all others as they are. */
export function writeInstruction(
  out: ByteWriter,
  bytes: Uint8Array,
  instruction: Instruction,
  renumber: Renumber,
): void {
  const { op, at, end, index } = instruction;
  if (op === OP.call || op === OP.returnCall || op === OP.refFunc) out.u8(op).u32(renumber(index));
  else out.raw(bytes.subarray(at, end));
}

function copyExpression(reader: ByteReader, out: ByteWriter, renumber: Renumber): void {
  for (const instruction of readInstructions(reader)) writeInstruction(out, reader.bytes, instruction, renumber);
}

/** Contents of a section with functions renumbered; undefined where it names none. */
export function renumbered(bytes: Uint8Array, { id, at, end }: Section, renumber: Renumber): ByteWriter | undefined {
  const reader = new ByteReader(bytes, at, end);
  const out = new ByteWriter();
  if (id === SECTION.start) return out.u32(renumber(reader.u32()));
  if (id === SECTION.export) return copyVector(reader, out, () => copyExport(reader, out, renumber));
  if (id === SECTION.element) return copyVector(reader, out, () => copyElements(reader, out, renumber));
  if (id === SECTION.global) {
    return copyVector(reader, out, () => {
      out.raw(reader.take(2));
      copyExpression(reader, out, renumber);
    });
  }
  if (id === SECTION.table && hasInitialisers(reader))
    throw new LabError('the module has a table with an initial value: expected WebAssembly 2.0.');
  return undefined;
}

function hasInitialisers(reader: ByteReader): boolean {
  return reader.u32() > 0 && reader.u8() === 0x40;
}

function copyVector(reader: ByteReader, out: ByteWriter, copyItem: () => void): ByteWriter {
  const count = reader.u32();
  out.u32(count);
  for (let i = 0; i < count; i++) copyItem();
  return out;
}

function copyExport(reader: ByteReader, out: ByteWriter, renumber: Renumber): void {
  const name = reader.take(reader.u32());
  const kind = reader.u8();
  const index = reader.u32();
  out
    .u32(name.length)
    .raw(name)
    .u8(kind)
    .u32(kind === 0 ? renumber(index) : index);
}

/** One element segment: bit 0 of its flags: not active; bit 1: a table index or declared; bit 2: expressions. */
function copyElements(reader: ByteReader, out: ByteWriter, renumber: Renumber): void {
  const flags = reader.u32();
  out.u32(flags);
  const isActive = (flags & 1) === 0;
  if (isActive && flags & 2) out.u32(reader.u32());
  if (isActive) copyExpression(reader, out, renumber);
  if (flags & 3) out.u8(reader.u8());
  copyVector(reader, out, () => {
    if (flags & 4) copyExpression(reader, out, renumber);
    else out.u32(renumber(reader.u32()));
  });
}

/** The name section with functions renumbered; what it says of labels and fields of later proposals is left out. */
export function renumberedNames(bytes: Uint8Array, { at, end }: Section, renumber: Renumber): ByteWriter {
  const reader = new ByteReader(bytes, at, end);
  const out = new ByteWriter().name('name');
  while (!reader.atEnd) {
    const kind = reader.u8();
    const length = reader.u32();
    const last = reader.at + length;
    const part = new ByteWriter();
    if (kind === 1) {
      copyVector(reader, part, () => {
        part.u32(renumber(reader.u32()));
        part.raw(lengthPrefixed(reader));
      });
      out.u8(kind).sized(part);
    } else if (kind === 2) {
      copyVector(reader, part, () => {
        part.u32(renumber(reader.u32()));
        copyVector(reader, part, () => part.u32(reader.u32()).raw(lengthPrefixed(reader)));
      });
      out.u8(kind).sized(part);
    } else if (kind === 0 || kind === 7) out.u8(kind).sized(part.raw(bytes.subarray(reader.at, last)));
    reader.at = last;
  }
  return out;
}

/** A name with its length, as it stands. */
function lengthPrefixed(reader: ByteReader): Uint8Array {
  const start = reader.at;
  reader.skip(reader.u32());
  return reader.bytes.subarray(start, reader.at);
}
