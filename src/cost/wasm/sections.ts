// Sections of a WebAssembly module, and the ones that say what its functions are: types, imports, functions, names.
import { LabError } from '../../base/errors.ts';
import { ByteReader } from './bytes.ts';

export const SECTION = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
} as const;

export interface Section {
  id: number;
  /** Name of a custom section, else empty. */
  name: string;
  /** First byte of its contents (behind a custom section's name), and the one behind the last. */
  at: number;
  end: number;
}

/** Operand and result types of a function. */
export interface FunctionType {
  params: readonly number[];
  results: readonly number[];
}

/** Body of one function: its locals and its instructions. */
export interface FunctionBody {
  /** Index among all functions, imports first. */
  index: number;
  type: FunctionType;
  /** First byte of the declarations of locals, and the one behind the body. */
  at: number;
  end: number;
}

export interface ModuleShape {
  sections: readonly Section[];
  types: readonly FunctionType[];
  importedFunctions: number;
  importedGlobals: number;
  /** Type of every function, imports first. */
  functionTypes: readonly FunctionType[];
  globals: number;
  bodies: readonly FunctionBody[];
  /** Names of functions by their index, where the module has them. */
  names: ReadonlyMap<number, string>;
}

const HEADER_BYTES = 8;

/** @throws LabError for what is no WebAssembly module, or not one that can be followed */
export function readModule(bytes: Uint8Array): ModuleShape {
  const isWasm = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].every((byte, at) => bytes[at] === byte);
  if (!isWasm)
    throw new LabError('not a WebAssembly module: it does not begin with the bytes 00 61 73 6d 01 00 00 00.');
  const sections = readSections(bytes);
  const within = (id: number): ByteReader | undefined => {
    const found = sections.find((section) => section.id === id);
    return found && new ByteReader(bytes, found.at, found.end);
  };
  const types = readTypes(within(SECTION.type));
  const imports = readImports(within(SECTION.import));
  const own = vector(within(SECTION.function), (reader) => reader.u32());
  const typeOf = (index: number): FunctionType => types[index] as FunctionType;
  const functionTypes = [...imports.functions, ...own].map(typeOf);
  const bodies = readBodies(within(SECTION.code), imports.functions.length, functionTypes);
  const globals = imports.globals + (within(SECTION.global)?.u32() ?? 0);
  return {
    sections,
    types,
    importedFunctions: imports.functions.length,
    importedGlobals: imports.globals,
    functionTypes,
    globals,
    bodies,
    names: readFunctionNames(bytes, sections),
  };
}

function readSections(bytes: Uint8Array): Section[] {
  const reader = new ByteReader(bytes, HEADER_BYTES);
  const sections: Section[] = [];
  while (!reader.atEnd) {
    const id = reader.u8();
    const length = reader.u32();
    const end = reader.at + length;
    const name = id === SECTION.custom ? reader.name() : '';
    sections.push({ id, name, at: reader.at, end });
    reader.at = end;
  }
  return sections;
}

function vector<T>(reader: ByteReader | undefined, item: (reader: ByteReader, index: number) => T): T[] {
  if (reader === undefined) return [];
  return Array.from({ length: reader.u32() }, (_, index) => item(reader, index));
}

function readTypes(section: ByteReader | undefined): FunctionType[] {
  return vector(section, (reader) => {
    if (reader.u8() !== 0x60)
      throw new LabError('the module has types that are no function types: expected WebAssembly 2.0.');
    const params = [...reader.take(reader.u32())];
    return { params, results: [...reader.take(reader.u32())] };
  });
}

function readImports(section: ByteReader | undefined): { functions: number[]; globals: number } {
  const functions: number[] = [];
  let globals = 0;
  vector(section, (reader) => {
    reader.name();
    reader.name();
    const kind = reader.u8();
    if (kind === 0) functions.push(reader.u32());
    else if (kind === 1) {
      reader.u8();
      skipLimits(reader);
    } else if (kind === 2) skipLimits(reader);
    else if (kind === 3) {
      reader.skip(2);
      globals++;
    } else
      throw new LabError(
        `the module imports something of kind ${kind}: expected functions, tables, memories, globals.`,
      );
  });
  return { functions, globals };
}

function skipLimits(reader: ByteReader): void {
  const flags = reader.u8();
  if (flags > 3) throw new LabError('the module has a 64-bit memory: expected 32-bit addresses.');
  reader.u32();
  if (flags & 1) reader.u32();
}

function readBodies(section: ByteReader | undefined, imported: number, types: readonly FunctionType[]): FunctionBody[] {
  return vector(section, (reader, i) => {
    const length = reader.u32();
    const at = reader.at;
    reader.skip(length);
    return { index: imported + i, type: types[imported + i] as FunctionType, at, end: reader.at };
  });
}

function readFunctionNames(bytes: Uint8Array, sections: readonly Section[]): Map<number, string> {
  const found = sections.find(({ id, name }) => id === SECTION.custom && name === 'name');
  const names = new Map<number, string>();
  if (found === undefined) return names;
  const reader = new ByteReader(bytes, found.at, found.end);
  while (!reader.atEnd) {
    const kind = reader.u8();
    const length = reader.u32();
    const end = reader.at + length;
    if (kind === 1) {
      vector(reader, () => {
        const index = reader.u32();
        names.set(index, reader.name());
      });
    }
    reader.at = end;
  }
  return names;
}
