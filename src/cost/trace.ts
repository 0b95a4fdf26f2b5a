// One I/O to look at: every access of both sides in its order, with the structure, element and field that it reaches and the line of the
// source that makes it; runs of accesses from one file to one element are one step.
import { DIO_AT, Dio, Machine, NvmeCommand, Page } from '../../build/layout.ts';
import { field, field64 } from '../lab/machine/fields.ts';
import { type CostArm, instancesOf, outcomeOf } from './cost_arm.ts';
import type { Hooks, Instrumented } from './instrument.ts';
import { SITE_SHIFT, type Site } from './rewrite.ts';
import type { CoreName, RegionTable } from './simulator.ts';
import type { SourceLines } from './source_lines.ts';
import type { AccessKind } from './wasm/instructions.ts';

/** Accesses of one file to one element of a structure, one behind the other. */
export interface TraceStep {
  core: CoreName;
  /** Of the source, without the folder of the machine. */
  file: string;
  functions: string[];
  structure: string;
  /** Which of several; of a memmap the page. */
  element: number | undefined;
  /** wasm address of the element. */
  address: number;
  /** Fields in the order in which they were first reached: R read, W written, L locked operation. */
  fields: string[];
  accesses: number;
  /** Instructions of both sides before it, and in it. */
  startOps: number;
  ops: number;
}

/** The addresses by which the I/O's buffer goes. */
export interface TracedAddress {
  what: string;
  kind: 'offset' | 'CPU physical address' | 'bus address' | 'IOVA' | 'page pointer';
  value: bigint;
}

export interface Trace {
  id: string;
  scheme: string;
  buffers: string;
  refused: string | undefined;
  steps: TraceStep[];
  addresses: TracedAddress[];
}

const LETTER: Readonly<Record<AccessKind, string>> = { load: 'R', store: 'W', update: 'L', 'atomic-store': 'W' };
/** I/Os before the ones that are traced: pools and lookups are as in the middle of a run. */
const BEFORE_IOS = 256;

interface Event {
  core: CoreName;
  address: number;
  site: number;
  ops: bigint;
}

/** @param ios that are traced, each alone */
export function traceArm(cost: CostArm, ios: number, lines: ReadonlyMap<Instrumented, SourceLines>): Trace {
  const events: Event[] = [];
  let isOn = false;
  const hooksOf = (core: CoreName): Hooks => ({
    access: (address, site, ops) => {
      if (isOn) events.push({ core, address: address >>> 0, site: site >>> SITE_SHIFT, ops });
    },
    range: (address, site, _bytes, ops) => {
      if (isOn) events.push({ core, address: address >>> 0, site: site >>> SITE_SHIFT, ops });
    },
  });
  const instances = instancesOf(cost, { host: hooksOf('host'), device: hooksOf('device') });
  instances.run(0, BEFORE_IOS);
  const { scheme, buffers, id } = cost.arm;
  const { refused } = outcomeOf(cost);
  const before = instances.ops();
  isOn = refused === undefined;
  if (isOn) for (let io = 0; io < ios; io++) instances.run(BEFORE_IOS + io, 1);
  const steps = stepsOf(cost, events, before, lines);
  return { id, scheme, buffers, refused, steps, addresses: addressesOf(cost, steps) };
}

function stepsOf(
  cost: CostArm,
  events: readonly Event[],
  before: Record<CoreName, bigint>,
  lines: ReadonlyMap<Instrumented, SourceLines>,
): TraceStep[] {
  const sites = new Map<number, { site: Site; module: Instrumented }>();
  for (const module of [cost.host, ...cost.devices.values()])
    for (const site of module.sites) sites.set(site.id, { site, module });
  const steps: TraceStep[] = [];
  const passed: Record<CoreName, number> = { host: 0, device: 0 };
  for (const { core, address, site: id, ops } of events) {
    const { site, module } = sites.get(id) as { site: Site; module: Instrumented };
    const place = lines.get(module)?.placeAt(site.at);
    const reached = reachedAt(cost, address);
    const file = (place?.file ?? '?').replace('src/machine/', '');
    const start = passed.host + passed.device;
    passed[core] = Number(ops - before[core]);
    const last = steps.at(-1);
    const isSame =
      last !== undefined &&
      last.core === core &&
      last.file === file &&
      last.address === reached.address &&
      last.structure === reached.structure;
    const step: TraceStep = isSame
      ? last
      : { core, file, functions: [], ...reached, fields: [], accesses: 0, startOps: start, ops: 0 };
    if (!isSame) steps.push(step);
    const name = place?.function ?? '?';
    if (!step.functions.includes(name)) step.functions.push(name);
    const word = `${LETTER[site.kind]} ${reached.field}`;
    if (!step.fields.includes(word)) step.fields.push(word);
    step.accesses++;
    step.ops = passed.host + passed.device - step.startOps;
  }
  return steps;
}

