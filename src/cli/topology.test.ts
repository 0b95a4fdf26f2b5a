import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { beforeAll, expect, test, vi } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { LabError } from '../base/errors.ts';
import { writeLspci } from '../topology/lspci_writer.ts';
import { preset } from '../topology/presets.ts';
import { define as defineMemory } from './commands/memory.ts';
import { define as defineTopology } from './commands/topology.ts';

let folder = '';
let dump = '';

beforeAll(() => {
  folder = scratchFolder('cli');
  dump = join(folder, 'dump.txt');
  writeFileSync(dump, writeLspci(preset('one-switch', { barBytes: 2 ** 30 }).topology));
});

/** Runs one command line and gives what it wrote to stdout. */
async function run(...words: string[]): Promise<string> {
  const program = new Command('p2plab').exitOverride().configureOutput({ outputError: () => {} });
  defineTopology(program.command('topology').argument('[source]'));
  defineMemory(program.command('memory'), (scheme) => (scheme === 'page' ? 12_345 : undefined));
  for (const command of program.commands) command.exitOverride().configureOutput({ outputError: () => {} });
  let written = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written += text;
    return true;
  });
  try {
    await program.parseAsync(['node', 'p2plab', ...words]);
  } finally {
    spy.mockRestore();
  }
  return written;
}

test('topology shows a preset and a dump of it alike', async () => {
  const [fromPreset, fromDump] = [await run('topology', 'one-switch'), await run('topology', dump, '--cpu', 'amd:23')];
  for (const text of [fromPreset, fromDump]) expect(text).toMatch(/^ +2 +H5 +B0 +B4 +B4$/m);
});

test('topology --json writes the document, wherever the words stand', async () => {
  const file = join(folder, 'out.json');
  const one = JSON.parse(await run('topology', '--json', dump));
  const two = JSON.parse(await run('topology', dump, '--json'));
  expect(await run('topology', dump, '--json', file)).toBe('');
  expect(one).toMatchObject({ schema: 'p2plab.topology/1', source: dump });
  expect(two).toEqual(one);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(one);
});

test('topology --pair explains one pair, the source before or behind it', async () => {
  const before = await run('topology', dump, '--pair', '03:00.0', '04:00.0');
  expect(before).toContain('BUS_ADDR, distance 4');
  expect(await run('topology', '--pair', '03:00.0', '04:00.0', dump)).toBe(before);
  expect(JSON.parse(await run('topology', dump, '--json', '--pair', '03:00.0', '04:00.0')).pairs).toHaveLength(1);
});

test('era, CPU, IOMMU and quirk change what is shown', async () => {
  const pair = ['topology', 'two-root-ports', '--pair', '01:00.0', '02:00.0'];
  expect(await run(...pair)).toContain('THRU_HOST_BRIDGE');
  expect(await run(...pair, '--cpu', 'intel:6')).toContain('NOT_SUPPORTED');
  expect(await run(...pair, '--era', '5.2')).toContain('BUS_ADDR, distance 4100');
  expect(await run(...pair, '--era', '5.2', '--iommu', 'passthrough')).toContain('NOT_SUPPORTED, distance -1');
  expect(await run(...pair, '--iommu', 'strict')).toContain('an IOVA');
  const near = ['topology', 'two-host-bridges', '--bar', '256MiB', '--pair', '3:00.0', '4:00.0'];
  expect(await run(...near, '--quirk', 'bus-offset-sign')).toContain(
    'bus address 0xbffd0000000, which reaches nothing',
  );
});

test('memory compares schemes for a BAR or a topology, with what was measured', async () => {
  expect(await run('memory', '--bar', '64GiB')).toMatch(/^page +1 GiB/m);
  const document = JSON.parse(await run('memory', '--topology', 'one-switch', '--page-size', '64K', '--json'));
  expect(document).toMatchObject({ schema: 'p2plab.memory/1', pageBytes: 65_536, barBytes: 2 ** 34 + 2 ** 24 });
  expect(document.rows[0]).toMatchObject({ scheme: 'page', memmapBytes: 2 ** 24 + 2 ** 14, residentBytes: 12_345 });
  expect(JSON.parse(await run('memory', '--bar', '1GiB', '--json', '--no-measured')).rows[0].residentBytes).toBeNull();
});

test.each([
  [['topology'], /which one\? Give a dump, a preset/],
  [['topology', 'nowhere.txt'], /no such file or preset/],
  [['topology', 'one-switch', '--era', '6.1'], /--era: '6.1' is not one of/],
  [['topology', 'one-switch', '--cpu', 'vax:1'], /--cpu: 'vax:1' is not a CPU/],
  [['topology', 'one-switch', '--iommu', 'on'], /--iommu: 'on' is not one of/],
  [['topology', 'one-switch', '--quirk', 'sign'], /--quirk: 'sign' is not one of/],
  [['topology', 'one-switch', '--pair', '03:00.0'], /--pair takes a provider and a client/],
  [['topology', 'one-switch', '--pair', '03:00.0', '0f:00.0'], /no function '0f:00.0'/],
  [['topology', 'one-switch', '--bar', '3GiB'], /a BAR is a power of two/],
  [['memory', '--bar', 'big'], /--bar: 'big' is not a size/],
  [['memory', '--bar', '1GiB', '--topology', 'one-switch'], /exclude each other/],
  [['memory', '--page-size', '8K'], /'8K' is no page size/],
  [['memory', '--era', '7'], /--era: '7'/],
  [['memory', '--iops', '0'], /--iops: '0' is not a whole number/],
])('%j is refused with what to do', async (words, message) => {
  await expect(run(...words)).rejects.toThrow(LabError);
  await expect(run(...words)).rejects.toThrow(message);
});
