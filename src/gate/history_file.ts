// Histories: JSON Lines, one record for each gate run and rule. Read whole and checked before anything is measured; appended to
// once all measuring is done, by writing the whole file anew beside its place, so that no half of a line is ever seen.
import { z } from 'zod';
import { LabError } from '../base/errors.ts';
import { differences, type Fingerprint, fingerprintSchema } from './fingerprint.ts';

export const HISTORY_SCHEMA = 'p2plab.history/1';

const historyRecord = z.object({
  schema: z.literal(HISTORY_SCHEMA),
  /** ISO 8601. */
  at: z.string(),
  /** Rule whose figure it is. */
  rule: z.string(),
  /** What was measured: metric, arms and workload; a record of another one is of another series. */
  series: z.string(),
  value: z.number().positive(),
  ci95: z.tuple([z.number(), z.number()]).nullable(),
  blocks: z.number().int().positive(),
  /** Commit that was measured, where there is one. */
  commit: z.string().optional(),
  machine: fingerprintSchema,
});
export type HistoryRecord = z.infer<typeof historyRecord>;

export interface History {
  path: string;
  /** As read, each line's end included; what is written back is this and more. */
  text: string;
  records: HistoryRecord[];
}

/**
 * @param path as the user knows it, for messages
 * @throws LabError for a line that is no record, and for records of another machine
 */
export function parseHistory(text: string, path: string, here: Fingerprint): History {
  const records = text.split('\n').flatMap((line, index): HistoryRecord[] => {
    if (line.trim() === '') return [];
    const where = `${path}:${index + 1}`;
    const record = parseRecord(line, where);
    const differs = differences(record.machine, here);
    if (differs.length > 0) {
      throw new LabError(
        `${where}: a record of another machine: ${differs.join('; ')}. Times of two machines cannot be compared: ` +
          "keep one file for each ({machine} in the rule's file is this machine's id), or move this one away.",
      );
    }
    return [record];
  });
  return { path, text: text === '' || text.endsWith('\n') ? text : `${text}\n`, records };
}

function parseRecord(line: string, where: string): HistoryRecord {
  const advice = 'The file was changed or cut off; restore it or remove the line.';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new LabError(`${where}: not JSON (${(error as Error).message}). ${advice}`);
  }
  const checked = historyRecord.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  throw new LabError(
    `${where}: no record of "${HISTORY_SCHEMA}": ${issue?.path.join('.')}: ${issue?.message}. ${advice}`,
  );
}

/** Values of one series, oldest first. */
export function seriesOf(history: History, series: string): number[] {
  return history.records.filter((record) => record.series === series).map(({ value }) => value);
}

/** The file's text with further records. */
export function withRecords(history: History, records: readonly HistoryRecord[]): string {
  return history.text + records.map((record) => `${JSON.stringify(record)}\n`).join('');
}
