// npm run levels -- --what moments: what moves the level from one millisecond to the next within a process? Slices of 1 ms of the
// path on one thread, and right before each a loop of dependent multiplications and one of independent additions. Neither touches
// memory: the first has the core's speed (clock, steal), the second the core's execution units besides, which another hardware
// thread of the same physical core takes from it.
import { fileURLToPath } from 'node:url';
import { MIB } from '../../src/base/units.ts';
import { setBuffers } from '../../src/lab/machine/build_machine.ts';
import { probesModule } from '../../src/lab/machine/modules.ts';
import { closePool, startCrew } from '../../src/lab/workers/crew.ts';
import type { Table } from '../../src/report/tables/table.ts';
import { mean, median, quantileOfSorted, sorted } from '../../src/stats/location.ts';
import { benchMachine } from '../support.ts';

export interface Moment {
  /** ns per I/O of the slice, ns per step of each loop. */
  path: number;
  dependent: number;
  independent: number;
}

const SLICE_IOS = 16_000;
const STEPS = 150_000;

export async function moments(count: number): Promise<Moment[]> {
  const { machine } = benchMachine({ barBytes: 256 * MIB, schemes: ['dma_vec'] });
  const probes = probesModule(machine.memory);
  const crew = await startCrew(machine, { schemes: ['dma_vec'], wait: 'poll', cores: 2 });
  setBuffers(machine, 'fixed');
  const nsOf = (run: () => void, steps: number): number => {
    const began = performance.now();
    run();
    return ((performance.now() - began) * 1e6) / steps;
  };
  const warm = Math.min(100, count);
  const all: Moment[] = [];
  for (let i = 0; i < count + warm; i++) {
    const dependent = nsOf(() => probes.spin(STEPS), STEPS);
    const independent = nsOf(() => probes.spinWide(STEPS), STEPS);
    const order = { mode: 'inline', arm: 0, streamStart: i * SLICE_IOS, leadIos: 1024, measureIos: SLICE_IOS } as const;
    const { ns, ios } = await crew.run(order);
    all.push({ path: ns / ios, dependent, independent });
  }
  await crew.close();
  await closePool();
  return all.slice(warm);
}

/** What each loop does when the path is slow, and how much of the path's movement it follows. */
export function momentsTable(all: readonly Moment[]): Table {
  const path = all.map((each) => Math.log(each.path));
  const middle = median(path);
  const row = (title: string, key: keyof Moment) => {
    const values = all.map((each) => each[key]);
    const ascending = sorted(values);
    const half = (isSlow: boolean): number => median(values.filter((_, i) => (path[i] as number) > middle === isSlow));
    const [low, high] = [0.05, 0.95].map((share) => quantileOfSorted(ascending, share));
    return {
      cells: [
        title,
        median(values).toFixed(2),
        `${low?.toFixed(2)} to ${high?.toFixed(2)}`,
        (half(true) / half(false)).toFixed(2),
        correlation(values.map(Math.log), path).toFixed(2),
      ],
    };
  };
  return {
    columns: [
      { title: `${all.length} moments`, align: 'left' },
      { title: 'median ns', align: 'right' },
      { title: '5 to 95 %', align: 'right' },
      { title: 'slow half / fast half', align: 'right' },
      { title: 'correlation with the path', align: 'right' },
    ],
    rows: [
      row('path, per I/O', 'path'),
      row('dependent multiplications, per step', 'dependent'),
      row('independent additions, per step', 'independent'),
    ],
  };
}

/** Pearson's, of equally long series. */
function correlation(a: readonly number[], b: readonly number[]): number {
  const [centreA, centreB] = [mean(a), mean(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [x, y] = [value - centreA, (b[i] as number) - centreB];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await moments(Number(process.argv[2]))));
}
