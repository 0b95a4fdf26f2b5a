// The payload's own cost: memory.copy against memcpy, 4 KiB between two windows.
import { MIB } from '../../src/base/units.ts';
import { bareCopy } from '../payload.ts';
import { benchMachine, type Effort, type Twin } from '../support.ts';
import type { Figure } from './part.ts';

export const title = 'copy of 4 KiB';

export async function measure(effort: Effort, twin: Twin): Promise<Figure[]> {
  const { machine } = benchMachine({ payload: 'move' });
  const count = effort.smoke ? 1000 : 60_000;
  const labCopy = bareCopy(machine, count);
  labCopy(0);
  const lab: number[] = [];
  const native: number[] = [];
  for (let round = 0; round < effort.rounds; round++) {
    lab.push(labCopy(round));
    native.push(await twin.ask(`copy ${machine.spec.barWindowBytes / MIB} ${count}`));
  }
  const goal = { words: 'within 10 %', reached: (ratio: number) => ratio >= 0.9 && ratio <= 1.1 };
  return [{ name: 'copy of 4 KiB', unit: 'ns', lab, native, goal }];
}
