// What an IOMMU costs where every I/O is mapped, against buffers that were mapped once: P2P memory through the host bridge,
// 4 KiB, one core. CPU time is measured; the waits of hardware and the device's service time are modelled
// (src/analysis/iommu_model.ts), and so are the rates made of both.

import { iommuNs, PUBLISHED_SERVICE_NS, PUBLISHED_SHAPE, throughput } from '../src/analysis/iommu_model.ts';
import { GIB } from '../src/base/units.ts';
import { type BuiltMachine, setBuffers } from '../src/lab/machine/build_machine.ts';
import { deviceModule, hostModule } from '../src/lab/machine/modules.ts';
import { readCounters, resetCounters } from '../src/lab/machine/queue_state.ts';
import { runInlineSlice } from '../src/lab/workers/inline.ts';
import { DEFAULT_RULES, presetFabric } from '../src/plan/fabric.ts';
import {
  BAR_WARM,
  type BenchArm,
  benchMachine,
  type Effort,
  goal,
  measureArms,
  type Row,
  ratios,
  row,
} from './support.ts';

export const title = 'mapping each I/O against buffers mapped once, behind an IOMMU (measured CPU, modelled hardware)';

const MODES = ['strict', 'lazy', 'passthrough'] as const;
/** Mapped for each I/O as kernels since 6.17 do it, and read from a list of addresses that was made once. */
const EACH: BenchArm = { host: 'page@6.17', buffers: 'fixed' };
const ONCE: BenchArm = { host: 'dmabuf', buffers: 'fixed' };
const WITHIN = 0.15;
const COUNTED_IOS = 4096;

export async function measure(effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  for (const mode of MODES) {
    const rules = { ...DEFAULT_RULES, iommu: true, iommuMode: mode };
    const { machine } = benchMachine({
      barBytes: BAR_WARM,
      schemes: [EACH.host, ONCE.host],
      fabricOf: (bytes) => presetFabric('two-root-ports', bytes, GIB, rules),
    });
    const modelled = [EACH, ONCE].map((arm) => modelledNs(machine, arm));
    const { ns } = await measureArms(machine, [EACH, ONCE], effort, 'inline');
    const [each = [], once = []] = ns.map((values, arm) => values.map((value) => value + (modelled[arm] as number)));
    const rate = (values: readonly number[]): number[] =>
      values.map((cpuNs) => throughput(cpuNs, PUBLISHED_SERVICE_NS).iops);
    const published = PUBLISHED_SHAPE[mode];
    rows.push(
      row(`${mode}: CPU of an I/O that is mapped, measured`, ns[0] ?? [], 'ns'),
      row(`${mode}: the same with modelled hardware`, each, 'ns'),
      row(`${mode}: CPU of a pre-mapped I/O, measured`, ns[1] ?? [], 'ns'),
      goal(
        row(`${mode}: rate mapped / pre-mapped, modelled`, ratios(rate(each), rate(once)), ''),
        `${published.toFixed(3)} within 15 %`,
        (value) => Math.abs(value / published - 1) <= WITHIN,
      ),
    );
  }
  return rows;
}

/** Modelled time of one I/O of the arm, from the counting build's events. */
function modelledNs(machine: BuiltMachine, arm: BenchArm): number {
  setBuffers(machine, arm.buffers);
  resetCounters(machine);
  const host = hostModule(arm.host, machine.memory, true);
  runInlineSlice({
    view: machine.view,
    lanes: machine.lanes,
    host,
    device: (kind) => deviceModule(kind, machine.memory),
    streamStart: 0,
    leadIos: 0,
    measureIos: COUNTED_IOS,
  });
  const { ios, invalidations, pteLines } = readCounters(machine);
  return iommuNs({ invalidations: invalidations / ios, pteLines: pteLines / ios });
}
