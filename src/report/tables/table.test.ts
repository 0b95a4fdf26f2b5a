import { styleText } from 'node:util';
import { expect, test } from 'vitest';
import { escapeMarkdown } from '../../base/escape.ts';
import { markdownTable, type Table, textTable, textWidth } from './table.ts';

const table: Table = {
  columns: [
    { title: 'scheme', align: 'left' },
    { title: 'time', align: 'right' },
  ],
  rows: [
    { cells: ['page', '1.2 µs'] },
    { cells: ['dma_vec', '34 ns'] },
    { cells: ['vma'], note: 'refused: EINVAL, no pin' },
  ],
};

test('numbers stand right, names left, and a note takes the room it needs', () => {
  expect(textTable(table)).toEqual([
    'scheme     time',
    '-------  ------',
    'page     1.2 µs',
    'dma_vec   34 ns',
    'vma      refused: EINVAL, no pin',
  ]);
});

test('colours and marks above letters take no room', () => {
  const red = styleText('red', 'slower', { validateStream: false });
  expect(textWidth(red)).toBe(6);
  expect(textWidth('±0.5 µs')).toBe(7);
  expect(textWidth('e\u0301')).toBe(1);
  const coloured = textTable({ columns: table.columns, rows: [{ cells: [red, '1'] }] });
  expect(coloured[2]?.endsWith('     1')).toBe(true);
});

test('Markdown has an alignment row and one cell per column', () => {
  expect(markdownTable(table)).toEqual([
    '| scheme | time |',
    '| --- | ---: |',
    '| page | 1.2 µs |',
    '| dma_vec | 34 ns |',
    '| vma | refused: EINVAL, no pin |',
  ]);
});

test('what Markdown would take for markup is escaped, names and intervals are not', () => {
  expect(escapeMarkdown('a|b *c* <d> `e`')).toBe('a\\|b \\*c\\* \\<d\\> \\`e\\`');
  expect(escapeMarkdown('dma_vec 1.0 [0.9, 1.1]')).toBe('dma_vec 1.0 [0.9, 1.1]');
  expect(escapeMarkdown('_x_ [a](b)')).toBe('\\_x\\_ [a\\](b)');
  expect(escapeMarkdown('two\nlines')).toBe('two lines');
});
