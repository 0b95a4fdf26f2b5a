// History files: what is read back is what was appended; what cannot be trusted is refused with its line.
import { describe, expect, it } from 'vitest';
import { fingerprintId } from './fingerprint.ts';
import { type HistoryRecord, parseHistory, seriesOf, withRecords } from './history_file.ts';

const HERE = { cpu: 'AMD EPYC', cores: 2, kernel: '6.18.44', node: '24.21.0', v8: '13.6' };
const record = (value: number, over: Partial<HistoryRecord> = {}): HistoryRecord => ({
  schema: 'p2plab.history/1',
  at: '2026-11-21T10:00:00.000Z',
  rule: 'r',
  series: 's',
  value,
  ci95: null,
  blocks: 12,
  machine: HERE,
  ...over,
});
const complaint = (text: string): string => {
  try {
    parseHistory(text, 'h.jsonl', HERE);
  } catch (error) {
    return (error as Error).message;
  }
  return 'nothing';
};

describe('a history file', () => {
  it('grows by whole lines, also behind a last line without an end, and keeps series apart', () => {
    const first = withRecords(parseHistory('', 'h.jsonl', HERE), [record(1), record(7, { series: 'other' })]);
    const second = withRecords(parseHistory(first.trimEnd(), 'h.jsonl', HERE), [record(2)]);
    expect(second.split('\n')).toHaveLength(4);
    expect(seriesOf(parseHistory(second, 'h.jsonl', HERE), 's')).toEqual([1, 2]);
  });

  it('that is corrupt is refused with line and advice', () => {
    const good = JSON.stringify(record(1));
    expect(complaint(`${good}\n${good.slice(0, 40)}\n`)).toMatch(
      /^h\.jsonl:2: not JSON .*restore it or remove the line/,
    );
    expect(complaint(`${good}\n\n${JSON.stringify({ ...record(1), value: -1 })}\n`)).toMatch(
      /^h\.jsonl:3: no record of .*value/,
    );
    expect(complaint('null\n')).toMatch(/^h\.jsonl:1: no record/);
  });

  it('of another machine is refused with what differs', () => {
    const other = { ...HERE, cpu: 'Intel Xeon', kernel: '6.12.1' };
    expect(complaint(`${JSON.stringify(record(1))}\n${JSON.stringify(record(1, { machine: other }))}\n`)).toMatch(
      /^h\.jsonl:2: a record of another machine: cpu "Intel Xeon" there, "AMD EPYC" here; kernel "6\.12\.1" there/,
    );
    expect(fingerprintId(other)).not.toBe(fingerprintId(HERE));
  });
});
