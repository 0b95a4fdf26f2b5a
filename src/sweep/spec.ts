// What a sweep is: options that all points share, axes over which they vary, and what is added to and taken from their product.
// Read from YAML or from `--axis`; nothing here knows what an option means.
import { z } from 'zod';
import { LabError } from '../base/errors.ts';
import { readYaml, type YamlPath } from '../base/yaml_file.ts';
import { keyOf, pointOptions } from '../catalogue/options/catalogue.ts';
import { type KeyReader, MAX_REPEAT, type OptionValue, type PointValue, valueWords } from './options.ts';

/** One option that varies. */
export interface Axis {
  /** As written: `bs`, `p2p-share`. */
  key: string;
  values: readonly PointValue[];
}

/** Axis -> values: which points are added (one value each, or several) or taken away. */
export type PointPattern = Readonly<Record<string, readonly PointValue[]>>;

export interface SweepSpec {
  /** Where it was read, for messages. */
  source: string;
  /** Options that all points have. */
  base: Readonly<Record<string, PointValue>>;
  axes: readonly Axis[];
  /** Keys of axes that advance together. */
  zip: readonly (readonly string[])[];
  include: readonly PointPattern[];
  exclude: readonly PointPattern[];
  /** How often every point is measured. */
  repeat: number;
}

/** All schemes of a point are compared with each other, interleaved: a list of them is never an axis. */
const NEVER_AN_AXIS: readonly string[] = pointOptions().flatMap(([name, { isCompared }]) =>
  isCompared ? [keyOf(name)] : [],
);
const RESERVED: readonly string[] = ['zip', 'include', 'exclude', 'repeat'];

type Tree = OptionValue | null | readonly Tree[] | { readonly [key: string]: Tree };

/** What reading needs to know besides the values: where each stands, and what its key means. */
interface Reading {
  at(path: YamlPath): string;
  keyOf: KeyReader;
}

/**
 * A sweep file: keys are options, a list is an axis, `{list: [a, b]}` is a list itself.
 * @throws LabError that begins with file and line, names the key, and says what was expected
 */
export function parseSpec(text: string, source: string, keyOf: KeyReader): SweepSpec {
  const { value, lineOf } = readYaml(text, source, z.unknown(), { numbersAsText: true });
  const tree = value as Tree;
  const at = (path: YamlPath): string => `${source}:${lineOf(path)}: ${path.join('.')}`;
  if (!isRecord(tree)) throw new LabError(`${source}:1: expected options with values, for example "bs: [4k, 64k]".`);
  const reading: Reading = { at, keyOf };
  const base: Record<string, PointValue> = {};
  const axes: Axis[] = [];
  const options = Object.fromEntries(Object.entries(tree).filter(([key]) => !RESERVED.includes(key)));
  for (const { key, value: each, path } of flattened(options, [], reading)) {
    if (Object.hasOwn(base, key) || axes.some((axis) => axis.key === key))
      throw new LabError(`${at(path)}: is there twice, by itself and under set. Leave one out.`);
    if (isList(each) && !NEVER_AN_AXIS.includes(key)) axes.push({ key, values: axisValues(each, at(path)) });
    else base[key] = literal(each, at(path));
  }
  return checked({
    source,
    base,
    axes,
    zip: zipOf(tree.zip, at(['zip'])),
    include: patternsOf(tree.include, 'include', reading),
    exclude: patternsOf(tree.exclude, 'exclude', reading),
    repeat: repeatOf(tree.repeat, at(['repeat'])),
  });
}

/** What a command line adds to a file's sweep, or to none: `--axis key=a,b`, `--zip a,b`, `--repeat n`. */
export interface SpecWords {
  axis: readonly string[];
  zip: readonly string[];
  repeat?: number | undefined;
}

export const NO_SPEC: SweepSpec = {
  source: '--axis',
  base: {},
  axes: [],
  zip: [],
  include: [],
  exclude: [],
  repeat: 1,
};

/**
 * The sweep with a command line's words over it; an axis replaces the file's value or axis of that name.
 * @throws LabError for words that are no axis
 */
export function withWords(spec: SweepSpec, words: SpecWords, keyOf: KeyReader): SweepSpec {
  const added = words.axis.map((text) => axisOf(text, keyOf));
  const keys = new Set(added.map(({ key }) => key));
  if (keys.size < added.length) throw new LabError('--axis: an axis is there twice; put its values into one.');
  return checked({
    ...spec,
    base: Object.fromEntries(Object.entries(spec.base).filter(([key]) => !keys.has(key))),
    axes: [...spec.axes.filter(({ key }) => !keys.has(key)), ...added],
    zip: [...spec.zip, ...words.zip.map((text) => text.split(',').map((key) => key.trim()))],
    repeat: words.repeat ?? spec.repeat,
  });
}

/** `bs=512,4k` or, for values with commas in them, a list as in YAML: `bs=["4k,64k", 8k]`. */
function axisOf(text: string, keyOf: KeyReader): Axis {
  const equals = text.indexOf('=');
  const key = text.slice(0, equals).trim();
  const written = text.slice(equals + 1).trim();
  if (equals < 1 || written === '')
    throw new LabError(`--axis '${text}': expected key=value,value, for example --axis bs=512,4k,64k.`);
  const { kind, name } = keyOf(key, '--axis');
  if (NEVER_AN_AXIS.includes(name)) throw schemeError(`--axis ${key}`);
  if (kind === 'set') throw new LabError("--axis set: give fio's option itself, for example --axis bs=4k,64k.");
  const list = written.startsWith('[')
    ? (readYaml(written, `--axis ${key}`, z.unknown(), { numbersAsText: true }).value as Tree)
    : written.split(',').map((word) => word.trim());
  if (!isList(list)) throw new LabError(`--axis ${key}: expected a list, for example [4k, 64k].`);
  if (list.includes('')) throw new LabError(`--axis '${text}': a value is empty.`);
  return { key: name, values: axisValues(list, `--axis ${key}`) };
}

