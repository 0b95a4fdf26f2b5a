// The program that is stepped in the lab's place: node lab_child.ts HOST BUFFERS runs slices of the default job inline, over and over,
// and says by SIGUSR2 when its code is there.
import { MIB } from '../../src/base/units.ts';
import { setBuffers, skewBuffers } from '../../src/lab/machine/build_machine.ts';
import { deviceModule, hostModule } from '../../src/lab/machine/modules.ts';
import { runInlineSlice } from '../../src/lab/workers/inline.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { benchMachine } from '../support.ts';

const [host = '', buffers = ''] = process.argv.slice(2);
const { machine } = benchMachine({ barBytes: 64 * MIB });
setBuffers(machine, buffers as Buffers);
const module = hostModule(host, machine.memory);
for (let round = 0; ; round++) {
  if (round === 20) process.kill(process.pid, 'SIGUSR2');
  skewBuffers(machine, round);
  runInlineSlice({
    view: machine.view,
    lanes: machine.lanes,
    host: module,
    device: (kind) => deviceModule(kind, machine.memory),
    streamStart: round * 40_960,
    leadIos: 8192,
    measureIos: 32_768,
  });
}
