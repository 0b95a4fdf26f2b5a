// The machine's structs beside the kernel's: size, and every field's offset. Says what differs; why is causes.ts.
import * as layout from '../../build/layout.ts';
import { type Difference, differencesOf } from './causes.ts';
import {
  CONSTANTS,
  COUNTERPARTS,
  type ConstantPair,
  type Counterpart,
  type Place,
  type StructName,
} from './counterparts.ts';
import type { BtfTypes } from './parse.ts';
import { type BtfType, enumerators, type MemberPlace, memberAt, typeOf } from './types.ts';

/** One field of ours and where the kernel has it. Offsets in bytes. */
export interface FieldComparison {
  readonly field: string;
  /** Path in the kernel's struct (`bi_iter.bi_size`), or in another (`struct folio: pgmap`); what was looked for if absent. */
  readonly kernel: string;
  readonly oursAt: number;
  /** Undefined when no such member exists. */
  readonly kernelAt: number | undefined;
  /** Only of a bitfield: first bit in the byte at kernelAt, and width. */
  readonly bits?: { readonly at: number; readonly width: number };
  readonly state: 'same' | 'moved' | 'absent';
}

export interface StructComparison {
  readonly struct: string;
  readonly kernel: string;
  readonly header: string;
  readonly state: 'same' | 'differs' | 'absent';
  readonly oursBytes: number;
  readonly kernelBytes: number | undefined;
  readonly fields: readonly FieldComparison[];
  /** Empty when all is the same; the reason of the whole struct's absence when that is what differs. */
  readonly differences: readonly Difference[];
}

export interface ConstantComparison {
  readonly constant: string;
  readonly kernel: string;
  readonly ours: number;
  readonly isBit: boolean;
  /** Values of the enumerator; several when enums of that kernel disagree, none when it has none of that name. */
  readonly kernelValues: readonly number[];
  readonly state: 'same' | 'differs' | 'absent';
  readonly difference: Difference | undefined;
}

/** What the build exports: structs with their offsets, and constants. */
const OURS: Readonly<Record<string, unknown>> = layout;

/** A struct of ours, as the build lays it out. */
interface OurStruct {
  readonly bytes: number;
  readonly fields: readonly (readonly [name: string, at: number])[];
}

/** Names of the machine's structs that stand for nothing in Linux, or are not in the table. */
export function structsWithoutCounterpart(): string[] {
  return Object.keys(OURS).filter((name) => ourStruct(name) !== undefined && !(name in COUNTERPARTS));
}

/** Every struct of the table, in its order. @param sets the kernel's types, base first */
export function compareStructs(sets: readonly BtfTypes[]): StructComparison[] {
  return (Object.entries(COUNTERPARTS) as [StructName, Counterpart][]).map(([name, counterpart]) =>
    compareStruct(name, counterpart, sets),
  );
}

/** One struct of ours with the kernel's of its row. */
export function compareStruct(name: StructName, row: Counterpart, sets: readonly BtfTypes[]): StructComparison {
  const ours = ourStruct(name) as OurStruct;
  const oursBytes = ours.bytes + (row.tail === undefined ? 0 : (ourStruct(row.tail)?.bytes ?? 0));
  const about = { struct: name, kernel: row.kernel, header: row.header, oursBytes };
  const places = new Map(ours.fields.flatMap(([field]) => placeOf(field, row, ours)));
  const candidates = structsNamed(row.kernel, sets).map((type) => {
    const fields = ours.fields.flatMap(([field, at]) => compareField(field, at, places.get(field), type, sets));
    return { type, fields, found: fields.filter(({ kernelAt }) => kernelAt !== undefined).length };
  });
  const best = candidates.sort((a, b) => b.found - a.found)[0];
  if (best === undefined) {
    const difference = { what: 'not in this BTF', causes: [row.absent] };
    return { ...about, state: 'absent', kernelBytes: undefined, fields: [], differences: [difference] };
  }
  const kernelBytes = best.type.sizeOrType;
  const fields = best.fields;
  const isSame = kernelBytes === oursBytes && fields.every(({ state }) => state === 'same');
  const differences = differencesOf({ row, ours: ours.fields, fields, oursBytes, kernelBytes, type: best.type });
  return { ...about, state: isSame ? 'same' : 'differs', kernelBytes, fields, differences };
}

