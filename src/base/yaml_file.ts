// YAML files that people write (gates, sweeps): read, held to a schema, and every complaint with its line and key.
import { type Document, isCollection, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { LabError, suggestion } from './errors.ts';

/** A sweep of 10,000 values has a tenth of it. */
const MOST_CHARS = 2 ** 20;

/** Keys and indices from the root of a file to a value in it. */
export type YamlPath = readonly (string | number)[];

/** What a file says, and where it says it. */
export interface YamlFile<T> {
  value: T;
  /** 1-based line of the key at a path, or of the nearest one above it that is there. */
  lineOf(path: YamlPath): number;
}

export interface YamlReading {
  /** Numbers stay the text they were written as: 6.10 is a version, not 6.1. */
  numbersAsText?: boolean;
}

/**
 * Reads one document that `schema` accepts.
 * @param source the file's name, for messages
 * @throws LabError that begins with `source:line:` and names the key
 */
export function readYaml<S extends z.ZodType>(
  text: string,
  source: string,
  schema: S,
  { numbersAsText = false }: YamlReading = {},
): YamlFile<z.output<S>> {
  if (text.length > MOST_CHARS) {
    throw new LabError(
      `${source}: has ${text.length} characters; files that people write have at most ${MOST_CHARS}. Split it.`,
    );
  }
  const lines = new LineCounter();
  // Its own test for keys that are there twice compares each with each; duplicateKey below asks a set.
  const document = parseDocument(text, { lineCounter: lines, merge: true, prettyErrors: false, uniqueKeys: false });
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  const broken = document.errors[0];
  if (broken !== undefined) {
    const isDeep = /call stack/i.test(broken.message);
    const why = isDeep ? 'nested deeper than any file that people write' : broken.message;
    throw new LabError(`${source}:${lineAt(broken.pos[0])}: not YAML: ${why}.`);
  }
  const twice = duplicateKey(document);
  if (twice !== undefined) throw new LabError(`${source}:${lineAt(twice)}: not YAML: Map keys must be unique.`);
  if (numbersAsText) keepNumbersAsText(document);
  const lineOf = (path: YamlPath): number => lineAt(offsetOf(document, path));
  const checked = schema.safeParse(plainValue(document, source));
  if (checked.success) return { value: checked.data, lineOf };
  const problems = checked.error.issues.slice(0, 5).map((issue) => {
    const path = issue.path as YamlPath;
    const key = issue.code === 'unrecognized_keys' ? [...path, issue.keys[0] as string] : path;
    return `${source}:${lineOf(key)}: ${describePath(path)}${issue.message}`;
  });
  const more = checked.error.issues.length - problems.length;
  throw new LabError([...problems, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'));
}

/** A mapping with exactly these keys; another key is answered with the ones there are. */
export function strictMap<Shape extends z.ZodRawShape>(shape: Shape): z.ZodObject<Shape, z.core.$strict> {
  return z.strictObject(shape, {
    error: (issue) => {
      const known = Object.keys(shape);
      if (issue.code === 'unrecognized_keys') {
        const [key = ''] = issue.keys;
        return `unknown key '${key}'${suggestion(key, known) || '.'} Keys here: ${known.join(', ')}.`;
      }
      if (issue.code === 'invalid_type') return `expected keys with values: ${known.join(', ')}.`;
      return undefined;
    },
  });
}

/** A mapping from any words, `__proto__` (which records drop) and `constructor` among them, to values of one kind. */
export function wordMap<Value extends z.ZodType>(value: Value, expected: string) {
  const entries = (said: unknown): unknown =>
    typeof said === 'object' && said !== null && !Array.isArray(said) ? new Map(Object.entries(said)) : said;
  return z.preprocess(entries, z.map(z.string(), value, { error: expecting(expected) }));
}

/** The message of a value that is missing or of another kind. @param expected in words: "a name", "a list of rules" */
export function expecting(expected: string): (issue: { input?: unknown }) => string {
  return ({ input }) => `${input === undefined ? 'missing' : `found ${excerpt(input)}`}, expected ${expected}.`;
}

function excerpt(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** `rules.2.expect: ` as people count: the third rule's. */
function describePath(path: YamlPath): string {
  if (path.length === 0) return '';
  return `${path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`))
    .join('')
    .replace(/^\./, '')}: `;
}

/** Offset of the first key that its mapping has already. */
function duplicateKey(document: Document): number | undefined {
  let found: number | undefined;
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<string>();
      for (const { key } of items) {
        if (!isScalar(key) || key.value === '<<' || typeof key.value === 'symbol') continue;
        const word = `${typeof key.value} ${key.value}`;
        if (seen.has(word)) {
          found = rangeOf(key);
          return visit.BREAK;
        }
        seen.add(word);
      }
      return undefined;
    },
  });
  return found;
}

function keepNumbersAsText(document: Document): void {
  visit(document, {
    Scalar: (_, node) => {
      if (typeof node.value === 'number' && node.source !== undefined) node.value = node.source;
    },
  });
}

/** As JavaScript values; aliases are bounded by the parser. */
function plainValue(document: Document, source: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw new LabError(`${source}: ${(error as Error).message}. Write the values out instead of so many aliases.`);
  }
}

function offsetOf(document: Document, path: YamlPath): number {
  let node: unknown = document.contents;
  let offset = rangeOf(node);
  for (const step of path) {
    if (!isCollection(node)) break;
    // The key's own place says more than its value's: a value may stand lines below.
    const key = isMap(node) ? node.items.find((pair) => isScalar(pair.key) && pair.key.value === step)?.key : undefined;
    node = node.get(step, true);
    if (node === undefined && key === undefined) break;
    offset = rangeOf(key ?? node, offset);
  }
  return offset;
}

function rangeOf(node: unknown, otherwise = 0): number {
  return (node as { range?: readonly number[] | null } | null | undefined)?.range?.[0] ?? otherwise;
}
