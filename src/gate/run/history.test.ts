// Histories on disk, from the first record to a verdict: what a gate appends is what the next one reads.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../../test/support/scratch.ts';
import { describeEnvironment } from '../../lab/host/environment.ts';
import { fingerprintId, fingerprintOf } from '../fingerprint.ts';
import { type HistoryRule, readGates } from '../gates_file.ts';
import { type HistoryFigure, judgeHistory } from '../history_rule.ts';
import { openHistories } from './history.ts';

const here = fingerprintOf(describeEnvironment([]));
const figure = (value: number, bar = 2 ** 28): HistoryFigure => ({
  value,
  ci95: null,
  blocks: 24,
  params: { bar, rounds: 24 },
});

/** A gates file with one rule, in a folder of its own: no test sees the records of another. */
function gates() {
  const folder = scratchFolder('history');
  const source = join(folder, 'gates.yaml');
  const [rule] = readGates(
    'schema: p2plab.gates/1\nrules: [{ name: past, kind: history, a: page/fixed, file: "past-{machine}.jsonl" }]\n',
    source,
  ).rules as [HistoryRule];
  const open = (begins: boolean) => openHistories([rule], { source, here, begins });
  /** One gate: judged on what there is, then recorded. */
  const gate = async (now: HistoryFigure) => {
    const histories = await open(true);
    const outcome = judgeHistory(rule, now, histories.of(rule));
    await histories.record(new Map([[rule, now]]), { at: new Date(0).toISOString() });
    return outcome;
  };
  return { folder, gate, open };
}

describe('a history', () => {
  it('must be begun', async () => {
    await expect(gates().open(false)).rejects.toThrow(/no history .*--record/);
  });

  it('grows to a verdict, passes while nothing changes, and fails once a step for the worse is sure', async () => {
    const { gate } = gates();
    for (let i = 0; i < 19; i++) expect(await gate(figure(100 + (i % 4)))).toMatchObject({ verdict: 'inconclusive' });
    expect(await gate(figure(101))).toMatchObject({ verdict: 'pass' });
    const stepped = [];
    for (let i = 0; i < 4; i++) stepped.push((await gate(figure(130 + i))).verdict);
    expect(stepped[0]).toBe('pass');
    expect(stepped.at(-1)).toBe('fail');
  });

  it('is one file of this machine, a line for each gate, nothing beside it', async () => {
    const { folder, gate } = gates();
    for (let i = 0; i < 3; i++) await gate(figure(100 + i));
    const file = `past-${fingerprintId(here)}.jsonl`;
    expect(readdirSync(folder)).toEqual([file]);
    const lines = readFileSync(join(folder, file), 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ rule: 'past', value: 100, machine: here });
  });

  it('of another workload begins anew in the same file', async () => {
    const { gate } = gates();
    for (let i = 0; i < 20; i++) await gate(figure(100 + (i % 4)));
    expect(await gate(figure(101))).toMatchObject({ verdict: 'pass' });
    expect(await gate(figure(100, 2 ** 30))).toMatchObject({ verdict: 'inconclusive' });
  });
});
