// The access pattern of a job: direction, mix, order, alignment, map, seed.
import { formatBytes } from '../base/units.ts';
import {
  type KbBase,
  type PerDirection,
  readBytes,
  readInteger,
  readIntegerText,
  readSwitch,
  requireValue,
  splitDirections,
} from './fio_values.ts';
import type { BlockSize, Job } from './job.ts';
import { isOn, type JobContext } from './job_context.ts';
import { badValue, type Option } from './option.ts';

/** fio's FIO_RANDSEED: the seed of a job that names none and has randrepeat, which is the default. */
const FIO_SEED = 0xb1899bed;

const PATTERNS: ReadonlyMap<string, Job['rw']> = new Map([
  ['read', { reads: true, writes: false, random: false }],
  ['write', { reads: false, writes: true, random: false }],
  ['rw', { reads: true, writes: true, random: false }],
  ['readwrite', { reads: true, writes: true, random: false }],
  ['randread', { reads: true, writes: false, random: true }],
  ['randwrite', { reads: false, writes: true, random: true }],
  ['randrw', { reads: true, writes: true, random: true }],
  ['trim', { reads: false, writes: true, random: false, trims: 'all' }],
  ['randtrim', { reads: false, writes: true, random: true, trims: 'all' }],
  ['trimwrite', { reads: false, writes: true, random: false, trims: 'before-write' }],
  ['randtrimwrite', { reads: false, writes: true, random: true, trims: 'before-write' }],
]);

/** Direction and order: rw with its suffix, and rw_sequencer. */
export function readPattern(context: JobContext): Pick<Job, 'rw' | 'sequence'> {
  const option = context.options.get('rw');
  const [pattern = '', suffix] = option ? requireValue(option).split(':') : ['read'];
  const rw = PATTERNS.get(pattern);
  if (!rw) {
    throw badValue(option as Option, `expected one of ${[...PATTERNS.keys()].join(', ')}, for example rw=randread.`);
  }
  const between = readSequencer(context.options.get('rw_sequencer'));
  const number = option && suffix !== undefined ? readSuffix(option, suffix, rw.random, context.kbBase) : undefined;
  const sequence = rw.random
    ? { randomEvery: number ?? 1, between, skipBytes: 0 }
    : { randomEvery: 1, between, skipBytes: number ?? 0 };
  return { rw, sequence };
}

function readSequencer(option: Option | undefined): Job['sequence']['between'] {
  const value = option ? requireValue(option) : 'sequential';
  if (value === 'sequential' || value === 'identical') return value;
  throw badValue(option as Option, 'expected sequential or identical.');
}

/** After the colon: of a random pattern, I/Os to each random position; of a sequential one, bytes to skip. */
function readSuffix(option: Option, suffix: string, random: boolean, kbBase: KbBase): number {
  if (random) return readIntegerText(option, suffix, kbBase, 1, Number.MAX_SAFE_INTEGER);
  const bytes = suffix.startsWith('-')
    ? -readBytes(option, suffix.slice(1), kbBase)
    : readBytes(option, suffix, kbBase);
  if (bytes % 512 !== 0) throw badValue(option, 'the bytes to skip must be a multiple of 512, for example rw=read:4k.');
  return bytes;
}

/** Percentage of reads; rwmixread and rwmixwrite say the same thing, the later one counts. */
export function readMix(context: JobContext, rw: Job['rw']): number {
  const last = context.written.findLast(({ name }) => name === 'rwmixread' || name === 'rwmixwrite');
  const percent = last ? readInteger(last, context.kbBase, 0, 100) : 50;
  if (!rw.writes) return 100;
  if (!rw.reads) return 0;
  return last?.name === 'rwmixwrite' ? 100 - percent : percent;
}

