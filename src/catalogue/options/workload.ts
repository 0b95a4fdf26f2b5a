// Options: the workload over a job file, and what is asked about it.
import { number, one, repeated } from './kinds.ts';

export const WORKLOAD = {
  set: repeated('--set <key=value>', 'a fio option, over the job file; may be repeated', { fallbackWords: 'none' }),
  section: repeated('--section <name>', 'only this job of the file; may be repeated', { fallbackWords: 'all' }),
  margin: number('--margin <percent>', 'difference that does not matter', [0.1, 50], {
    fallback: 2,
    field: 'marginPercent',
  }),
  barSweep: one(
    '--bar-sweep <on|off>',
    'CPU cost against BAR size, 256MiB to 64GiB (default: on without a job file)',
    ['on', 'off'],
    {},
  ),
};
