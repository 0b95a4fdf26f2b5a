// Where the nanoseconds of an I/O go: the sum of the host's stages, each timed apart, against the whole path timed inline, in turn
// on this thread: a shared machine's level moves between any two longer measurements.

import type { StageCost } from '../src/analysis/group_record.ts';
import { setBuffers, skewBuffers } from '../src/lab/machine/build_machine.ts';
import { deviceModule, hostModule } from '../src/lab/machine/modules.ts';
import { measureStages } from '../src/lab/measure/stage_cost.ts';
import { runInlineSlice } from '../src/lab/workers/inline.ts';
import { BAR_COLD, BAR_WARM, benchMachine, type Effort, goal, type Row, ratios, row } from './support.ts';

export const title = 'stages of the host path, 4 KiB randread, iodepth 256, batch 32, payload none';

const ARMS = [
  { host: 'dma_vec', buffers: 'fixed' as const },
  { host: 'page', buffers: 'user' as const },
];

const SLICE_IOS = 40_000;

export async function measure(effort: Effort): Promise<Row[]> {
  const { machine, job } = benchMachine({ barBytes: effort.smoke ? BAR_WARM : BAR_COLD });
  const measured = ARMS.map((arm) => ({ arm, whole: [] as number[], stages: [] as (readonly StageCost[])[] }));
  const batches = effort.smoke ? 2 : 12;
  const warm = effort.smoke ? 1 : 10;
  for (let round = 0; round < warm + effort.rounds; round++) {
    for (const [index, { arm, whole, stages }] of measured.entries()) {
      const host = hostModule(arm.host, machine.memory);
      setBuffers(machine, arm.buffers);
      skewBuffers(machine, round * ARMS.length + index);
      const { hostMs, ios } = runInlineSlice({
        view: machine.view,
        lanes: machine.lanes,
        host,
        device: (kind) => deviceModule(kind, machine.memory),
        streamStart: round * SLICE_IOS,
        leadIos: SLICE_IOS / 4,
        measureIos: effort.smoke ? 4096 : SLICE_IOS,
      });
      const depth = { iodepth: job.iodepth, batch: job.iodepthBatch, requestsPerIo: 1 };
      const [cut] = measureStages(machine, [{ host }], depth, { rounds: 1, batches }) ?? [];
      if (cut === undefined) throw new Error('the default job can be cut into stages');
      if (round < warm) continue;
      whole.push((hostMs * 1e6) / ios);
      stages.push(cut);
    }
  }
  return measured.flatMap(({ arm, whole, stages }) => {
    const name = `${arm.host}/${arm.buffers}`;
    const sums = stages.map((cut) => cut.reduce((total, { ns }) => total + ns, 0));
    const names = stages[0]?.map(({ stage }) => stage) ?? [];
    return [
      ...names.map((stage, at) =>
        row(
          `${name}: ${stage}`,
          stages.map((cut) => cut[at]?.ns ?? 0),
          'ns/I/O',
        ),
      ),
      row(`${name}: whole path, inline`, whole, 'ns/I/O'),
      goal(
        row(`${name}: sum of stages / whole`, ratios(sums, whole), ''),
        'within 15 %',
        (value) => value >= 0.85 && value <= 1.15,
      ),
    ];
  });
}
