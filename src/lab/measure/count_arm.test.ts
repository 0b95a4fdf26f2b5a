import { expect, it } from 'vitest';
import { DeviceQueue, Machine } from '../../../build/layout.ts';
import { smallMachine } from '../../../test/support/small_machine.ts';
import type { ArmRecord } from '../../analysis/group_record.ts';
import type { Payload } from '../../plan/machine_spec.ts';
import { field } from '../machine/fields.ts';
import { countArm } from './count_arm.ts';

const IOS = 4096;
const BYTES = 8192;

function count(payload: Payload) {
  const small = smallMachine({ payload });
  small.stream([{ op: 'read', lba: 8, bytes: BYTES, buffer: 4096 }]);
  const { machine } = small;
  // Sets the scheme up.
  small.run('page', 'fixed', 1);
  const moved = (): number => field(machine.view, machine.queues[0]?.device as number, DeviceQueue.bytesMoved);
  const movedBefore = moved();
  const payloadBefore = field(machine.view, machine.at, Machine.payload);
  const counts = countArm(machine, { arm: { id: 'g0/page/fixed', buffers: 'fixed' } } as ArmRecord, 'page');
  expect(field(machine.view, machine.at, Machine.payload)).toBe(payloadBefore);
  const counted = moved() - movedBefore;
  small.run('page', 'fixed', 1);
  return { counts, counted, afterwards: moved() - movedBefore - counted };
}

it('counts the same whatever is done with data, and copies none that nobody checks', () => {
  const none = count('none');
  expect(none.counts.pageLines).toBeGreaterThan(0);
  expect(count('move')).toEqual({ counts: none.counts, counted: 0, afterwards: BYTES });
  expect(count('verify').counted).toBe(IOS * BYTES);
});
