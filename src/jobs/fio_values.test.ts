import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from './arithmetic.ts';
import { bytesOf, readBytesOrPercent, readMilliseconds, readSwitch, splitDirections } from './fio_values.ts';
import { optionOf } from './job_file.ts';
import type { Option } from './option.ts';

function option(key: string, value?: string): Option {
  return optionOf({ key, value, at: { file: 'jobs.fio', line: 7 } }, 0);
}

describe('sizes', () => {
  // Both columns as `fio --bs=VALUE` prints them, fio 3.33.
  it.each([
    ['512', 512, 512],
    ['4b', 4, 4],
    ['1k', 1024, 1000],
    ['1K', 1024, 1000],
    ['1kb', 1024, 1000],
    ['1ki', 1024, 1000],
    ['1kib', 1000, 1024],
    ['1KiB', 1000, 1024],
    ['2m', 2 * 1024 ** 2, 2_000_000],
    ['2MB', 2 * 1024 ** 2, 2_000_000],
    ['2mib', 2_000_000, 2 * 1024 ** 2],
    ['1g', 1024 ** 3, 1e9],
    ['3t', 3 * 1024 ** 4, 3e12],
    ['0x10', 16, 16],
    ['(4k*2)', 8192, 8000],
  ])('%s is %d bytes with kb_base=1024 and %d with kb_base=1000', (text, binary, decimal) => {
    expect(bytesOf(text, 1024)).toBe(binary);
    expect(bytesOf(text, 1000)).toBe(decimal);
  });

  it.each(['', 'k', '4x', '1.5m', '4kk', '4kbit', '4 k k', '(4k'])('%s is no size', (text) => {
    expect(bytesOf(text, 1024)).toBeNaN();
  });

  it('a percentage is kept for when the size of the namespace is known', () => {
    expect(readBytesOrPercent(option('size', '20%'), 1024)).toEqual({ percent: 20 });
    expect(readBytesOrPercent(option('size', '20m'), 1024)).toEqual({ bytes: 20 * 1024 ** 2 });
    expect(() => readBytesOrPercent(option('size', '101%'), 1024)).toThrow(
      'jobs.fio:7: size=101%: a percentage must be between 0 and 100, for example size=50%.',
    );
  });
});

describe('times', () => {
  it.each([
    ['30', 30_000],
    ['30s', 30_000],
    ['30sec', 30_000],
    ['500ms', 500],
    ['500msec', 500],
    ['250us', 0.25],
    ['250usec', 0.25],
    ['5m', 300_000],
    ['2H', 7_200_000],
    ['1d', 86_400_000],
    ['(2*1s)', 2000],
    ['(1500)', 1.5],
  ])('%s is %d ms', (text, milliseconds) => {
    expect(readMilliseconds(option('runtime', text))).toBe(milliseconds);
  });

  it('anything else is an error with an example', () => {
    expect(() => readMilliseconds(option('runtime', '5x'))).toThrow(
      'jobs.fio:7: runtime=5x: expected a time in seconds or with a unit (d, h, m, s, ms, us), for example 30s or 5m.',
    );
  });
});

describe('switches and directions', () => {
  it('a switch is set by its name alone', () => {
    expect(readSwitch(option('time_based'))).toBe(true);
    expect(readSwitch(option('time_based', '0'))).toBe(false);
    expect(() => readSwitch(option('time_based', 'yes'))).toThrow('expected 0 or 1, for example time_based=1.');
  });

  it('one value stands for both directions, an empty place leaves its direction alone', () => {
    expect(splitDirections(option('bs', '8k'))).toEqual({ read: '8k', write: '8k' });
    expect(splitDirections(option('bs', '8k,16k'))).toEqual({ read: '8k', write: '16k' });
    expect(splitDirections(option('bs', ',16k'))).toEqual({ read: undefined, write: '16k' });
    expect(splitDirections(option('bs', '8k,,32k'))).toEqual({ read: '8k', write: undefined });
  });
});

describe('arithmetic', () => {
  it.each([
    ['2*(3+4)', 14],
    ['2^3^2', 512],
    ['10-2-3', 5],
    ['17%5*2', 4],
    ['-3+5', 2],
  ])('%s is %d', (text, value) => {
    expect(evaluate(text, Number)).toBe(value);
  });

  it('is NaN for what is no expression', () => {
    for (const text of ['', '2*', '(2', '2)', '2 3', '*2', 'a+1']) expect(evaluate(text, Number)).toBeNaN();
  });

  it('adds and multiplies as JavaScript does', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.nat(1000), fc.nat(1000), (a, b, c) => {
        expect(evaluate(`(${a}+${b})*${c}-${a}*${b}`, Number)).toBe((a + b) * c - a * b);
      }),
    );
  });
});
