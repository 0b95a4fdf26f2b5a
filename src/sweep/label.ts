// What a point of a sweep adds to its result: the values of the axes under the names that results use, and which point it is.
import { OF_FIO } from '../catalogue/options/parameters.ts';
import type { Params, ParamValue, Result } from '../result/schema.ts';
import type { AxisRecord, PlannedPoint } from './folder.ts';
import { type OptionKey, type PointValue, valueWords } from './options.ts';

/** The name of an option in the params of results. */
export function paramOf({ kind, name }: OptionKey): string {
  if (kind === 'fio') return OF_FIO[name] ?? `fio.${name}`;
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** The result with the axes' values in every cell's params: those that the run resolved itself stay as it did. */
export function labelled(result: Result, axes: readonly AxisRecord[], point: PlannedPoint, repeats: number): Result {
  const swept = axes.map(({ key }) => key).join(' x ');
  const labels = (params: Params): Params => ({
    ...params,
    ...Object.fromEntries(
      axes.filter(({ param }) => !(param in params)).map(({ key, param }) => [param, asParam(point.values[key])]),
    ),
    ...(repeats > 1 ? { repeat: point.repeat } : {}),
    ...(swept === '' ? {} : { sweep: swept }),
  });
  return { ...result, cells: result.cells.map((cell) => ({ ...cell, params: labels(cell.params) })) };
}

function asParam(value: PointValue | undefined): ParamValue {
  if (value === undefined || value === null) return null;
  return typeof value === 'object' ? valueWords(value) : value;
}
