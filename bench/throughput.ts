// The whole block path on two threads: dma_vec, long-lived buffers, 4 KiB random reads, nothing moved; beside fio's null
// engine, which does nothing at all for each I/O.
import { execFileSync } from 'node:child_process';
import { benchMachine, type Effort, goal, measureArms, type Row, row } from './support.ts';

export const title =
  'dma_vec fixed, 4 KiB randread, iodepth 256, batch 32, 16 GiB BAR, payload none, one queue pair on two threads';

/** fio's null job: same options as its example null.fio, ended by time. */
function fioJob(seconds: number): string {
  const lines = [
    '[global]',
    'bs=4k',
    'gtod_reduce=1',
    `runtime=${seconds}`,
    'time_based',
    '[null]',
    'ioengine=null',
    'size=100g',
    'rw=randread',
    'norandommap',
  ];
  return `${lines.join('\n')}\n`;
}

function fioIops(job: string): number | undefined {
  try {
    const out = execFileSync('fio', ['--output-format=json', '-'], { input: job, stdio: ['pipe', 'pipe', 'ignore'] });
    return (JSON.parse(out.toString()) as { jobs: { read: { iops: number } }[] }).jobs[0]?.read.iops;
  } catch {
    return undefined;
  }
}

export async function measure(effort: Effort): Promise<Row[]> {
  const { machine } = benchMachine();
  const job = fioJob(1);
  const fio: number[] = [];
  const { ns } = await measureArms(
    machine,
    [
      { host: 'dma_vec', buffers: 'fixed' },
      { host: 'null', buffers: 'fixed' },
    ],
    effort,
    'threads',
    {
      between: (round) => {
        const iops = effort.smoke || round % 3 !== 0 ? undefined : fioIops(job);
        if (iops !== undefined) fio.push(iops / 1e6);
        return 0;
      },
    },
  );
  const millions = (ns[0] as number[]).map((value) => 1e3 / value);
  const rows = [
    goal(row('dma_vec', millions, 'M I/O/s'), 'at least 20 (on a 2-core EPYC VM)', (value) => value >= 20),
    row(
      'null scheme (harness ceiling)',
      (ns[1] as number[]).map((value) => 1e3 / value),
      'M I/O/s',
    ),
  ];
  if (fio.length === 0) return [...rows, row('fio is not installed: no comparison with its null engine', [0], '')];
  const fioRow = row("fio's null engine", fio, 'M I/O/s');
  const ratio = row(
    "dma_vec / fio's null engine",
    millions.map((value) => value / fioRow.value),
    '',
  );
  return [...rows, fioRow, goal(ratio, 'at least 2.5', (value) => value >= 2.5)];
}
