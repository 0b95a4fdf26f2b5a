import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { watchBlock } from './disturbance.ts';

it('counts how often the process went on after a stop, in the block alone', async () => {
  const crew = { threadIds: () => [], runDelayMs: () => 0 };
  const before = watchBlock(crew, 1);
  process.emit('SIGCONT');
  await nextTurn();
  expect(before().stops).toBe(1);
  const finish = watchBlock(crew, 1);
  expect(finish().stops).toBe(0);
});
