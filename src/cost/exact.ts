// What is exact: instructions, accesses and atomics of I/Os as the job has them under way together, distinct lines of I/Os that travel
// alone, by structure and field, by function and line.
import { EXIT, LabError } from '../base/errors.ts';
import { checkOutcome } from '../lab/machine/queue_state.ts';
import { COUNTED_IOS } from '../lab/measure/count_arm.ts';
import { type CostArm, type Instances, instancesOf, moveBuffers, outcomeOf } from './cost_arm.ts';
import type { Instrumented } from './instrument.ts';
import type { CoreName, FieldCounts } from './simulator.ts';

/** I/Os that travel alone, each a window of distinct lines. */
const ALONE_IOS = 512;
const WARM_IOS = 1024;

/** Of one I/O, on one core. */
export interface ExactPerIo {
  ops: number;
  accesses: number;
  /** Distinct lines that one I/O touches, and writes, when it travels alone. */
  lines: number;
  dirtiedLines: number;
  /** Read-modify-writes: locked operations. */
  atomics: number;
}

/** Counts of each field, per I/O. */
export type FieldsPerIo = readonly FieldCounts[];

export interface ExactCounts {
  ios: number;
  perIo: Record<CoreName, ExactPerIo>;
  fields: Record<CoreName, FieldsPerIo>;
  /** Accesses of each site and runs of each block, of all counted I/Os. */
  siteAccesses: readonly number[];
  blockRuns: ReadonlyMap<Instrumented, readonly number[]>;
}

const CORE_NAMES = ['host', 'device'] as const;

/** Errno with which the scheme refuses the arm's I/O, else its counts. @throws LabError where I/Os fail */
export function countExactly(cost: CostArm): { refused: string } | ExactCounts {
  const { simulator } = cost;
  const instances = instancesOf(cost, simulator.counting);
  moveBuffers(cost, 0);
  instances.run(0, WARM_IOS);
  const refused = outcomeOf(cost);
  if (refused.refused !== undefined) return { refused: refused.refused };
  checkOutcome(refused, cost.arm.id);
  const together = countTogether(cost, instances);
  const alone = countAlone(cost, instances);
  checkOutcome(outcomeOf(cost), cost.arm.id);
  const perIo = (core: CoreName): ExactPerIo => {
    const sum = (rows: FieldsPerIo, ...names: (keyof FieldCounts)[]): number =>
      rows.reduce((all, row) => all + names.reduce((own, name) => own + row[name], 0), 0);
    const rows = together.fields[core];
    return {
      ops: together.ops[core],
      accesses: sum(rows, 'reads', 'writes', 'atomics', 'atomicStores'),
      lines: sum(alone[core], 'lines'),
      dirtiedLines: sum(alone[core], 'dirtiedLines'),
      atomics: sum(rows, 'atomics'),
    };
  };
  const merged = (core: CoreName): FieldsPerIo =>
    together.fields[core].map((row, field) => {
      const { lines, dirtiedLines } = alone[core][field] as FieldCounts;
      return { ...row, lines, dirtiedLines };
    });
  return {
    ios: together.ios,
    perIo: { host: perIo('host'), device: perIo('device') },
    fields: { host: merged('host'), device: merged('device') },
    siteAccesses: together.siteAccesses,
    blockRuns: together.blockRuns,
  };
}

function countTogether({ simulator, arm }: CostArm, instances: Instances) {
  const before = { ops: instances.ops(), blocks: instances.blocks() };
  simulator.resetCounts();
  const ios = instances.run(0, COUNTED_IOS);
  if (ios === 0) throw new LabError(`${arm.id}: no I/O was done`, EXIT.runFailed);
  const after = { ops: instances.ops(), blocks: instances.blocks() };
  const blockRuns = new Map(
    [...after.blocks].map(([module, runs]) => [
      module,
      runs.map((count, block) => Number(count - (before.blocks.get(module)?.[block] ?? 0n))),
    ]),
  );
  const ops = (core: CoreName): number => Number(after.ops[core] - before.ops[core]) / ios;
  return {
    ios,
    blockRuns,
    ops: { host: ops('host'), device: ops('device') },
    fields: fieldsPerIo(simulator, ios),
    siteAccesses: simulator.siteAccesses(),
  };
}

function countAlone({ simulator }: CostArm, instances: Instances): Record<CoreName, FieldsPerIo> {
  simulator.resetCounts();
  let ios = 0;
  for (let io = 0; io < ALONE_IOS; io++) {
    simulator.beginWindow();
    ios += instances.run(io, 1);
  }
  return fieldsPerIo(simulator, ios);
}

function fieldsPerIo(simulator: CostArm['simulator'], ios: number): Record<CoreName, FieldsPerIo> {
  const [host, device] = CORE_NAMES.map((core) =>
    simulator
      .fieldCounts(core)
      .map((row) => Object.fromEntries(Object.entries(row).map(([name, count]) => [name, count / ios])) as FieldCounts),
  );
  return { host: host as FieldsPerIo, device: device as FieldsPerIo };
}
