import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { csvField } from '../../base/escape.ts';
import { GIB } from '../../base/units.ts';
import { cellsTable } from './cells_table.ts';
import { comparisonsTable } from './comparisons_table.ts';
import { csvText } from './csv.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: GIB }], sweepBars: [], rounds: 6, stages: true });

/** RFC 4180, read character by character. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let field = '';
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i] as string;
    if (quoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[++i];
      else quoted = false;
    } else if (character === '"') quoted = true;
    else if (character === ',') {
      row.push(field);
      field = '';
    } else if (character === '\n') {
      rows.push([...row, field]);
      row = [];
      field = '';
    } else field += character;
  }
  expect(field).toBe('');
  return rows;
}

/** Rows as records by column name. */
function records(text: string): Record<string, string>[] {
  const [header = [], ...rows] = parseCsv(text);
  expect(new Set(header).size).toBe(header.length);
  for (const row of rows) expect(row).toHaveLength(header.length);
  return rows.map((row) => Object.fromEntries(row.map((field, i) => [header[i] as string, field])));
}

test('a row for each cell with options, figures and intervals; nothing where nothing was measured', () => {
  const rows = records(csvText(cellsTable(result)));
  expect(rows.map(({ cell }) => cell)).toEqual(result.cells.map(({ id }) => id));
  for (const [i, row] of rows.entries()) {
    const cell = result.cells[i];
    expect(row.cpuNsPerIo).toBe(cell?.cpuNsPerIo === null ? '' : String(cell?.cpuNsPerIo.median));
    expect(row.cpuNsPerIo_lo95).toBe(String(cell?.cpuNsPerIo?.ci95?.[0] ?? ''));
    expect(row.bar).toBe(String(GIB));
    expect(row.refused).toBe(cell?.refused?.errno ?? '');
    expect(row.metadataBytes_memmap).toBe(String(cell?.metadataBytes?.memmap ?? ''));
    expect(row.stageNs_map).toBe(String(cell?.stages?.[1]?.ns ?? ''));
  }
});

test('a row for each comparison with the options of its group', () => {
  const rows = records(csvText(comparisonsTable(result)));
  expect(rows).toHaveLength(result.comparisons.length);
  expect(rows[0]).toMatchObject({ metric: 'iops', a: "g0/page/user'", b: 'g0/page/user', bar: String(GIB), n: '6' });
  expect(rows[0]?.ratio_hi95).toBe(String(result.comparisons[0]?.ci95?.[1]));
});

test('any name comes back as csvField shows it, and as it was where there is nothing to show', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (name, list) => {
      const hostile = structuredClone(result);
      const [cell] = hostile.cells;
      if (cell === undefined) return;
      Object.assign(cell, { scheme: name });
      Object.assign(cell.params, { job: name, list });
      const [row] = records(csvText(cellsTable(hostile)));
      const written = (text: string): string => records(`a\n${csvField(text)}\n`)[0]?.a ?? '';
      expect(row?.scheme).toBe(written(name));
      expect(row?.job).toBe(written(name));
      expect(row?.list).toBe(written(list.join(' ')));
      if (/^[\w .,"\n]*$/.test(name)) expect(row?.scheme).toBe(name);
    }),
    { numRuns: 200, seed: 1 },
  );
});
