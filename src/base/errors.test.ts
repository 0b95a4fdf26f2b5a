import { expect, it } from 'vitest';
import { nearest } from './errors.ts';

it('the nearest word is found, and for a word of any length in no time', () => {
  const known = ['iodepth', 'ioengine', 'bs'];
  expect(nearest('iodpeth', known)).toBe('iodepth');
  expect(nearest('x', known)).toBe('bs');
  expect(nearest('__proto__'.repeat(1_000_000), known)).toBeUndefined();
});
