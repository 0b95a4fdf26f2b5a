// What a run has that is asked for one comparison: one BAR, nothing moved, no BAR axis, no stages.
import { keyOf } from '../catalogue/options/catalogue.ts';

/** As keys of a file. */
export const PLAIN = {
  bar: '256MiB',
  payload: 'none',
  [keyOf('barSweep')]: 'off',
  [keyOf('stages')]: 'off',
} as const;
