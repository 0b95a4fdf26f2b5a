// The bare ring (SQE -> controller -> CQE, batch 32, iodepth 256) against the same ring in C, in turn.
import { benchMachine, type Effort, goal, measureArms, type Row, ratios, row, startTwin } from './support.ts';

export const title = 'bare ring, two threads, page-less';

export async function measure(effort: Effort): Promise<Row[]> {
  const { machine } = benchMachine();
  const twin = startTwin();
  const nativeIos = effort.smoke ? 20_000 : 8_000_000;
  const between = 'missing' in twin ? undefined : () => twin.ask(`ring ${nativeIos}`);
  const arms = [{ host: 'ring', buffers: 'fixed' as const }];
  const { ns, between: native } = await measureArms(machine, arms, effort, 'threads', {
    controller: 'ring',
    ...(between ? { between } : {}),
  });
  const lab = ns[0] as number[];
  if ('missing' in twin) return [row(`lab (${twin.missing})`, lab, 'ns/I/O')];
  twin.end();
  const ratio = row('lab / native', ratios(lab, native), '');
  return [
    row('lab', lab, 'ns/I/O'),
    row('native twin', native, 'ns/I/O'),
    goal(ratio, 'at most 1.2', (value) => value <= 1.2),
  ];
}
