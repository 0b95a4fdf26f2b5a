// The ini layer of a fio job file, as fio's init.c and parse.c read it: sections, comments, include, variables.
import { LabError } from '../base/errors.ts';
import { evaluate } from './arithmetic.ts';
import { type Source, where } from './option.ts';

export interface Entry {
  readonly key: string;
  /** undefined for a line without `=`. */
  readonly value: string | undefined;
  readonly at: Source;
}

export interface Section {
  readonly name: string;
  readonly at: Source;
  readonly entries: readonly Entry[];
}

/** What fio's `$pagesize`, `$ncpus` and `$mb_memory` stand for. */
export interface Keywords {
  readonly pagesize: number;
  readonly ncpus: number;
  readonly mb_memory: number;
}

export interface IniContext {
  /** The variables `${NAME}` may use. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly keywords: Keywords;
  /** The text of an `include`d file and the name to report it by; undefined when it cannot be read. */
  readonly include: (
    path: string,
    includedFrom: string,
  ) => { readonly file: string; readonly text: string } | undefined;
  /** Only these sections are read (fio's `--section`); all when undefined. [global] is always read. */
  readonly only: ReadonlySet<string> | undefined;
}

const DEEPEST_INCLUDE = 16;

/**
 * Reads the sections in order; the same name may come several times.
 * @throws LabError with file:line for a line that is no section, option or comment, an option before the first
 *   section, an unclosed bracket, a variable that is not set, an include that cannot be read
 */
export function parseIni(text: string, file: string, context: IniContext): Section[] {
  const sections: { name: string; at: Source; entries: Entry[] }[] = [];
  let skipping = false;
  for (const { line, at } of linesOf(text, file)) {
    if (line.startsWith('[')) {
      const name = sectionName(line, at);
      skipping = !isGlobal(name) && context.only !== undefined && !context.only.has(name);
      if (!skipping) sections.push({ name, at, entries: [] });
      continue;
    }
    if (skipping) continue;
    const section = sections.at(-1);
    if (!section) {
      throw new LabError(
        `${where(at)}: '${line}' stands before the first section. Put [global] or a [job name] above.`,
      );
    }
    section.entries.push(...entriesOf(line, at, context, 0));
  }
  return sections;
}

/** fio takes every section whose name starts with `global` as defaults for the jobs below it. */
export function isGlobal(sectionName: string): boolean {
  return sectionName.startsWith('global');
}

/** Lines without comments and blanks. As in fio, `;` and `#` start a comment anywhere in a line. */
function linesOf(text: string, file: string): { line: string; at: Source }[] {
  return text
    .split('\n')
    .map((raw, index) => ({ line: raw.replace(/[;#].*/s, '').trim(), at: { file, line: index + 1 } }))
    .filter(({ line }) => line !== '');
}

function sectionName(line: string, at: Source): string {
  const name = /^\[(.+)\]$/.exec(line)?.[1];
  if (name !== undefined) return name;
  const problem = line.includes(']')
    ? 'is no section name: expected [name] alone on its line'
    : 'has no closing bracket: expected [name]';
  throw new LabError(`${where(at)}: '${line}' ${problem}.`);
}

function entriesOf(line: string, at: Source, context: IniContext, depth: number): Entry[] {
  const included = /^include\s+(.+)$/.exec(line)?.[1];
  if (included !== undefined) return includedEntries(included, at, context, depth);
  const match = /^([\w-]+)\s*(?:=\s*(.*))?$/.exec(line);
  if (!match?.[1]) {
    throw new LabError(
      `${where(at)}: '${line}' is not a [section], an option (name=value), an include or a comment (# or ;).`,
    );
  }
  const raw = match[2];
  return [{ key: match[1], value: raw === undefined ? undefined : substitute(raw, at, context), at }];
}

function includedEntries(path: string, at: Source, context: IniContext, depth: number): Entry[] {
  if (depth >= DEEPEST_INCLUDE) {
    throw new LabError(
      `${where(at)}: includes are nested more than ${DEEPEST_INCLUDE} deep; do they include each other?`,
    );
  }
  const found = context.include(path, at.file);
  if (!found) throw new LabError(`${where(at)}: cannot read the included file '${path}'. Check the path.`);
  return linesOf(found.text, found.file).flatMap((inner) => {
    if (inner.line.startsWith('[')) {
      throw new LabError(
        `${where(inner.at)}: an included file may hold options only, no sections such as ${inner.line}.`,
      );
    }
    return entriesOf(inner.line, inner.at, context, depth + 1);
  });
}

/** Fills in `${NAME}` from the environment and fio's keywords, with sums around a keyword worked out. */
function substitute(raw: string, at: Source, context: IniContext): string {
  const withVariables = raw.replace(/\$\{([^}]+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(context.env, name) ? context.env[name] : undefined;
    if (value !== undefined) return value;
    throw new LabError(
      `${where(at)}: the variable ${name} is not set. Set it in the environment: ${name}=VALUE p2plab run ${at.file}`,
    );
  });
  const withKeywords = withVariables.replace(/\$(pagesize|ncpus|mb_memory)\b/g, (_, name: keyof Keywords) =>
    String(context.keywords[name]),
  );
  if (withKeywords === withVariables) return withKeywords;
  const result = evaluate(withKeywords, Number);
  return Number.isNaN(result) ? withKeywords : String(result);
}
