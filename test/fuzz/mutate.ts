// Damage to a text or to bytes as files in the wild have it: cut off, lines lost, doubled, swapped, bits turned, words and numbers
// replaced, pieces of another file.
import type { Random } from '../../src/base/random.ts';

const NUMBERS = ['0', '-1', '1', '255', '65536', '4294967296', '18446744073709551616', '1e308', '0x', 'NaN', ''];
const WORDS = [
  ...[
    '__proto__',
    'constructor',
    'toString',
    'null',
    'true',
    '<',
    '>',
    '&',
    '"',
    "'",
    '[',
    ']',
    '{',
    '}',
    ':',
    '%',
    '=',
  ],
  ...[
    '\u0000',
    '\r\n',
    '\r',
    '\t',
    '\u001b[31m',
    '\u2028',
    '\ud800',
    '\ufeff',
    '$' + '{x}',
    '*a',
    '&a',
    '<<',
    '- ',
    '# ',
    ',',
  ],
];

type Mutation = (text: string, random: Random, other: string) => string;

const TEXT: readonly Mutation[] = [
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => {
    const [from, to] = span(text.length, random, 200);
    return text.slice(0, from) + text.slice(to);
  },
  (text, random) => {
    const [from, to] = span(text.length, random, 400);
    return text.slice(0, to) + text.slice(from);
  },
  (text, random) => onLines(text, (lines) => lines.splice(random.below(lines.length), 1 + random.below(3))),
  (text, random) =>
    onLines(text, (lines) => lines.splice(random.below(lines.length), 0, lines[random.below(lines.length)] as string)),
  (text, random) =>
    onLines(text, (lines) => {
      const [a, b] = [random.below(lines.length), random.below(lines.length)];
      [lines[a], lines[b]] = [lines[b] as string, lines[a] as string];
    }),
  (text, random) => replaceOne(text, /\d+/g, pick(NUMBERS, random), random),
  (text, random) => replaceOne(text, /\w+/g, pick(WORDS, random), random),
  (text, random) => replaceOne(text, /[^\w\s]/g, pick(WORDS, random), random),
  (text, random) => {
    const at = random.below(text.length + 1);
    return (
      text.slice(0, at) +
      pick(WORDS, random).repeat(1 + random.below(random.below(50) === 0 ? 5000 : 3)) +
      text.slice(at)
    );
  },
  (text, random, other) => {
    const [from, to] = span(other.length, random, 300);
    const at = random.below(text.length + 1);
    return text.slice(0, at) + other.slice(from, to) + text.slice(at);
  },
  (text) => text.replaceAll('\n', '\r\n'),
];

/** The text with one to four kinds of damage. */
export function mutateText(text: string, other: string, random: Random): string {
  let damaged = text;
  for (let i = 1 + random.below(4); i > 0; i--) damaged = pick(TEXT, random)(damaged, random, other);
  return damaged;
}

/** Bytes with some of them changed, a word of four set, or cut off. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const damaged = bytes.slice(0, random.unit() < 0.2 ? random.below(bytes.length + 1) : bytes.length);
  for (let i = 1 + random.below(6); i > 0 && damaged.length > 4; i--) {
    const at = random.below(damaged.length - 4);
    if (random.unit() < 0.5) damaged[at] = random.below(256);
    else
      damaged.set(
        pick(
          [
            [255, 255, 255, 255],
            [0, 0, 0, 0],
            [1, 0, 0, 0],
            [0, 0, 0, 128],
          ],
          random,
        ),
        at,
      );
  }
  return damaged;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.below(items.length)] as T;
}

function span(length: number, random: Random, most: number): [number, number] {
  const from = random.below(length + 1);
  return [from, Math.min(length, from + random.below(most))];
}

function onLines(text: string, change: (lines: string[]) => unknown): string {
  const lines = text.split('\n');
  change(lines);
  return lines.join('\n');
}

function replaceOne(text: string, pattern: RegExp, word: string, random: Random): string {
  const from = random.below(text.length + 1);
  const found = text.slice(from).search(pattern);
  if (found < 0) return text;
  const at = from + found;
  const end = at + (new RegExp(pattern.source, 'y').exec(text.slice(at))?.[0].length ?? 1);
  return text.slice(0, at) + word + text.slice(end);
}
