// Kinds of options: texts, lists of words, one or several of known words, numbers, sizes, times, shares, switches. What is not of the
// kind is refused with what was expected.
import { LabError, suggestion } from '../../base/errors.ts';
import { formatBytes, parseBytes, parseMs } from '../../base/units.ts';
import { type OptionDefinition, UnfitWord } from './definition.ts';

/** What a definition says besides its flag, help and parser. */
type Rest<Value> = Partial<Omit<OptionDefinition<Value>, 'flag' | 'help' | 'parse'>>;
type Defined<Value, R> = { flag: string; help: string; parse(text: string, previous?: Value): Value } & R;

function define<Value, R>(
  flag: string,
  help: string,
  parse: (text: string, previous?: Value) => Value,
  rest: R,
): Defined<Value, R> {
  return { flag, help, parse, ...rest };
}

/** An option that takes a word of any kind. */
export function text<const R extends Rest<string>>(flag: string, help: string, rest: R): Defined<string, R> {
  return define(flag, help, (word) => word, rest);
}

/** An option without a value. */
export function toggle(flag: string, help: string): Defined<boolean, object> {
  return define(flag, help, () => true, {});
}

/** An option that may be repeated. */
export function repeated<const R extends Rest<string[]>>(
  flag: string,
  help: string,
  rest: R & { fallbackWords: string },
) {
  const parse = (word: string, previous: string[] = []): string[] => [...previous, word];
  return define(flag, help, parse, { adds: true as const, fallback: [], ...rest });
}

/** An option that takes several words, of any kind. */
export function list<const R extends Rest<string[]> & { fallback?: readonly string[] }>(
  flag: string,
  help: string,
  rest: R,
): Defined<string[], R> {
  return define(flag, help, words, withWords(rest));
}

/** An option that takes several of the known words. */
export function choices<const Word extends string, const R extends Rest<Word[]> & { fallback?: readonly Word[] }>(
  flag: string,
  help: string,
  known: readonly Word[],
  rest: R,
): Defined<Word[], R> {
  const parse = (text: string): Word[] => [...new Set(words(text).map((word) => checkWord(word, known)))];
  return define(flag, `${help} (${known.join(', ')})`, parse, withWords(rest));
}

/** An option that takes one of the known words. */
export function one<const Word extends string, const R extends Rest<Word> & { fallback?: Word }>(
  flag: string,
  help: string,
  known: readonly Word[],
  rest: R,
): Defined<Word, R> {
  return define(flag, `${help} (${known.join(', ')})`, (word) => checkWord(word, known), rest);
}

/** An option that takes a number; a whole one where both bounds are whole. */
export function number<const R extends Rest<number> & { fallback?: number }>(
  flag: string,
  help: string,
  [least, most]: readonly [number, number],
  rest: R,
): Defined<number, R> {
  const whole = Number.isInteger(least) && Number.isInteger(most);
  const parse = (word: string): number => {
    const value = Number(word);
    if (word.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new UnfitWord(`expected a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
    }
    return value;
  };
  return define(flag, help, parse, rest);
}

/** An option that takes a size which is a power of two; resolved to bytes. */
export function size<const R extends Rest<string> & { fallback: string; field: string }>(
  flag: string,
  help: string,
  [least, most]: readonly [number, number],
  rest: R,
) {
  const resolve = (word: string, of: string): number => powerOfTwo(word, of, least, most);
  return define(flag, help, (word: string) => word, { resolve, ...rest });
}

/** An option that takes a time with its unit, in milliseconds. */
export function time<const R extends Rest<number>>(flag: string, help: string, rest: R): Defined<number, R> {
  const parse = (word: string): number => {
    const ms = parseMs(word);
    if (ms !== undefined) return ms;
    throw new UnfitWord('expected a time with its unit: 60s, 10m, 1h.');
  };
  return define(flag, help, parse, rest);
}

/** An option that takes a share of each round's I/Os: "50%" is 0.5. */
export function share<const R extends Rest<number>>(flag: string, help: string, rest: R): Defined<number, R> {
  const parse = (word: string): number => {
    const match = /^(\d+(?:\.\d+)?)%$/.exec(word.trim());
    const value = Number(match?.[1]);
    if (match === null || !(value > 0 && value < 100)) {
      throw new UnfitWord('expected a share of the I/Os of each round, above 0% and below 100%, for example 50%.');
    }
    return value / 100;
  };
  return define(flag, help, parse, rest);
}

/** @throws LabError for a size that is none, or not within the bounds */
export function powerOfTwo(text: string, option: string, least: number, most: number): number {
  const bytes = parseBytes(text, option);
  if (bytes < least || bytes > most || !Number.isInteger(Math.log2(bytes))) {
    throw new LabError(
      `${option}: '${text}' must be a power of two from ${formatBytes(least)} to ${formatBytes(most)}.`,
    );
  }
  return bytes;
}

function withWords<R extends { fallback?: readonly string[] }>(rest: R): R {
  return rest.fallback === undefined ? rest : { fallbackWords: rest.fallback.join(','), ...rest };
}

function words(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) throw new UnfitWord('an item of the list is empty.');
  return parts;
}

function checkWord<Word extends string>(word: string, known: readonly Word[]): Word {
  const found = known.find((each) => each === word);
  if (found !== undefined) return found;
  throw new UnfitWord(`'${word}' is none of ${known.join(', ')}${suggestion(word, known)}`);
}
