// From a spec to its points: the product of the axes, what is excluded taken away, what is included added, all of it repeated.
import { LabError } from '../base/errors.ts';
import { parseBytes } from '../base/units.ts';
import { type PointValue, valueWords } from './options.ts';
import type { PointPattern, SweepSpec } from './spec.ts';

/** One point of a sweep. */
export interface SweepPoint {
  /** Axis -> value, every axis of the sweep first, then what an included point sets besides. */
  values: Readonly<Record<string, PointValue>>;
  /** 1 to the spec's repeat. */
  repeat: number;
}

/** Read and planned in ten seconds and 400 MB; a product larger than this is a slip, and a result of so many points nobody could read. */
export const MAX_POINTS = 20_000;

/**
 * All points, the first axis varying slowest, repeats outermost: a sweep that is cut off has every point once before any twice.
 * @throws LabError when nothing is left, too much is, or include and exclude name what is not there
 */
export function expand(spec: SweepSpec): SweepPoint[] {
  const steps = zippedSteps(spec);
  const product = steps.reduce((count, options) => count * options.length, 1);
  if (product * spec.repeat > MAX_POINTS) {
    throw new LabError(
      `${spec.source}: ${product * spec.repeat} points (${spec.axes.map(({ key, values }) => `${key} ${values.length}`).join(' x ')}` +
        `${spec.repeat > 1 ? `, ${spec.repeat} times` : ''}); at most ${MAX_POINTS}. Make axes shorter or zip them.`,
    );
  }
  const all = spec.axes.length === 0 && spec.include.length > 0 ? [] : combinations(steps);
  const kept = withoutExcluded(all, spec);
  const points = [...kept, ...spec.include.flatMap((pattern) => included(pattern, spec))];
  if (points.length === 0) {
    throw new LabError(`${spec.source}: no point is left of ${product}: exclude takes all of them. Give some back.`);
  }
  return Array.from({ length: spec.repeat }, (_, index) =>
    points.map((values) => ({ values: inAxisOrder(values, spec), repeat: index + 1 })),
  ).flat();
}

type Values = Record<string, PointValue>;

/** For each axis, or group of zipped axes, what it can be. */
function zippedSteps(spec: SweepSpec): Values[][] {
  const done = new Set<string>();
  return spec.axes.flatMap(({ key, values }) => {
    if (done.has(key)) return [];
    const group = spec.zip.find((keys) => keys.includes(key)) ?? [key];
    for (const each of group) done.add(each);
    const lists = group.map((each) => spec.axes.find((axis) => axis.key === each)?.values ?? []);
    return [values.map((_, i) => Object.fromEntries(group.map((each, g) => [each, lists[g]?.[i] as PointValue])))];
  });
}

function combinations(steps: readonly (readonly Values[])[]): Values[] {
  return steps.reduce<Values[]>(
    (points, options) => points.flatMap((point) => options.map((option) => ({ ...point, ...option }))),
    [{}],
  );
}

function withoutExcluded(points: readonly Values[], spec: SweepSpec): Values[] {
  const known = spec.axes.map(({ key }) => key);
  for (const pattern of spec.exclude) {
    const unknown = Object.keys(pattern).find((key) => !known.includes(key));
    if (unknown !== undefined)
      throw new LabError(`${spec.source}: exclude: '${unknown}' is no axis; there are ${known.join(', ') || 'none'}.`);
    if (!points.some((point) => matches(point, pattern)))
      throw new LabError(`${spec.source}: exclude: no point has ${patternWords(pattern)}.`);
  }
  return points.filter((point) => !spec.exclude.some((pattern) => matches(point, pattern)));
}

function matches(point: Values, pattern: PointPattern): boolean {
  return Object.entries(pattern).every(([key, values]) =>
    values.some((value) => sameWritten(value, point[key] as PointValue)),
  );
}

/** The same word, or the same size: 4k is 4096. */
function sameWritten(a: PointValue, b: PointValue): boolean {
  const [left, right] = [valueWords(a).toLowerCase(), valueWords(b).toLowerCase()];
  return left === right || (bytesOf(left) !== undefined && bytesOf(left) === bytesOf(right));
}

function bytesOf(text: string): number | undefined {
  return /^\d[\d.]*[a-z]*$/.test(text) && /^[\d.]+([kmgt]i?b?|b)?$/.test(text) ? parseBytes(text, 'size') : undefined;
}

/** An included entry says what each axis is; its lists are axes of its own. */
function included(pattern: PointPattern, spec: SweepSpec): Values[] {
  const missing = spec.axes.find(({ key }) => !(key in pattern));
  if (missing !== undefined) {
    throw new LabError(
      `${spec.source}: include: {${patternWords(pattern)}} does not say what ${missing.key} is; give it a value or a list.`,
    );
  }
  return combinations(Object.entries(pattern).map(([key, values]) => values.map((value) => ({ [key]: value }))));
}

function patternWords(pattern: PointPattern): string {
  return Object.entries(pattern)
    .map(([key, values]) => `${key}: ${values.map(valueWords).join(' or ')}`)
    .join(', ');
}

function inAxisOrder(values: Values, spec: SweepSpec): Values {
  const known = spec.axes.filter(({ key }) => key in values).map(({ key }) => [key, values[key] as PointValue]);
  return { ...Object.fromEntries(known), ...values };
}