/** blockalign, by default the smallest block size of the direction. */
export function readAlignment(
  context: JobContext,
  { rw, blockSizes }: Pick<Job, 'rw' | 'blockSizes'>,
): PerDirection<number> {
  // fio keeps it for random I/O only.
  const option = rw.random ? context.options.get('ba') : undefined;
  const texts = option && splitDirections(option);
  const align = (text: string | undefined, sizes: readonly BlockSize[]): number => {
    if (!option || text === undefined) return Math.min(...sizes.map(({ bytes }) => bytes));
    const bytes = readBytes(option, text, context.kbBase, 1);
    if (bytes % 512 !== 0) throw badValue(option, `must be a multiple of 512, for example ${option.word}=4k.`);
    return bytes;
  };
  return { read: align(texts?.read, blockSizes.read), write: align(texts?.write, blockSizes.write) };
}

/** percentage_random, by default all. */
export function readPercentRandom(context: JobContext): PerDirection<number> {
  const option = context.options.get('percentage_random');
  if (!option) return { read: 100, write: 100 };
  const { read, write } = splitDirections(option);
  const percent = (text = '100'): number => readIntegerText(option, text, context.kbBase, 0, 100);
  return { read: percent(read), write: percent(write) };
}

/** options.c: fio's randseed where none is given. */
const USUAL_RANDSEED = 0x89;

/**
 * Where the job's random numbers begin, and the number that stands for them in results. Unless randrepeat is off, fio 3.33 seeds
 * random positions by a number of its own, also beside randseed, which only keeps a new pass from drawing the same again.
 */
export function readSeeding(context: JobContext): Pick<Job, 'randSeed' | 'seeding'> {
  const given = context.options.get('randseed');
  const repeat = context.options.get('randrepeat');
  const fixedPositions = repeat === undefined || readSwitch(repeat);
  const all = isOn(context, 'allrandrepeat');
  const seeding = { fixedPositions, reseeds: fixedPositions && given === undefined, all };
  if (given) {
    const randSeed = readInteger(given, context.kbBase, 0);
    return { randSeed, seeding: { ...seeding, randseed: randSeed } };
  }
  if (fixedPositions || all) return { randSeed: FIO_SEED, seeding: { ...seeding, randseed: USUAL_RANDSEED } };
  return { randSeed: context.seed, seeding: { ...seeding, randseed: context.seed } };
}

/** random_generator; lfsr needs one block size. */
export function readGenerator(context: JobContext): Job['generator'] {
  const option = context.options.get('random_generator');
  const value = option ? requireValue(option) : 'tausworthe';
  if (value === 'tausworthe' || value === 'tausworthe64' || value === 'lfsr') return value;
  throw badValue(option as Option, 'expected tausworthe, tausworthe64 or lfsr.');
}

/** norandommap; fio also turns the random map off, with a message, when offsets are not aligned to the block size. */
export function readNoMap(context: JobContext, job: Pick<Job, 'rw' | 'blockSizes' | 'blockAlignBytes'>): boolean {
  if (isOn(context, 'norandommap')) return true;
  const aligned = (['read', 'write'] as const).every(
    (direction) => job.blockAlignBytes[direction] === Math.min(...job.blockSizes[direction].map(({ bytes }) => bytes)),
  );
  if (!aligned && job.rw.random) {
    context.warn(`[${context.name}] has blockalign, which turns the random map off (norandommap), as in fio`);
  }
  return !aligned;
}

/** Zones given in bytes must lie within the region. */
export function checkZones(job: Pick<Job, 'distribution' | 'sizeBytes'>, option: Option | undefined): void {
  if (!option || job.distribution.kind !== 'zoned_abs') return;
  for (const zones of [job.distribution.zones.read, job.distribution.zones.write]) {
    const end = zones.reduce((sum, zone) => sum + zone.extent, 0);
    if (end <= job.sizeBytes) continue;
    throw badValue(option, `the zones sum to ${formatBytes(end)}, more than size=${formatBytes(job.sizeBytes)}.`);
  }
}
