// Every option of a run, in the order of help. What it is called, read as, defaults to and stands for is said once, in its family's
// file; the command line, the keys of sweeps and gates, RunParams, the params of results, headings, benches and tests follow from it.
import { COMPARED } from './compared.ts';
import {
  longName,
  type OptionDefinition,
  type OptionFields,
  type OptionValues,
  type StatedNames,
} from './definition.ts';
import { EVENTS } from './events.ts';
import { FABRIC } from './fabric.ts';
import { MACHINE } from './machine.ts';
import { MEASURING } from './measuring.ts';
import { OUTPUT } from './output.ts';
import { TARGET } from './target.ts';
import type { ParamValue } from './words.ts';
import { WORKLOAD } from './workload.ts';

/** The options that decide what is measured and how: keys of a point of a sweep, and parts of its hash. */
export const POINT_OPTIONS = {
  ...COMPARED,
  ...FABRIC,
  ...MEASURING,
  ...WORKLOAD,
  ...MACHINE,
  ...EVENTS,
  ...TARGET,
};
export const RUN_OPTIONS = { ...POINT_OPTIONS, ...OUTPUT };

export type PointOptionName = keyof typeof POINT_OPTIONS;

/** The options of a run as commander hands them over. */
export type RunOptions = OptionValues<typeof RUN_OPTIONS>;

/** Fields of RunParams that are options as they are, or as their definition resolves them. */
export type FieldParams = OptionFields<typeof POINT_OPTIONS>;

/** Options that the params of a group state, each in a way of its own. */
export type GroupStated = StatedNames<typeof POINT_OPTIONS, 'by the group'>;

/** All options that decide what is measured, by name. */
export function pointOptions(): [PointOptionName, OptionDefinition][] {
  return Object.entries(POINT_OPTIONS) as [PointOptionName, OptionDefinition][];
}

/** `p2p-share`: an option's key in files and on the command line. */
export function keyOf(name: PointOptionName): string {
  return longName(POINT_OPTIONS[name]);
}

/** @throws LabError for what an option does not take */
export function fieldsOf(options: Partial<RunOptions>): FieldParams {
  const fields = pointOptions().flatMap(([name, { flag, field, resolve, fallback }]) => {
    if (field === undefined) return [];
    const value = options[name] ?? fallback;
    return [[field, resolve === undefined || value === undefined ? value : resolve(value, `--${longName({ flag })}`)]];
  });
  return Object.fromEntries(fields) as FieldParams;
}

/** What the fields state in the params of a group, where they have a value. */
export function statedFields(params: FieldParams): Record<string, ParamValue> {
  return Object.fromEntries(
    pointOptions().flatMap(([name, { stated, field }]) => {
      const value = stated === 'as field' ? params[field as keyof FieldParams] : undefined;
      return value === undefined ? [] : [[name, value as ParamValue]];
    }),
  );
}
