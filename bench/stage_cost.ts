// Where the nanoseconds of an I/O go: the sum of the host's stages, each timed apart, against the whole path timed inline.

import { setBuffers } from '../src/lab/machine.ts';
import { hostModule } from '../src/lab/modules.ts';
import { measureStages } from '../src/lab/stage_cost.ts';
import { BAR_COLD, BAR_WARM, benchMachine, type Effort, goal, measureArms, type Row, row } from './support.ts';

export const title = 'stages of the host path, 4 KiB randread, iodepth 256, batch 32, payload none';

const ARMS = [
  { host: 'dma_vec', buffers: 'fixed' as const },
  { host: 'page', buffers: 'user' as const },
];

export async function measure(effort: Effort): Promise<Row[]> {
  const { machine, job } = benchMachine({ barBytes: effort.smoke ? BAR_WARM : BAR_COLD });
  const { ns } = await measureArms(machine, ARMS, effort, 'inline');
  return ARMS.flatMap((arm, index) => {
    const whole = ns[index] as number[];
    setBuffers(machine, arm.buffers);
    const stages = measureStages(
      machine,
      hostModule(arm.host, machine.memory),
      { iodepth: job.iodepth, batch: job.iodepthBatch, requestsPerIo: 1 },
      effort.smoke ? { rounds: 2, batches: 2 } : { rounds: 12, batches: 60 },
    );
    if (stages === undefined) throw new Error('the default job can be cut into stages');
    const name = `${arm.host}/${arm.buffers}`;
    const sum = stages.reduce((total, { ns: each }) => total + each, 0);
    const share = row(
      `${name}: sum of stages / whole`,
      whole.map((each) => sum / each),
      '',
    );
    return [
      ...stages.map(({ stage, ns: value, ci95 }) => ({ name: `${name}: ${stage}`, value, ci95, unit: 'ns/I/O' })),
      row(`${name}: whole path, inline`, whole, 'ns/I/O'),
      goal(share, 'within 15 %', (value) => value >= 0.85 && value <= 1.15),
    ];
  });
}
