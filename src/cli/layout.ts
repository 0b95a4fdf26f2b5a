// `p2plab layout [--btf FILE]`: the machine's structs beside a kernel's own description of its types.

import { LabError } from '../base/errors.ts';
import { plainStrings, terminalText } from '../base/escape.ts';
import type { Difference } from '../btf/causes.ts';
import type { ConstantComparison, FieldComparison, StructComparison } from '../btf/compare.ts';
import { MODULES } from '../btf/counterparts.ts';
import { type LayoutDocument, layoutDocument } from '../btf/document.ts';
import { loadBtf, loadRunningKernel } from '../btf/load.ts';
import { type Row, textTable } from '../report/tables/table.ts';
import type { LayoutOptions } from './commands/layout.ts';
import { checkTargets, writeTo } from './documents.ts';

export async function layoutCommand(options: LayoutOptions): Promise<void> {
  if (options.btf === undefined && options.btfBase !== undefined) {
    throw new LabError('--btf-base goes with --btf FILE, whose base it is. Give both, or neither for this kernel.');
  }
  await checkTargets({ '--json': options.json });
  const sets = options.btf === undefined ? loadRunningKernel(MODULES) : loadBtf(options.btf, options.btfBase);
  const document = layoutDocument(sets);
  if (options.json === undefined) process.stdout.write(terminalText(layoutText(document)));
  else await writeTo(options.json, jsonText(document));
}

function jsonText(document: LayoutDocument): string {
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

/** The document for people: sources, table of structs, table of constants that differ, reasons, what was left out. */
export function layoutText(recorded: LayoutDocument): string {
  const document = plainStrings(recorded);
  const { structs, constants } = document;
  return [
    ...document.sources.map(
      ({ file, byteOrder, pointerBytes, types, base }) =>
        `${file}: ${types} types, ${byteOrder} endian, ${pointerBytes * 8} bit${base === null ? '' : `, on top of ${base}`}`,
    ),
    '',
    ...structTable(structs),
    '',
    ...reasons(structs),
    ...constantLines(constants),
    summary(structs, constants),
    `Not compared, the lab's own: ${document.ownStructs.join(', ')}.`,
    '',
  ].join('\n');
}

function structTable(structs: readonly StructComparison[]): string[] {
  const rows = structs.map((compared): Row => {
    const { struct, kernel, oursBytes, kernelBytes, fields, state } = compared;
    const same = fields.filter((field) => field.state === 'same').length;
    return {
      cells: [
        struct,
        kernel,
        `${oursBytes} B`,
        kernelBytes === undefined ? 'absent' : `${kernelBytes} B`,
        state === 'absent' ? '' : `${same} of ${fields.length}`,
      ],
      ...(state === 'differs' ? { note: differingFields(fields) } : {}),
    };
  });
  const columns = [
    { title: 'struct', align: 'left' },
    { title: "kernel's name", align: 'left' },
    { title: 'ours', align: 'right' },
    { title: "kernel's", align: 'right' },
    { title: 'fields in place', align: 'right' },
    { title: 'differing fields, kernel against ours', align: 'left' },
  ] as const;
  return textTable({ columns, rows });
}

/** `bi_integrity absent; bi_vcnt to bi_pool -8`: neighbours that moved by the same distance stand together. */
function differingFields(fields: readonly FieldComparison[]): string {
  const runs: { first: string; last: string; how: string }[] = [];
  let previous: string | undefined;
  for (const { field, oursAt, kernelAt, state } of fields) {
    const how = kernelAt === undefined ? 'absent' : `${kernelAt > oursAt ? '+' : ''}${kernelAt - oursAt}`;
    const open = runs.at(-1);
    if (open !== undefined && previous === how) open.last = field;
    else if (state !== 'same') runs.push({ first: field, last: field, how });
    previous = state === 'same' ? undefined : how;
  }
  const words = runs.map(({ first, last, how }) => `${first === last ? first : `${first} to ${last}`} ${how}`);
  return words.length === 0 ? 'size only' : words.join('; ');
}

/** Reasons by struct; structs that differ for the same ones stand together. */
function reasons(structs: readonly StructComparison[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { kernel, header, differences } of structs) {
    if (differences.length === 0) continue;
    const lines = differences.flatMap(reasonLines);
    const key = [`(${header})`, ...lines].join('\n');
    groups.set(key, [...(groups.get(key) ?? []), kernel]);
  }
  const lines = [...groups].map(([key, kernels]) => `  struct ${kernels.join(', ')} ${key}`);
  return lines.length === 0 ? [] : ['Why:', ...lines, ''];
}

/** One line, or one for each cause below the difference. */
function reasonLines({ what, causes }: Difference): string[] {
  const texts = causes.map(({ kind, text }) => `${text} (${kindWord(kind)})`);
  return texts.length === 1 ? [`    ${what}: ${texts[0]}`] : [`    ${what}:`, ...texts.map((text) => `      ${text}`)];
}

function constantLines(constants: readonly ConstantComparison[]): string[] {
  const differing = constants.filter(({ state }) => state === 'differs');
  if (differing.length === 0) return [];
  const rows = differing.map(({ constant, ours, isBit, kernelValues, difference }): Row => {
    const number = (value: number): string => (isBit ? `bit ${value}` : String(value));
    const cause = difference?.causes[0];
    return {
      cells: [constant, number(ours), kernelValues.map(number).join(', ')],
      ...(cause === undefined ? {} : { note: `${cause.text} (${kindWord(cause.kind)})` }),
    };
  });
  const columns = [
    { title: 'constant', align: 'left' },
    { title: 'ours', align: 'right' },
    { title: "kernel's", align: 'right' },
    { title: 'why', align: 'left' },
  ] as const;
  return [...textTable({ columns, rows }), ''];
}

function kindWord(kind: 'configuration' | 'version' | 'unknown'): string {
  return kind === 'unknown' ? 'BTF does not tell why' : kind;
}

function summary(structs: readonly StructComparison[], constants: readonly ConstantComparison[]): string {
  const count = (of: readonly { readonly state: string }[], state: string): number =>
    of.filter((one) => one.state === state).length;
  const tell = (of: readonly { readonly state: string }[]): string =>
    `${count(of, 'same')} the same, ${count(of, 'differs')} different, ${count(of, 'absent')} absent from this BTF`;
  return `${structs.length} structs: ${tell(structs)}. ${constants.length} constants: ${tell(constants)}.`;
}
