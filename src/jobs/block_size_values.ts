// bs, bsrange and bssplit as fio draws from them (io_u.c, get_next_buflen): each becomes a list of sizes and weights.
import { bytesOf, type KbBase, type PerDirection, readBytes, splitDirections } from './fio_values.ts';
import type { BlockSize, SizeRule } from './job.ts';
import { badValue, type Option } from './option.ts';
import { fillPercentages, readSplit } from './split_values.ts';

export interface DirectionSizes {
  /** Each size, and how often it is drawn. */
  readonly sizes: readonly BlockSize[];
  readonly rule: SizeRule;
  /** The option they come from; undefined for fio's default of 4 KiB. */
  readonly from: Option | undefined;
}

const MOST_SIZES = 65536;
const DEFAULT_SIZES: DirectionSizes = { ...oneSize(4096), from: undefined };
/** The options about block sizes. */
export const BLOCK_SIZE_OPTIONS: readonly string[] = ['bs', 'bsrange', 'bssplit'];
type Sizes = Pick<DirectionSizes, 'sizes' | 'rule'>;
const READERS: ReadonlyMap<string, (option: Option, text: string, kbBase: KbBase) => Sizes> = new Map([
  ['bs', (option, text, kbBase) => oneSize(readSize(option, text, kbBase))],
  ['bsrange', readRange],
  ['bssplit', readWeighted],
]);
/** Within one section bssplit beats bsrange and that beats bs, wherever they stand; a later section beats all. */
const PRIORITY = BLOCK_SIZE_OPTIONS;

/**
 * The sizes of a job for reads and writes.
 * @param split splitForTrims for a job that trims
 * @throws LabError with file:line for a size that is no multiple of 512, percentages over 100, text that is no size
 */
export function readBlockSizes(
  options: readonly Option[],
  kbBase: KbBase,
  split = splitDirections,
): PerDirection<DirectionSizes> {
  const family = options
    .filter((option) => READERS.has(option.name))
    .sort((a, b) => a.layer - b.layer || PRIORITY.indexOf(a.name) - PRIORITY.indexOf(b.name));
  let read = DEFAULT_SIZES;
  let write = DEFAULT_SIZES;
  for (const option of family) {
    const reader = READERS.get(option.name) as NonNullable<ReturnType<typeof READERS.get>>;
    const texts = split(option);
    if (texts.read !== undefined) read = { ...reader(option, texts.read, kbBase), from: option };
    if (texts.write !== undefined) write = { ...reader(option, texts.write, kbBase), from: option };
  }
  return { read, write };
}

/**
 * A split written as bsrange, as the range that fio reads: it takes the first two sizes and passes over the rest (parse.c).
 * undefined for any other option.
 */
export function rangeOfSplit(option: Option): Option | undefined {
  const [, first, second] = /^(\w+)\/\d*:(\w+)(?:[:/].*)?$/.exec(option.value ?? '') ?? [];
  if (option.name !== 'bsrange' || first === undefined) return undefined;
  return { ...option, value: `${first}-${second}` };
}

/** The sizes in effect as fio options, for results: what else was written about sizes is left out. */
export function describeBlockSizes(
  { read, write }: PerDirection<DirectionSizes>,
  split = splitDirections,
): Record<string, string> {
  const [readName, writeName] = [read, write].map(({ from }) => from?.name ?? 'bs') as [string, string];
  const readText = (read.from && split(read.from).read) ?? '4096';
  const writeText = (write.from && split(write.from).write) ?? '4096';
  if (readName !== writeName) return { [readName]: `${readText},`, [writeName]: `,${writeText}` };
  return { [readName]: readText === writeText ? readText : `${readText},${writeText}` };
}

function oneSize(bytes: number): Sizes {
  return { sizes: [{ bytes, weight: 1 }], rule: { minBytes: bytes, maxBytes: bytes } };
}

/**
 * fio draws min + max * u, rounds down to a multiple of min and cuts at max: every multiple is equally likely, and the
 * last takes what is left when max is none (4k-10k gives 40 % 4k, 40 % 8k, 20 % 10k).
 */
function readRange(option: Option, text: string, kbBase: KbBase): Sizes {
  const ends = text.split(/[-:]/).map((end) => end.trim());
  if (ends.length !== 2 || ends.some((end) => !(bytesOf(end, kbBase) >= 1))) {
    throw badValue(option, `expected a range of sizes, for example ${option.word}=4k-64k.`);
  }
  const sorted = ends.map((end) => readSize(option, end, kbBase)).sort((a, b) => a - b);
  const [min, max] = sorted as [number, number];
  if (max / min > MOST_SIZES) throw badValue(option, `spans more than ${MOST_SIZES} sizes; raise the smaller one.`);
  const sizes: BlockSize[] = [];
  for (let low = 0; low < max; low += min) {
    sizes.push({ bytes: Math.min(low + min, max), weight: Math.min(min, max - low) / max });
  }
  return { sizes, rule: { minBytes: min, maxBytes: max } };
}

/**
 * fio sorts the entries by percentage and gives what is missing from 100 to the last; a size that is no multiple of the
 * smallest is rounded down to one.
 */
function readWeighted(option: Option, text: string, kbBase: KbBase): Sizes {
  const entries = readSplit(text);
  if (entries.length === 0) throw badValue(option, `expected sizes and percentages, for example bssplit=4k/60:64k/40.`);
  const sizes = entries.map((entry) => readSize(option, entry.first, kbBase));
  const percentages = fillPercentages(
    option,
    entries.map((entry) => entry.second),
  );
  const rule = {
    minBytes: Math.min(...sizes),
    maxBytes: Math.max(...sizes),
    split: sizes.map((bytes, i) => ({ bytes, percent: percentages[i] ?? 0 })).sort((a, b) => a.percent - b.percent),
  };
  return { sizes: sharesOf(rule), rule };
}

/** How often each size of a split is drawn: beyond 100 percent nothing is, and the last entry has what is missing. */
function sharesOf({
  minBytes,
  split,
}: {
  minBytes: number;
  split: readonly { bytes: number; percent: number }[];
}): BlockSize[] {
  let given = 0;
  return split
    .map(({ bytes, percent }, i) => {
      const upTo = i === split.length - 1 ? 100 : Math.min(100, given + percent);
      const weight = (upTo - given) / 100;
      given = upTo;
      return { bytes: bytes - (bytes % minBytes), weight };
    })
    .filter(({ weight }) => weight > 0);
}

/** One size; fio takes any, a namespace only multiples of its block. */
function readSize(option: Option, text: string, kbBase: KbBase): number {
  const bytes = readBytes(option, text, kbBase, 1);
  if (bytes % 512 === 0) return bytes;
  const iec = /[kmgtp]ib/i.test(text) ? ' To fio 1k is 1024 bytes and 1KiB is 1000 (kb_base=1024): write k, m, g.' : '';
  throw badValue(
    option,
    `${bytes} bytes is not a multiple of 512, the block of the namespace; for example bs=4k.${iec}`,
  );
}