interface Reached {
  structure: string;
  field: string;
  element: number | undefined;
  address: number;
}

function reachedAt({ map }: CostArm, address: number): Reached {
  const region = map.regions.find(({ at, bytes }) => address >= at && address < at + bytes);
  if (region === undefined) return { structure: 'outside', field: '', element: undefined, address };
  return inRegion(map.fields, region, address);
}

function inRegion(
  fields: CostArm['map']['fields'],
  { at, bytes, fieldOfByte, firstField }: RegionTable,
  address: number,
): Reached {
  const stride = fieldOfByte.length;
  const { structure, name } = fields[
    firstField + (stride === 0 ? 0 : (fieldOfByte[(address - at) % stride] as number))
  ] as {
    structure: string;
    name: string;
  };
  if (stride === 0) return { structure, field: `+${address - at}`, element: undefined, address: at };
  const element = Math.floor((address - at) / stride);
  return { structure, field: name, element: bytes > stride ? element : undefined, address: at + element * stride };
}

/** What the traced I/O's buffer is called on its way: read from its dio and its SQE. */
function addressesOf({ machine }: CostArm, steps: readonly TraceStep[]): TracedAddress[] {
  const { view, spec } = machine;
  const found: TracedAddress[] = [];
  const bio = steps.findLast(({ structure }) => structure === 'dio');
  const barPhys = machineWord(machine, Machine.barPhys);
  if (bio !== undefined && spec.flow === 'direct') {
    const dio = bio.address + DIO_AT;
    const offset = BigInt(field64(view, dio, Dio.bufferOffset));
    const inRam = field(view, dio, Dio.inRam) !== 0;
    const phys = (inRam ? machineWord(machine, Machine.ramPhys) : barPhys) + offset;
    found.push({
      what: inRam ? 'buffer, from the start of RAM' : 'buffer, from the start of the BAR',
      kind: 'offset',
      value: offset,
    });
    found.push({ what: 'buffer', kind: 'CPU physical address', value: phys });
    if (!inRam)
      found.push({ what: 'buffer', kind: 'bus address', value: machineWord(machine, Machine.barBus) + offset });
    if (steps.some(({ structure }) => structure === 'page')) {
      const pointer = BigInt.asUintN(64, machineWord(machine, Machine.vmemmap) + (phys >> 12n) * BigInt(Page.bytes));
      found.push({ what: 'its struct page', kind: 'page pointer', value: pointer });
    }
  }
  const sqe = steps.findLast(({ structure, core }) => structure === 'SQE' && core === 'host');
  if (sqe !== undefined) {
    const prp = view.u64[(sqe.address + NvmeCommand.prp1) / 8] as bigint;
    found.push({ what: 'PRP1 of the SQE', kind: kindOfDma(machine, prp), value: prp });
  }
  return found;
}

function machineWord({ view, at }: CostArm['machine'], offset: number): bigint {
  return view.u64[(at + offset) / 8] as bigint;
}

/** An address that a device was given: of the BAR on the bus, of memory as the CPU has it, or neither: translated. */
function kindOfDma(machine: CostArm['machine'], address: bigint): TracedAddress['kind'] {
  const within = (start: number, bytes: number): boolean => {
    const from = machineWord(machine, start);
    return address >= from && address < from + machineWord(machine, bytes);
  };
  if (within(Machine.barBus, Machine.barBytes)) return 'bus address';
  return within(Machine.barPhys, Machine.barBytes) || within(Machine.ramPhys, Machine.ramBytes)
    ? 'CPU physical address'
    : 'IOVA';
}

/** The steps as Chrome and Perfetto show them: a track for each core, an instruction as a microsecond. */
export function perfettoText(traces: readonly Trace[]): string {
  const traceEvents = traces.flatMap((trace, index) => {
    const pid = index + 1;
    const named = (tid: number, name: string) => ({ ph: 'M', pid, tid, name: 'thread_name', args: { name } });
    return [
      { ph: 'M', pid, name: 'process_name', args: { name: `${trace.scheme}/${trace.buffers}` } },
      named(1, 'host'),
      named(2, 'controller'),
      ...trace.steps.map((step) => ({
        ...{ ph: 'X', pid, tid: step.core === 'host' ? 1 : 2, ts: step.startOps, dur: step.ops, cat: step.structure },
        name: `${step.file}: ${step.functions.join(', ')}`,
        args: { structure: step.structure, element: step.element, fields: step.fields, accesses: step.accesses },
      })),
    ];
  });
  return `${JSON.stringify({ displayTimeUnit: 'ns', otherData: { unit: 'an instruction is a microsecond' }, traceEvents })}\n`;
}
