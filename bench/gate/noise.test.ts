// The bench of gates beside a busy process runs, and its rules are read.
import { expect, it } from 'vitest';
import { EXIT } from '../../src/base/errors.ts';
import { gatesBesideBusyProcess } from './noise.ts';

it('gates beside a busy process end with a verdict for each rule', async () => {
  const { exits, rules } = await gatesBesideBusyProcess(1, '1s');
  expect([...exits.values()]).toEqual([1]);
  expect([EXIT.ok, EXIT.inconclusive, EXIT.gateFailed] as number[]).toContain([...exits.keys()][0]);
  expect([...rules.values()].map((tally) => Object.values(tally))).toEqual([[1], [1], [1], [1]]);
}, 60_000);
