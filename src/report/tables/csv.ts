// Rows of raw figures as CSV (RFC 4180): a comma between fields, a header line, an empty field for what was not measured.
import { csvField } from '../../base/escape.ts';

export type CsvValue = string | number | boolean | null | undefined;

export interface CsvTable {
  columns: readonly string[];
  rows: readonly (readonly CsvValue[])[];
}

/** The table as text that ends in a newline. */
export function csvText({ columns, rows }: CsvTable): string {
  return `${[columns, ...rows].map((row) => row.map(field).join(',')).join('\n')}\n`;
}

function field(value: CsvValue): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? csvField(value) : String(value);
}
