import { describe, expect, it } from 'vitest';
import { HostQueue } from '../../../build/layout.ts';
import { sharedMemory, viewOf } from '../machine/arena.ts';
import { setField } from '../machine/fields.ts';
import { workerWords } from './control.ts';
import { watchBeats, watchProgress } from './watchdog.ts';

const HOST = 57_344;

/** A lane in a memory of its own, and a clock that the test moves. */
function watched() {
  const view = viewOf(sharedMemory());
  let time = 0;
  const queue = { host: HOST };
  return {
    machine: { view, lanes: [{ host: HOST, front: HOST, devices: [] }], queues: [queue] } as never,
    clock: () => time,
    pass: (ms: number) => {
      time += ms;
    },
    counts: (issued: number, completed: number) => {
      setField(view, HOST, HostQueue.issued, issued);
      setField(view, HOST, HostQueue.completed, completed);
    },
    view,
  };
}

describe('I/O that is watched', () => {
  it('may take its time while it moves, and for ever where nothing is in flight', () => {
    const { machine, clock, pass, counts } = watched();
    const look = watchProgress(machine, 3000, clock);
    for (let i = 0; i < 5; i++) {
      counts(10 + i, i);
      pass(2000);
      look();
    }
    counts(20, 20);
    look();
    pass(60_000);
    expect(look).not.toThrow();
  });

  it('that stands still has lost a completion', () => {
    const { machine, clock, pass, counts } = watched();
    const look = watchProgress(machine, 3000, clock);
    counts(10, 9);
    look();
    pass(2999);
    look();
    pass(2);
    expect(look).toThrow(/^1 I\/Os of queue pair 0 have not been completed for 3001 ms: a completion was lost\./);
  });

  it('names the completion that was thrown away', () => {
    const { machine, clock, pass, counts, view } = watched();
    const look = watchProgress(machine, 3000, clock);
    counts(10, 7);
    setField(view, HOST, HostQueue.invalidIds, 1);
    setField(view, HOST, HostQueue.firstInvalidId, 4099);
    look();
    pass(3001);
    expect(look).toThrow(/3 I\/Os .*: invalid id 4099 completed on queue 1\./);
  });
});

it('a worker that does not beat is named', () => {
  const { machine, clock, pass, view } = watched();
  const look = watchBeats(machine, { workers: ['host0', 'nvme0'].map((name) => ({ name, agents: [] })) }, 3000, clock);
  const beat = workerWords(0).heartbeat;
  for (let i = 1; i <= 2; i++) {
    view.i32[beat] = i;
    pass(1600);
    if (i < 2) look();
  }
  expect(look).toThrow(/^worker nvme0 has not moved for 3200 ms/);
});
