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
const source = join(scratchFolder('history'), 'gates.yaml');
const [rule] = readGates(
  'schema: p2plab.gates/1\nrules: [{ name: past, kind: history, a: page/fixed, file: "past-{machine}.jsonl" }]\n',
  source,
).rules as [HistoryRule];
const figure = (value: number, bar = 2 ** 28): HistoryFigure => ({
  value,
  ci95: null,
  blocks: 24,
  params: { bar, rounds: 24 },
});

/** One gate: judged on what there is, then recorded. */
async function gate(now: HistoryFigure) {
  const histories = await openHistories([rule], { source, here, begins: true });
  const outcome = judgeHistory(rule, now, histories.of(rule));
  await histories.record(new Map([[rule, now]]), { at: new Date(0).toISOString() });
  return outcome;
}

describe('a history', () => {
  it('must be begun', async () => {
    await expect(openHistories([rule], { source, here, begins: false })).rejects.toThrow(/no history .*--record/);
  });

  it('grows to a verdict, passes while nothing changes, and fails once a step for the worse is sure', async () => {
    for (let i = 0; i < 19; i++) expect(await gate(figure(100 + (i % 4)))).toMatchObject({ verdict: 'inconclusive' });
    expect(await gate(figure(101))).toMatchObject({ verdict: 'pass' });
    const stepped = [];
    for (let i = 0; i < 4; i++) stepped.push((await gate(figure(130 + i))).verdict);
    expect(stepped[0]).toBe('pass');
    expect(stepped.at(-1)).toBe('fail');
  });

  it('is one file of this machine, a line for each gate, nothing beside it', () => {
    const file = `past-${fingerprintId(here)}.jsonl`;
    expect(readdirSync(join(source, '..'))).toEqual([file]);
    const lines = readFileSync(join(source, '..', file), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(24);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ rule: 'past', value: 100, machine: here });
  });

  it('of another workload begins anew in the same file', async () => {
    expect(await gate(figure(100, 2 ** 30))).toMatchObject({ verdict: 'inconclusive' });
  });
});
