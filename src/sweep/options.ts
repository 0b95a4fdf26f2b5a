// Options of a run as values in a file: what a sweep varies without knowing what any of them means.

export type OptionValue = string | number | boolean;

/**
 * Long names without dashes in front (`bar`, `p2p-share`), fio's names (`bs`, `iodepth`), `set` with fio's names in it, `job`.
 * A list is one value of an option that takes several; null is as if the key were not there.
 */
export type OptionsObject = Readonly<
  Record<string, OptionValue | null | readonly OptionValue[] | Readonly<Record<string, OptionValue | null>>>
>;

/** What one option has in one point. */
export type PointValue = OptionValue | null | readonly OptionValue[];

/** What a key is. `name` is the option's own: `p2p-share`, or fio's word. */
export interface OptionKey {
  kind: 'job' | 'set' | 'run' | 'fio';
  name: string;
}

/**
 * What a key means.
 * @param where file and place, for the message
 * @throws LabError for a key that is no option
 */
export type KeyReader = (key: string, where: string) => OptionKey;

/** A value as people write it: `4k`, `pool,fixed`, `default` for none. */
export function valueWords(value: PointValue): string {
  if (value === null) return 'default';
  return typeof value === 'object' ? value.join(',') : String(value);
}

/** How often every point of a sweep may be measured. */
export const MAX_REPEAT = 1000;
