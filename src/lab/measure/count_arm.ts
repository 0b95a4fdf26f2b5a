// Exact counts per I/O of one arm by the counting build: inline, in this thread, while the workers sleep.

import { Machine, PAYLOAD_MOVE, PAYLOAD_NONE } from '../../../build/layout.ts';
import type { ArmRecord } from '../../analysis/group_record.ts';
import { EXIT, LabError } from '../../base/errors.ts';
import { type CounterDefinition, type CounterName, type CountersStated, counters } from '../../catalogue/counters.ts';
import type { PerIo } from '../../result/schema.ts';
import { type BuiltMachine, setBuffers } from '../machine/build_machine.ts';
import { field, setField } from '../machine/fields.ts';
import { setPacing } from '../machine/lane_pacing.ts';
import { deviceModule, hostModule } from '../machine/modules.ts';
import {
  checkOutcome,
  clearLatency,
  type Outcome,
  readCounters,
  resetCounters,
  takeOutcome,
} from '../machine/queue_state.ts';
import { runInlineSlice } from '../workers/inline.ts';

export const COUNTED_IOS = 4096;
const REFUSED_IOS = 256;
const namesOf = <Name extends CounterName>(test: (counter: CounterDefinition) => boolean): Name[] =>
  counters().flatMap(([name, counter]) => (test(counter) && counter.inexact === undefined ? [name as Name] : []));
/** Counts that results have for every scheme, 0 included. The others are there where they are not 0. */
const ALWAYS = namesOf<Exclude<CountersStated<'always'>, 'wakeups'>>(({ stated }) => stated === 'always');
/** There whatever they are where an IOMMU translates. */
const OF_IOMMU = namesOf<CountersStated<'translated'>>(({ stated }) => stated === 'translated');
/** What those who refuse an I/O count. */
const OF_REFUSALS = namesOf<Exclude<CounterName, 'wakeups'>>(({ ofRefusals }) => ofRefusals === true);

/** @param module host module that the arm runs as */
export function countArm(machine: BuiltMachine, { arm }: ArmRecord, module: string): Omit<PerIo, 'wakeups'> {
  const outcome = runCounting(machine, arm, module, COUNTED_IOS);
  checkOutcome(outcome, arm.id);
  const counts = perIoOf(machine, outcome, arm.id);
  const those = <Name extends keyof typeof counts>(names: readonly Name[]): Record<Name, number> =>
    Object.fromEntries(names.map((name) => [name, counts[name]])) as Record<Name, number>;
  return {
    ...Object.fromEntries(Object.entries(counts).filter(([, value]) => value > 0)),
    ...those(ALWAYS),
    ...(machine.translated.length > 0 ? those(OF_IOMMU) : {}),
  };
}

/** What is counted of an I/O that is refused, or undefined when nothing is. */
export function countRefusal(
  machine: BuiltMachine,
  { arm }: ArmRecord,
  module: string,
): Record<string, number> | undefined {
  const counts = perIoOf(machine, runCounting(machine, arm, module, REFUSED_IOS), arm.id);
  const found = OF_REFUSALS.filter((name) => counts[name] > 0);
  return found.length === 0 ? undefined : Object.fromEntries(found.map((name) => [name, counts[name]]));
}

function runCounting(
  machine: BuiltMachine,
  { buffers }: ArmRecord['arm'],
  module: string,
  measureIos: number,
): Outcome {
  const { view, at } = machine;
  setBuffers(machine, buffers);
  setPacing(machine, false);
  // What is counted does not depend on the bytes of the data: they are not copied, where nobody checks them.
  const payload = field(view, at, Machine.payload);
  if (payload === PAYLOAD_MOVE) setField(view, at, Machine.payload, PAYLOAD_NONE);
  resetCounters(machine);
  runInlineSlice({
    view,
    lanes: machine.lanes,
    host: hostModule(module, machine.memory, true),
    device: (kind) => deviceModule(kind, machine.memory),
    streamStart: 0,
    leadIos: 0,
    measureIos,
  });
  setField(view, at, Machine.payload, payload);
  clearLatency(machine);
  return takeOutcome(machine);
}

function perIoOf(machine: BuiltMachine, { iotlbMisses }: Outcome, id: string) {
  const { ios, ...counted } = readCounters(machine);
  const counts = { ...counted, iotlbMisses };
  if (ios === 0) throw new LabError(`${id}: the counting build did no I/O`, EXIT.runFailed);
  return Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / ios])) as typeof counts;
}
