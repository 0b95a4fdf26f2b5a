// Flow nvmet as a user runs it: a figure or the kernel's refusal in every cell, and why; what its options refuse.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Result } from '../src/result/schema.ts';
import { jobFile, QUICK } from './support/cli.ts';
import { command } from './support/command.ts';
import { needing, TOPOLOGY_DATA } from './support/needs.ts';

const RUN = ['run', ...QUICK, '--flow', 'nvmet', '--mode', 'inline', '--out', 'out', '--json', '-'];

async function resultOf(args: readonly string[]): Promise<Result> {
  const ended = await command([...RUN, ...args]);
  expect(ended.stderr).not.toContain('unexpected');
  expect(ended.code).toBe(0);
  return JSON.parse(ended.stdout) as Result;
}

async function refusalOf(args: readonly string[]): Promise<string> {
  const ended = await command([...RUN, ...args]);
  expect(ended.code).toBe(2);
  return ended.stderr;
}

describe('run --flow nvmet', () => {
  it('gives a figure or the refusal in every cell, with data checked at both ends', async () => {
    const job = jobFile('[a]\nrw=randrw\nbssplit=4k/50:16k/50\niodepth=8\niodepth_batch=4\nnorandommap\n');
    const { cells } = await resultOf([job, '--scheme', 'all', '--payload', 'verify', '--inline-data', '0']);
    expect(cells.every(({ params }) => params.buffers === 'pool' && params.flow === 'nvmet')).toBe(true);
    const refused = cells.filter((cell) => cell.refused !== undefined);
    expect(refused.map(({ scheme }) => scheme).sort()).toEqual(['dmabuf', 'provider', 'vma']);
    for (const { refused: why } of refused)
      expect(why).toMatchObject({ errno: 'ENODEV', reason: expect.stringContaining('p2pmem') });
    const measured = cells.filter(({ cpuNsPerIo }) => cpuNsPerIo !== null);
    expect(new Set(measured.map(({ scheme }) => scheme))).toEqual(
      new Set(['page', 'dma_vec', 'pfn_t', 'phys', 'sgl', 'null']),
    );
    for (const { verified, perIo, params } of measured) {
      expect(verified).toMatchObject({ errors: 0 });
      expect(verified?.bytes).toBeGreaterThan(0);
      expect(perIo?.workRequests).toBe(2);
      expect(perIo?.poolFallbacks).toBeUndefined();
      expect(params).toMatchObject({ rdma: 'sge', inlineData: 0, clients: ['0000:03:00.0', '0000:04:00.0'] });
    }
  }, 120_000);

  it('shows how many I/Os took host RAM because the pool was empty, and how many writes came in the capsule', async () => {
    const job = jobFile('[a]\nrw=randrw\nbssplit=4k/20:128k/80\niodepth=32\nnorandommap\n');
    const { cells } = await resultOf([job, '--scheme', 'page', '--bar', '2MiB', '--payload', 'verify', '--rdma', 'mr']);
    const page = cells.find(({ params }) => params.role === 'reference');
    expect(page?.perIo?.poolFallbacks).toBeGreaterThan(0.1);
    expect(page?.perIo?.inlineWrites).toBeGreaterThan(0.05);
    expect(page?.perIo?.mrRegistrations).toBeGreaterThan(0.8);
    expect(page?.verified).toMatchObject({ errors: 0 });
  }, 120_000);

  it('names where a caller-made address went when the RNIC is behind another host bridge', async () => {
    const { cells } = await resultOf(['--scheme', 'page,dma_vec', '--topology', 'two-host-bridges']);
    expect(cells.find(({ scheme }) => scheme === 'page')?.cpuNsPerIo).not.toBeNull();
    expect(cells.find(({ scheme }) => scheme === 'dma_vec')?.refused).toMatchObject({ errno: 'misdirected' });
  }, 120_000);

  it('says what to do about an option that does not go with it', async () => {
    expect(await refusalOf(['--rnic', '0000:05:00.0'])).toMatch(/--rnic: the preset one-switch has its own/);
  }, 120_000);
});

describe('a topology file', () => {
  const folder = fileURLToPath(new URL('../../shared/data/topology/', import.meta.url));

  needing(TOPOLOGY_DATA).it(
    'without a network function says that one is needed and how to name another',
    async () => {
      const refusal = await refusalOf(['--topology', join(folder, 'linux-6.12/one-switch.zen.txt')]);
      expect(refusal).toMatch(/flow nvmet needs an RNIC that reaches the provider .*there is no network function/);
      expect(refusal).toContain('--rnic ID');
    },
    120_000,
  );

  needing(TOPOLOGY_DATA).it(
    'with network functions that do not reach the provider names them',
    async () => {
      const refusal = await refusalOf(['--topology', join(folder, 'azure-ndv4.lspci.txt')]);
      expect(refusal).toMatch(/none of its network functions \(0101:00:00\.0, .*\) reaches it, as far as is known/);
    },
    120_000,
  );
});
