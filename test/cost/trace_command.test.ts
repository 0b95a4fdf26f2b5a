// `p2plab trace`: one I/O in less than a hundred lines, with its addresses by their right names, and as Perfetto reads it.
import { describe, expect, it } from 'vitest';
import { command } from '../support/command.ts';

const SMALL = ['--bar', '64MiB', '--ram', '64MiB', '--payload', 'none'];

describe('p2plab trace', () => {
  // Maps of the modules may have to be compiled first.
  it('shows each step of an I/O in order, in less than a hundred lines', { timeout: 900_000 }, async () => {
    const { code, stdout, stderr } = await command(['trace', ...SMALL, '--scheme', 'page', '--buffers', 'user']);
    expect([code, stderr.replace(/^p2plab: compiling .*\n/gm, '')]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(100);
    expect(stdout).toMatch(/PRP1 of the SQE: bus address 0x[0-9a-f]+/);
    expect(stdout).toMatch(/its struct page: page pointer 0xffffea/);
    const order = [
      'bioAlloc',
      'folioTryGet',
      'submitWhole',
      'buildCommand',
      'pushCommand',
      'postCompletion',
      'completeCommand',
      'unpinAll',
    ];
    const places = order.map((name) => lines.findIndex((line) => line.includes(name)));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(stdout).toMatch(/page \[\d+\] .*L _refcount/);
  });

  it('puts two schemes side by side', { timeout: 900_000 }, async () => {
    const { code, stdout } = await command(['trace', ...SMALL, '--scheme', 'page,dma_vec', '--buffers', 'fixed']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^side +part +structure +page\/fixed +dma_vec\/fixed/m);
    expect(stdout).toMatch(/^host +schemes\/\* +page +\d+ +- /m);
    expect(stdout).toMatch(/^host +nvme\/host.ts +SQE +8 +8 /m);
  });

  it('names an IOVA as what it is', async () => {
    const words = [
      '--iommu',
      'strict',
      '--topology',
      'two-host-bridges',
      '--scheme',
      'page',
      '--buffers',
      'fixed',
      '--era',
      '6.12',
    ];
    const { code, stdout } = await command(['trace', ...SMALL, ...words, '--p2p-share', '0']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/buffer, from the start of RAM: offset 0x/);
    expect(stdout).toMatch(/PRP1 of the SQE: IOVA 0x/);
  });

  it('writes what Perfetto reads: a track for each core, steps that do not overlap', async () => {
    const { code, stdout } = await command([
      'trace',
      ...SMALL,
      '--scheme',
      'page',
      '--buffers',
      'pool',
      '--ios',
      '3',
      '--perfetto',
      '-',
    ]);
    expect(code).toBe(0);
    const { traceEvents } = JSON.parse(stdout) as {
      traceEvents: { ph: string; tid: number; ts: number; dur: number }[];
    };
    const steps = traceEvents.filter(({ ph }) => ph === 'X');
    expect(new Set(steps.map(({ tid }) => tid))).toEqual(new Set([1, 2]));
    let end = 0;
    for (const { ts, dur } of steps) {
      expect(ts).toBeGreaterThanOrEqual(end);
      end = ts + dur;
    }
  });

  it('says with what a scheme refuses the I/O', async () => {
    const { code, stdout } = await command(['trace', ...SMALL, '--scheme', 'dma_vec', '--buffers', 'user']);
    expect([code, stdout]).toEqual([0, 'dma_vec/user (g0/dma_vec/user): refused with EINVAL\n']);
    expect((await command(['trace', ...SMALL, '--ios', '65'])).code).toBe(2);
  });
});
