// Kinds of options for commander: lists of words, one of some words, numbers, times, shares. What is not of the kind is
// refused with what was expected.
import { InvalidArgumentError, Option } from 'commander';
import { suggestion } from '../base/errors.ts';
import { parseMs } from '../base/units.ts';

/** "50%" as a share. */
export function percent(text: string): number {
  const match = /^(\d+(?:\.\d+)?)%$/.exec(text.trim());
  const value = Number(match?.[1]);
  if (match === null || !(value > 0 && value < 100)) {
    throw new InvalidArgumentError(
      'expected a share of the I/Os of each round, above 0% and below 100%, for example 50%.',
    );
  }
  return value / 100;
}

/** Every value of an option that may be repeated. */
export function collect(value: string, previous: string[]): string[] {
  return [...previous, value];
}

/** An option that takes several words, of any kind. */
export function list(flags: string, description: string, fallback?: string[]): Option {
  const option = new Option(flags, description).argParser(words);
  return fallback === undefined ? option : option.default(fallback, fallback.join(','));
}

function words(text: string): string[] {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.some((part) => part === '')) throw new InvalidArgumentError('an item of the list is empty.');
  return parts;
}

/** An option that takes several of the known words. */
export function choices(flags: string, description: string, known: string[], fallback?: string[]): Option {
  const option = new Option(flags, `${description} (${known.join(', ')})`).argParser((text: string) => [
    ...new Set(words(text).map((word) => checkWord(word, known))),
  ]);
  return fallback === undefined ? option : option.default(fallback, fallback.join(','));
}

/** An option that takes one of the known words. */
export function one(flags: string, description: string, known: string[], fallback?: string): Option {
  const option = new Option(flags, known.length > 1 ? `${description} (${known.join(', ')})` : description).argParser(
    (text: string) => checkWord(text, known),
  );
  return fallback === undefined ? option : option.default(fallback);
}

/** A time with its unit, in milliseconds, for commander. */
export function readTime(text: string): number {
  const ms = parseMs(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('expected a time with its unit: 60s, 10m, 1h.');
}

function checkWord(word: string, known: string[]): string {
  if (known.includes(word)) return word;
  throw new InvalidArgumentError(`'${word}' is none of ${known.join(', ')}${suggestion(word, known)}`);
}

/** An option that takes a number; a whole one where both bounds are whole. */
export function number(flags: string, description: string, least: number, most: number, fallback?: number): Option {
  const option = new Option(flags, description).argParser((text: string) => {
    const value = Number(text);
    const whole = Number.isInteger(least) && Number.isInteger(most);
    if (text.trim() === '' || !(value >= least && value <= most) || (whole && !Number.isInteger(value))) {
      throw new InvalidArgumentError(`expected a ${whole ? 'whole ' : ''}number from ${least} to ${most}.`);
    }
    return value;
  });
  return fallback === undefined ? option : option.default(fallback);
}