interface Entry {
  /** The option's own name. */
  key: string;
  value: Tree;
  path: YamlPath;
}

/** Options by their own names; `set: {bs: 4k}` means `bs: 4k`, for fio's options only. */
function flattened(tree: { readonly [key: string]: Tree }, under: YamlPath, { at, keyOf }: Reading): Entry[] {
  return Object.entries(tree).flatMap(([key, value]): Entry[] => {
    const path = [...under, key];
    const { kind, name } = keyOf(key, at(path));
    if (kind !== 'set') return [{ key: name, value, path }];
    if (!isRecord(value))
      throw new LabError(`${at(path)}: expected fio options with values, for example set: {bs: 4k}.`);
    return Object.entries(value).map(([inner, each]) => {
      const place = [...path, inner];
      if (keyOf(inner, at(place)).kind !== 'fio')
        throw new LabError(`${at(place)}: is an option of p2plab run, not of fio; put it beside set.`);
      return { key: inner, value: each, path: place };
    });
  });
}

function axisValues(list: readonly Tree[], place: string): PointValue[] {
  if (list.length === 0) throw new LabError(`${place}: the list is empty; an axis has one value or more.`);
  const values = list.map((each) => (isList(each) ? literal({ list: each }, place) : literal(each, place)));
  const known = new Set<string>();
  for (const word of values.map(valueWords)) {
    if (known.has(word)) throw new LabError(`${place}: '${word}' is there twice.`);
    known.add(word);
  }
  return values;
}

/** One value, or a list that is a value: `{list: [a, b]}`, and for schemes any list. */
function literal(value: Tree, place: string): PointValue {
  const inner = isRecord(value) && Object.keys(value).join() === 'list' ? (value.list as Tree) : value;
  if (isList(inner) && inner.length > 0 && inner.every(isPlain)) return inner as OptionValue[];
  if (inner === null || isPlain(inner)) return inner;
  throw new LabError(`${place}: expected a value, a list of values, or {list: [a, b]} for one value that is a list.`);
}

function zipOf(value: Tree | undefined, place: string): string[][] {
  if (value === undefined || value === null) return [];
  const groups = isList(value) && value.every(isPlain) ? [value] : value;
  if (isList(groups) && groups.every((group) => isList(group) && group.every(isPlain)))
    return groups.map((group) => (group as OptionValue[]).map(String));
  throw new LabError(`${place}: expected names of axes, for example zip: [iodepth, batch].`);
}

function patternsOf(value: Tree | undefined, name: 'include' | 'exclude', reading: Reading): PointPattern[] {
  const { at } = reading;
  if (value === undefined || value === null) return [];
  if (!isList(value) || !value.every(isRecord))
    throw new LabError(`${at([name])}: expected a list of points, for example ${name}: [{bs: 512, bar: 64GiB}].`);
  return value.map((entry, index) =>
    Object.fromEntries(
      flattened(entry, [name, index], reading).map(({ key, value: each, path }) => {
        if (NEVER_AN_AXIS.includes(key)) throw schemeError(at(path));
        return [key, isList(each) ? axisValues(each, at(path)) : [literal(each, at(path))]];
      }),
    ),
  );
}

function repeatOf(value: Tree | undefined, place: string): number {
  if (value === undefined || value === null) return 1;
  const repeat = isPlain(value) ? Number(value) : Number.NaN;
  if (Number.isInteger(repeat) && repeat >= 1 && repeat <= MAX_REPEAT) return repeat;
  throw new LabError(`${place}: expected a whole number from 1 to ${MAX_REPEAT}.`);
}

/** What only the whole spec can tell. */
function checked(spec: SweepSpec): SweepSpec {
  const known = spec.axes.map(({ key }) => key);
  for (const group of spec.zip) {
    const unknown = group.find((key) => !known.includes(key));
    if (unknown !== undefined || group.length < 2)
      throw new LabError(
        `${spec.source}: zip: ${unknown === undefined ? 'one axis alone' : `'${unknown}' is no axis`}; it takes two or more of ${known.join(', ') || 'the axes'}.`,
      );
    const lengths = group.map((key) => spec.axes.find((axis) => axis.key === key)?.values.length);
    if (new Set(lengths).size > 1)
      throw new LabError(
        `${spec.source}: zip: ${group.join(', ')} have ${lengths.join(', ')} values; they need as many.`,
      );
  }
  const zipped = spec.zip.flat();
  const twice = zipped.find((key, index) => zipped.indexOf(key) < index);
  if (twice !== undefined) throw new LabError(`${spec.source}: zip: '${twice}' is in two of them.`);
  return spec;
}

function schemeError(place: string): LabError {
  return new LabError(
    `${place}: schemes are no axis: those of a point are measured interleaved and compared. Use --scheme a,b, or scheme: [a, b].`,
  );
}

function isRecord(value: unknown): value is { readonly [key: string]: Tree } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: unknown): value is readonly Tree[] {
  return Array.isArray(value);
}

function isPlain(value: unknown): value is OptionValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
