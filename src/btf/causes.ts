// Why a struct of the kernel differs from ours, as far as its BTF tells: which members are there and which are not.
// Walks both structs side by side; wherever the distance from one common field to the next differs, something between
// them was left out, put in or resized, and the table (counterparts.ts) knows what most of those depend on.
import type { FieldComparison } from './compare.ts';
import { type Cause, type Counterpart, RESIZED_BY, type Reason } from './counterparts.ts';
import { type BtfType, type Member, membersOf, sizeOf, typeName } from './types.ts';

/** One place where two structs part, and why. */
export interface Difference {
  readonly what: string;
  readonly causes: readonly Reason[];
}

export interface Compared {
  readonly row: Counterpart;
  /** All of our fields by offset, filler too. */
  readonly ours: readonly (readonly [name: string, at: number])[];
  readonly fields: readonly FieldComparison[];
  readonly oursBytes: number;
  readonly kernelBytes: number;
  readonly type: BtfType;
}

/** More extra members than this in one place are another kind of struct, and a list of them explains nothing. */
const MAX_NAMED = 3;

interface Mark {
  readonly field: string;
  readonly oursAt: number;
  readonly kernelAt: number;
}

export function differencesOf(compared: Compared): Difference[] {
  const { fields, type } = compared;
  const elsewhere = fields.flatMap((field) => elsewhereOf(field, compared.row));
  const absent = fields.filter(({ state }) => state === 'absent');
  if (type.owner.pointerBytes === 4) {
    const cause = { kind: 'configuration', text: 'a 32-bit kernel: pointers and longs have 4 bytes' } as const;
    const absences = absent.map((field) => ({ what: `no ${field.kernel}`, causes: [absenceOf(field, compared.row)] }));
    return [{ what: 'all offsets', causes: [cause] }, ...absences, ...elsewhere];
  }
  const explained = new Set<string>();
  const steps = stepsOf(compared).map(([from, to]) => stepOf(from, to, compared, explained));
  const left = absent.filter(({ field }) => !explained.has(field));
  return [
    ...steps,
    ...left.map((field) => ({ what: `no ${field.kernel}`, causes: [absenceOf(field, compared.row)] })),
    ...elsewhere,
  ];
}

/** Neighbouring common fields whose distance differs. The structs' starts and ends count as fields. */
function stepsOf({ fields, oursBytes, kernelBytes }: Compared): [Mark, Mark][] {
  const marks: Mark[] = [
    { field: 'the start', oursAt: 0, kernelAt: 0 },
    ...fields.flatMap(({ field, oursAt, kernelAt }) => (kernelAt === undefined ? [] : [{ field, oursAt, kernelAt }])),
    { field: 'the end', oursAt: oursBytes, kernelAt: kernelBytes },
  ];
  return marks.slice(1).flatMap((to, i): [Mark, Mark][] => {
    const from = marks[i] as Mark;
    return to.oursAt - from.oursAt === to.kernelAt - from.kernelAt ? [] : [[from, to]];
  });
}

function stepOf(from: Mark, to: Mark, compared: Compared, explained: Set<string>): Difference {
  const more = to.kernelAt - from.kernelAt - (to.oursAt - from.oursAt);
  const { row, fields, type } = compared;
  const lacking = fields.filter(
    ({ state, oursAt }) => state === 'absent' && oursAt >= from.oursAt && oursAt < to.oursAt,
  );
  for (const { field } of lacking) explained.add(field);
  const extra = to.kernelAt < from.kernelAt ? [] : extraMembers(from, to, compared);
  const reasons: Reason[] = [
    ...lacking.map((field) => absenceOf(field, row)),
    ...extra.flatMap((member) => row.with?.[member.name] ?? []),
    ...resizedBy(from, type),
  ];
  const causes = reasons.length > 0 ? reasons : [unexplained(more, from, to, extra, fillerBetween(from, to, compared))];
  const unique = causes.filter((cause, i) => causes.findIndex(({ text }) => text === cause.text) === i);
  return { what: `${Math.abs(more)} bytes ${more > 0 ? 'more' : 'fewer'} before ${to.field}`, causes: unique };
}

/** Members of the kernel's between two marks that none of our fields stands for. */
function extraMembers(from: Mark, to: Mark, { fields, type }: Compared): Member[] {
  const ours = new Set(fields.map(({ kernel }) => kernel.split(/[.[]/)[0]));
  const isBetween = ({ bitAt }: Member): boolean =>
    bitAt < to.kernelAt * 8 && (bitAt > from.kernelAt * 8 || from.field === 'the start');
  return membersOf(type).filter((member) => isBetween(member) && !ours.has(member.name));
}

/** A member that begins at the mark and whose type has the size that the configuration gives it. */
function resizedBy(from: Mark, type: BtfType): Cause[] {
  const members = membersOf(type).filter(({ bitAt }) => bitAt === from.kernelAt * 8);
  return members.flatMap(({ owner, typeId }) => RESIZED_BY[typeName(owner, typeId)] ?? []);
}

/** Our own words between two marks that stand for no member. */
function fillerBetween(from: Mark, to: Mark, { ours, fields }: Compared): string[] {
  const named = new Set(fields.map(({ field }) => field));
  return ours.flatMap(([name, at]) => (at > from.oursAt && at < to.oursAt && !named.has(name) ? [name] : []));
}

function unexplained(more: number, from: Mark, to: Mark, extra: readonly Member[], filler: readonly string[]): Reason {
  if (to.kernelAt < from.kernelAt) return { kind: 'unknown', text: `${to.field} stands before ${from.field} there` };
  if (more > 0 && extra.length > 0) {
    const sized = extra.map(({ name, owner, typeId }) => `${name} (${sizeOf(owner, typeId)} B)`);
    return { kind: 'unknown', text: `the kernel has ${listOf(sized)} there, ours has not` };
  }
  if (more < 0 && filler.length > 0) return { kind: 'unknown', text: `ours has filler there: ${listOf(filler)}` };
  return { kind: 'unknown', text: 'no member tells why: a type of another size' };
}

function listOf(names: readonly string[]): string {
  const others = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : '';
  return `${names.slice(0, MAX_NAMED).join(', ')}${others}`;
}

function absenceOf({ field, kernel }: FieldComparison, row: Counterpart): Reason {
  const path = kernel.split('.');
  const names = [field, kernel, path[0] ?? '', path.at(-1) ?? ''];
  const cause = names.map((name) => row.without?.[name]).find((found) => found !== undefined);
  return cause ?? { kind: 'unknown', text: `this kernel has no ${kernel}` };
}

function elsewhereOf({ field, kernel }: FieldComparison, row: Counterpart): Difference[] {
  const places = row.fields?.[field];
  if (!Array.isArray(places)) return [];
  const used = places.find((place) => typeof place !== 'string' && kernel === `struct ${place.struct}: ${place.path}`);
  return used === undefined ? [] : [{ what: `${field} is in struct ${used.struct}`, causes: [used.cause] }];
}
