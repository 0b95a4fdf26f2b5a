// The parameters of a result, in words: the options, and what the plan, the job and a sweep add to them. Which of them every heading
// states, and in which order.
import { wordTable } from '../../base/word_table.ts';
import { POINT_OPTIONS } from './catalogue.ts';
import type { Options } from './definition.ts';
import { type ParameterWords, sizeWords } from './words.ts';

/** Parameters that are no option of a run. */
const OTHERS = {
  job: { heading: (value) => `job ${value}` },
  rw: { fio: 'rw', heading: String },
  bs: {
    fio: 'bs',
    heading: (value) => `bs ${sizeWords(value)}`,
    shown: sizeWords,
    title: 'block size (bs)',
  },
  iodepth: { fio: 'iodepth', heading: (value) => `iodepth ${value}` },
  role: { about: 'cell' },
  group: { about: 'bookkeeping' },
  sweep: { about: 'bookkeeping' },
} satisfies Readonly<Record<string, ParameterWords>>;

export type ParameterName = keyof typeof POINT_OPTIONS | keyof typeof OTHERS;

const OPTIONS: Options = POINT_OPTIONS;
const WORDS = wordTable<ParameterWords>({ ...OPTIONS, ...OTHERS });

/** What reports say of a parameter; nothing of one that only a job or a topology knows. */
export function parameterWords(name: string): ParameterWords {
  return WORDS[name] ?? {};
}

/** Parameters that every heading states, in this order. */
export const HEADING: readonly ParameterName[] = [
  'job',
  'flow',
  'payload',
  'bar',
  'rw',
  'bs',
  'iodepth',
  'batch',
  'queues',
  'era',
];

/** Parameters that a heading states where they are not as usual, and their usual values. */
export const UNUSUAL: readonly string[] = namesWith(({ usual }) => usual !== undefined);

/** Parameters that say how long, how often and by which draw it was measured, which does not change what was measured. */
export const REPETITION: readonly string[] = namesWith(({ isRepetition }) => isRepetition === true);

/** Names of the parameters that are about this. */
export function namesAbout(about: NonNullable<ParameterWords['about']>): ReadonlySet<string> {
  return new Set(namesWith((words) => words.about === about));
}

/** fio's options that results state under a name of their own, and the names. */
export const OF_FIO: Readonly<Record<string, string>> = wordTable(
  Object.fromEntries(Object.entries(WORDS).flatMap(([name, { fio }]) => (fio === undefined ? [] : [[fio, name]]))),
);

function namesWith(test: (words: ParameterWords) => boolean): string[] {
  return Object.entries(WORDS)
    .filter(([, words]) => test(words))
    .map(([name]) => name);
}
