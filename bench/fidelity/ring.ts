// SQE, doorbell, controller, CQE: what the queues alone cost.
import { ringSeries } from '../ring.ts';
import type { Effort } from '../support.ts';
import type { Figure } from './part.ts';

export const title = 'bare ring on two threads, batch 32, iodepth 256';

export async function measure(effort: Effort): Promise<Figure[]> {
  const { lab, native } = await ringSeries(effort);
  if (typeof native === 'string') throw new Error(native);
  const goal = { words: 'at most 1.2', reached: (ratio: number) => ratio <= 1.2 };
  return [{ name: 'ring', unit: 'ns/I/O', lab, native, goal }];
}
