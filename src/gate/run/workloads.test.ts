// Workloads of a gates file as runs: what each rule needs, and what a user is told about options that cannot be run.
import { describe, expect, it } from 'vitest';
import { readGates } from '../gates_file.ts';
import { type PlannedWorkload, planWorkloads } from './workloads.ts';

const plan = (rules: string): Promise<PlannedWorkload[]> =>
  planWorkloads(readGates(`schema: p2plab.gates/1\nrules:\n${rules}`, 'g.yaml').rules, 'g.yaml');
const exact = (workload: string, scheme = 'page'): string =>
  `  - { name: ${scheme} ${workload.length}, kind: exact, workload: ${workload}, scheme: ${scheme}, buffers: user, expect: { refused: none } }\n`;

describe('workloads', () => {
  it('of exact rules are only counted; others run the schedules of their metrics', async () => {
    const [counted, timed] = await plan(
      `${exact('{ bar: 16MiB }')}  - { name: r, kind: ratio, metric: iops, a: dma_vec/fixed, b: page/user, below: 2 }\n`,
    );
    expect(counted).toMatchObject({ modes: [], params: { modes: [], schemes: ['page'], buffers: ['user'] } });
    expect(timed).toMatchObject({
      modes: ['threads'],
      params: {
        schemes: ['page', 'dma_vec'],
        buffers: ['user', 'fixed'],
        bars: [2 ** 28],
        payloads: ['none'],
        barSweep: [],
      },
    });
  });

  it('are measured once for all their rules, with the arm that has a copy as the reference', async () => {
    const workload = '{ bar: 16MiB, bs: 8k }';
    const planned = await plan(
      `${exact(workload)}  - { name: e, kind: equivalent, workload: ${workload}, a: "phys/fixed'", b: phys/fixed, margin: 2 }\n`,
    );
    expect(planned).toHaveLength(1);
    expect(planned[0]?.params).toMatchObject({ schemes: ['phys', 'page'], buffers: ['fixed', 'user'] });
  });

  it.each<[string, string, RegExp]>([
    ['with an unknown option', exact('{ bra: 1GiB }'), /^g\.yaml:3: workload of line 3: 'bra' is no option/],
    ['with a wrong value', exact('{ bar: 3GiB }'), /^g\.yaml:3: workload of line 3: --bar: '3GiB' must be/],
    ['with schemes of their own', exact('{ scheme: page }'), /scheme: the rules say that/],
    ['with two BARs', exact('{ bar: [16MiB, 32MiB] }'), /it is 2 runs/],
    ['of a job file that is not there', exact('{ job: no.fio }'), /no\.fio: cannot read/],
    ['of a scheme that is not there', exact('{}', 'pge'), /unknown scheme 'pge', did you mean 'page'/],
  ])('%s are refused', async (_, rules, message) => {
    await expect(plan(rules)).rejects.toThrow(message);
  });
});
