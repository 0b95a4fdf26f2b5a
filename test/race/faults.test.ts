// Completions that are lost or come twice, on real threads: the crew ends the slice and says why, instead of waiting for ever.
import { afterEach, expect, it } from 'vitest';
import { KIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { checkOutcome, takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { closePool, startCrew } from '../../src/lab/workers/crew.ts';
import type { Fault, FaultKind } from '../../src/lab/workers/fault.ts';
import { smallMachine } from '../support/small_machine.ts';

// Its threads hang, or wait for what will never come.
afterEach(closePool);

async function slice(mode: 'threads' | 'inline', kind: FaultKind) {
  const small = smallMachine({ iodepth: 16, batch: 4, workers: 2 });
  small.stream([{ op: 'read', lba: 0, bytes: 4 * KIB, buffer: 0 }]);
  small.host('page');
  setBuffers(small.machine, 'fixed');
  const fault = { target: 'host0', kind, afterMs: 0 };
  const crew = await startCrew(small.machine, { schemes: ['page'], wait: 'poll', cores: 2, fault });
  // Many enough that the fault finds a completion that is posted and not yet seen.
  await crew.run({ mode, arm: 0, streamStart: 0, leadIos: 16, measureIos: mode === 'inline' ? 64 : 4000 });
  return takeOutcome(small.machine);
}

it('a crew that nobody wants any more is not waited for', async () => {
  const small = smallMachine({ iodepth: 16, batch: 4, workers: 2 });
  small.host('page');
  // Its host starts and never says that it is ready.
  const fault: Fault = { target: 'host0', kind: 'hang', afterMs: 0 };
  const interruption = new AbortController();
  setImmediate(() => interruption.abort());
  const crew = await startCrew(small.machine, {
    schemes: ['no such module'],
    wait: 'poll',
    cores: 2,
    fault,
    signal: interruption.signal,
  });
  expect(interruption.signal.aborted).toBe(true);
  expect(crew.placed.workers.length).toBe(2);
});

it.each(['threads', 'inline'] as const)(
  'a completion that is lost ends a slice of %s',
  async (mode) => {
    await expect(slice(mode, 'lose')).rejects.toThrow(/1 I\/Os of queue pair 0 have not been completed .*was lost/);
  },
  60_000,
);

it.each(['threads', 'inline'] as const)(
  'a completion that comes twice is noticed after a slice of %s',
  async (mode) => {
    const outcome = await slice(mode, 'repeat');
    expect(() => checkOutcome(outcome, 'page/fixed')).toThrow(/page\/fixed: invalid id \d+ completed on queue 1/);
  },
  60_000,
);
