// Source lines of a module of the machine: it is compiled once more with a source map and debug locations spread over what the optimiser
// made; its code must be byte for byte that of the timed module, else nothing is said of it. Maps are kept beside the modules.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, LabError } from '../base/errors.ts';
import { compileMapped } from '../compile/compile.ts';
import { moduleSources } from '../lab/machine/modules.ts';
import { readSourceMap, type SourceLine } from './source_map.ts';
import { readModule, SECTION } from './wasm/sections.ts';

/** A line of the source and the function that it is in. */
export interface SourcePlace extends SourceLine {
  function: string;
}

export interface SourceLines {
  /** Where the instruction at a byte offset of the timed module comes from; undefined where nothing says it. */
  placeAt(offset: number): SourcePlace | undefined;
}

/**
 * @param name of a module of the machine
 * @param timed its bytes as it is run
 * @throws LabError where the module with a map is not the same code
 */
export async function sourceLines(name: string, timed: Uint8Array): Promise<SourceLines> {
  const { root, target } = moduleSources(name);
  const bodies = readModule(timed).bodies;
  const map = readSourceMap(await mapText(name, timed), name);
  const texts = new Map<string, FunctionNames>();
  return {
    placeAt: (offset) => {
      const body = bodies.find(({ at, end }) => offset >= at && offset < end);
      const found = map.lineAt(offset, body?.at ?? offset, body?.end ?? offset + 1);
      if (found === undefined) return undefined;
      let names = texts.get(found.file);
      if (names === undefined) {
        const path = join(root, found.file);
        names = functionNames(target.overlay[found.file] ?? (existsSync(path) ? readFileSync(path, 'utf8') : ''));
        texts.set(found.file, names);
      }
      return { ...found, function: names(found.line) };
    },
  };
}

/** The map of a module with this code; compiled where it is not kept yet. Its key is the code and the text of the sources. */
async function mapText(name: string, timed: Uint8Array): Promise<string> {
  const { target, folder, root, textKey } = moduleSources(name);
  const key = createHash('sha256').update(timed).update(textKey).digest('hex').slice(0, 20);
  const path = join(folder, 'maps', `${key}.map`);
  if (existsSync(path)) return readFileSync(path, 'utf8');
  const { bytes, map } = await compileMapped(root, target);
  if (!sameCode(bytes, timed)) {
    throw new LabError(
      `${name}: compiled with a source map it is other code than the timed module, so its lines would be wrong. Build the machine anew: npm run build.`,
      EXIT.runFailed,
    );
  }
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.${process.pid}.tmp`, map);
  renameSync(`${path}.${process.pid}.tmp`, path);
  return map;
}

/** The code sections are equal, and at the same place, for offsets to mean the same. */
function sameCode(a: Uint8Array, b: Uint8Array): boolean {
  const [one, other] = [a, b].map((bytes) => ({
    bytes,
    section: readModule(bytes).sections.find(({ id }) => id === SECTION.code),
  })) as [Code, Code];
  if (one.section?.at !== other.section?.at || one.section?.end !== other.section?.end) return false;
  const code = ({ bytes, section }: Code): Buffer => Buffer.from(bytes.subarray(section?.at, section?.end));
  return code(one).equals(code(other));
}

interface Code {
  bytes: Uint8Array;
  section: { at: number; end: number } | undefined;
}

type FunctionNames = (line: number) => string;

const DECLARATION = /^( *)(?:export |static |private |get |set |@inline )*(?:function )?(\w+)(?:<[^>]*>)?\(.*$/;
const NO_NAMES = ['if', 'for', 'while', 'switch', 'return', 'else', 'do', 'super', 'throw'];

/** Names of functions by line: the nearest declaration above that is not indented more; a method with its class before it. */
function functionNames(source: string): FunctionNames {
  const lines = source.split('\n');
  const names: string[] = [];
  let owner = '';
  let current = '';
  lines.forEach((line, i) => {
    const className = /^(?:export )?(?:abstract )?class (\w+)/.exec(line)?.[1];
    if (className !== undefined) owner = className;
    const declared = DECLARATION.exec(line);
    const [, indent = '', name = ''] = declared ?? [];
    const isFunction = /^(export )?function /.test(line);
    if (isFunction) {
      owner = '';
      current = name;
    } else if (
      declared !== null &&
      indent === '  ' &&
      owner !== '' &&
      !NO_NAMES.includes(name) &&
      opensBody(lines, i)
    ) {
      current = `${owner}.${name}`;
    }
    names.push(current);
  });
  return (line) => names[line - 1] || '(top)';
}

/** The declaration's text goes on to a brace that opens: a call ends with a semicolon. */
function opensBody(lines: readonly string[], from: number): boolean {
  for (const line of lines.slice(from, from + 12)) {
    if (/\{\s*$/.test(line)) return true;
    if (/;\s*$/.test(line)) return false;
  }
  return false;
}
