// What the host makes of completions that should not be: as Linux, in every build and with every scheme, it throws them away and
// says so (nvme_find_rq, nvme_handle_cqe).
import { describe, expect, it } from 'vitest';
import type { HostModule } from '../../build/exports.ts';
import { HostQueue, NvmeCompletion } from '../../build/layout.ts';
import { KIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { field, setField } from '../../src/lab/machine/fields.ts';
import { hostModule, listSchemes } from '../../src/lab/machine/modules.ts';
import { checkOutcome, takeOutcome } from '../../src/lab/machine/queue_state.ts';
import { strikeCompletion } from '../../src/lab/workers/fault.ts';
import { type SmallMachine, smallMachine } from '../support/small_machine.ts';

const IOS = 8;
const TURN = 1000;

/** A machine with `IOS` reads completed by the controller, none of them seen by the host. */
function completed(scheme: string, isCounting: boolean): { small: SmallMachine; host: HostModule; at: number } {
  const small = smallMachine({ iodepth: IOS, batch: IOS, queueCount: 1 });
  small.stream(
    Array.from({ length: IOS }, (_, i) => ({ op: 'read', lba: i * 16, bytes: 4 * KIB, buffer: i * 8 * KIB })),
  );
  const { machine, memory } = small;
  const host = hostModule(scheme, memory, isCounting);
  host.setup(machine.at);
  const at = machine.lanes[0]?.host as number;
  setBuffers(machine, 'fixed');
  setField(machine.view, at, HostQueue.issueTarget, IOS);
  setField(machine.view, at, HostQueue.completionMark, IOS);
  host.run(at, TURN, 0);
  small.device.run(machine.lanes[0]?.devices[0]?.at as number, TURN, 0);
  expect(field(machine.view, at, HostQueue.issued)).toBe(IOS);
  return { small, host, at };
}

/** Reads or changes the command id of CQE `index`. */
function commandId({ machine }: SmallMachine, at: number, index: number, next?: number): number {
  const words = new Uint16Array(machine.memory.buffer);
  const word = (field(machine.view, at, HostQueue.cq) + index * NvmeCompletion.bytes + NvmeCompletion.command_id) / 2;
  if (next !== undefined) words[word] = next;
  return words[word] as number;
}

const done = ({ machine }: SmallMachine, at: number): number => field(machine.view, at, HostQueue.completed);

describe.each(listSchemes().map(({ name }) => name))('%s', (scheme) => {
  it.each([
    ['timed', false],
    ['counting', true],
  ] as const)('in the %s build ends a command once, whatever completes twice', (_, isCounting) => {
    const { small, host, at } = completed(scheme, isCounting);
    const id = commandId(small, at, 0);
    commandId(small, at, 1, id);
    host.run(at, TURN, 0);
    expect(done(small, at)).toBe(IOS - 1);
    const outcome = takeOutcome(small.machine);
    expect(outcome).toMatchObject({
      errors: 0,
      invalidIds: 1,
      firstInvalidId: `invalid id ${id} completed on queue 1`,
    });
    expect(() => checkOutcome(outcome, 'arm')).toThrow(
      `arm: invalid id ${id} completed on queue 1: a completion came twice`,
    );
    expect(takeOutcome(small.machine).invalidIds).toBe(0);
  });
});

describe('the host', () => {
  it('ends no command by the id of another generation, of a free tag, or of a tag that is none', () => {
    const { small, host, at } = completed('page', false);
    const ids = [0, 1, 2].map((index) => commandId(small, at, index));
    commandId(small, at, 0, (ids[0] as number) ^ 0x1000);
    commandId(small, at, 1, ((ids[1] as number) & 0xf000) | 40);
    commandId(small, at, 2, (ids[2] as number) | 0xfff);
    host.run(at, TURN, 0);
    expect(done(small, at)).toBe(IOS - 3);
    expect(takeOutcome(small.machine).invalidIds).toBe(3);
  });

  it('waits for an entry that was counted and is not there', () => {
    const { small, host, at } = completed('page', false);
    const { machine } = small;
    const status = (field(machine.view, at, HostQueue.cq) + 4 * NvmeCompletion.bytes + NvmeCompletion.status) / 2;
    const words = new Uint16Array(machine.memory.buffer);
    words[status] = (words[status] as number) ^ 1;
    host.run(at, TURN, 0);
    expect(done(small, at)).toBe(4);
    words[status] = (words[status] as number) ^ 1;
    host.run(at, TURN, 0);
    expect(done(small, at)).toBe(IOS);
    expect(small.leftovers()).toEqual([]);
  });

  it('has one completion less or one more where a fault is planned', () => {
    const lost = completed('page', false);
    expect(strikeCompletion(lost.small.machine.view, lost.at, 'lose')).toBe(true);
    lost.host.run(lost.at, TURN, 0);
    expect(done(lost.small, lost.at)).toBe(IOS - 1);
    expect(strikeCompletion(lost.small.machine.view, lost.at, 'lose')).toBe(false);

    const twice = completed('page', false);
    expect(strikeCompletion(twice.small.machine.view, twice.at, 'repeat')).toBe(false);
    twice.host.run(twice.at, TURN, 0);
    expect(strikeCompletion(twice.small.machine.view, twice.at, 'repeat')).toBe(true);
    // It looks at completions only while I/Os are missing.
    setField(twice.small.machine.view, twice.at, HostQueue.completionMark, IOS + 1);
    twice.host.run(twice.at, TURN, 0);
    expect(done(twice.small, twice.at)).toBe(IOS);
    expect(takeOutcome(twice.small.machine).invalidIds).toBe(1);
  });
});
