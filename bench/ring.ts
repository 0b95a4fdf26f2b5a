// The bare ring (SQE -> controller -> CQE, batch 32, iodepth 256) against the same ring in C, in turn.
import { benchMachine, type Effort, goal, measureArms, type Row, ratios, row, startTwin } from './support.ts';

export const title = 'bare ring, two threads, page-less';

/** Nanoseconds per I/O of each round, both; without a compiler the reason in place of the twin's. */
export async function ringSeries(effort: Effort): Promise<{ lab: number[]; native: number[] | string }> {
  const { machine } = benchMachine();
  const twin = startTwin();
  const nativeIos = effort.smoke ? 20_000 : 1_500_000;
  const between = 'missing' in twin ? undefined : () => twin.ask(`ring ${nativeIos}`);
  const arms = [{ host: 'ring', buffers: 'fixed' as const }];
  const { ns, between: native } = await measureArms(machine, arms, effort, 'threads', {
    controller: 'ring',
    ...(between ? { between } : {}),
  });
  const lab = ns[0] as number[];
  if ('missing' in twin) return { lab, native: twin.missing };
  twin.end();
  return { lab, native };
}

export async function measure(effort: Effort): Promise<Row[]> {
  const { lab, native } = await ringSeries(effort);
  if (typeof native === 'string') return [row(`lab (${native})`, lab, 'ns/I/O')];
  const ratio = row('lab / native', ratios(lab, native), '');
  return [
    row('lab', lab, 'ns/I/O'),
    row('native twin', native, 'ns/I/O'),
    goal(ratio, 'at most 1.2', (value) => value <= 1.2),
  ];
}