/** Every constant of the table that the machine still has. */
export function compareConstants(sets: readonly BtfTypes[]): ConstantComparison[] {
  const wanted = new Set(CONSTANTS.map(({ kernel }) => kernel));
  const found = sets.map((types) => enumerators(types, wanted));
  return CONSTANTS.map((pair) => {
    const values = found.flatMap((enums) => enums.get(pair.kernel) ?? []);
    return compareConstant(pair, [...new Set(values)]);
  });
}

function compareConstant(pair: ConstantPair, kernelValues: readonly number[]): ConstantComparison {
  const isBit = pair.isBit === true;
  const value = OURS[pair.ours] as number;
  const ours = isBit ? Math.log2(value) : value;
  const about = { constant: pair.ours, kernel: pair.kernel, ours, isBit, kernelValues };
  if (kernelValues.length === 0) return { ...about, state: 'absent', difference: undefined };
  if (kernelValues.includes(ours)) return { ...about, state: 'same', difference: undefined };
  const noKernelHasOurs = pair.known !== undefined && !pair.known.includes(ours);
  const cause =
    pair.cause === undefined || noKernelHasOurs
      ? ({ kind: 'unknown', text: 'no kernel is known to have ours' } as const)
      : pair.cause;
  return { ...about, state: 'differs', difference: { what: `${kernelValues.join(' or ')} there`, causes: [cause] } };
}

function compareField(
  field: string,
  oursAt: number,
  place: readonly PlaceOption[] | undefined,
  type: BtfType,
  sets: readonly BtfTypes[],
): FieldComparison[] {
  if (place === undefined) return [];
  for (const option of place) {
    const outer = option.struct === undefined ? [type] : structsNamed(option.struct, sets);
    const at = outer.map((candidate) => memberAt(candidate, option.path)).find((found) => found !== undefined);
    if (at !== undefined) return [comparison(field, option, oursAt, at)];
  }
  return [{ field, kernel: place[0]?.path ?? field, oursAt, kernelAt: undefined, state: 'absent' }];
}

function comparison(field: string, option: PlaceOption, oursAt: number, at: MemberPlace): FieldComparison {
  const kernelAt = Math.floor(at.bitAt / 8);
  return {
    field,
    kernel: option.struct === undefined ? option.path : `struct ${option.struct}: ${option.path}`,
    oursAt,
    kernelAt,
    ...(at.bitWidth === 0 ? {} : { bits: { at: at.bitAt % 8, width: at.bitWidth } }),
    state: kernelAt === oursAt ? 'same' : 'moved',
  };
}

interface PlaceOption {
  readonly struct: string | undefined;
  readonly path: string;
}

/** Where to look for a field: the table's word, or what the table's rules say; nothing for filler. */
function placeOf(field: string, row: Counterpart, ours: OurStruct): [string, readonly PlaceOption[]][] {
  const given: Place | undefined = row.fields?.[field];
  if (given === null) return [];
  if (given !== undefined) {
    const options = typeof given === 'string' ? [given] : given;
    return [
      [field, options.map((option) => (typeof option === 'string' ? { struct: undefined, path: option } : option))],
    ];
  }
  const [, stem, digits] = /^(.*?)(\d+)$/.exec(field) ?? [];
  if (stem === 'pad' || stem === 'unused') return [];
  const isPart = stem !== undefined && ours.fields.some(([name]) => name === `${stem}0`);
  if (isPart && digits !== '0') return [];
  return [[field, [{ struct: undefined, path: isPart ? stem : field.replace(/_$/, '') }]]];
}

function structsNamed(name: string, sets: readonly BtfTypes[]): BtfType[] {
  return sets.flatMap((types) =>
    (types.structs.get(name) ?? []).map((id) => typeOf(types, id)).filter((type) => type !== undefined),
  );
}

function ourStruct(name: string): OurStruct | undefined {
  const value: unknown = OURS[name];
  if (typeof value !== 'object' || value === null || !('bytes' in value)) return undefined;
  const { bytes, ...fields } = value as Record<string, number>;
  return { bytes: bytes as number, fields: Object.entries(fields).sort(([, a], [, b]) => a - b) };
}
