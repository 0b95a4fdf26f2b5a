// The identity of cells: what is written differently but means the same is the same cell.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { keyOf, POINT_OPTIONS, type PointOptionName, RUN_OPTIONS } from '../catalogue/options/catalogue.ts';
import { longName } from '../catalogue/options/definition.ts';
import { expand } from '../sweep/expand.ts';
import { pointHash } from '../sweep/identity.ts';
import { parseSpec } from '../sweep/spec.ts';
import { writeLspci } from '../topology/lspci_writer.ts';
import { preset } from '../topology/presets.ts';
import { optionKey } from './options_object.ts';
import { givenOptions, resolvePoints } from './point_options.ts';
import { addMeasuringOptions } from './run_options.ts';

const cellsOf = (text: string, ...words: string[]) => cellsIn('.', text, ...words);

async function cellsIn(folder: string, text: string, ...words: string[]) {
  const spec = parseSpec(text, 'a.yaml', optionKey);
  const command = addMeasuringOptions(new Command()).parse(words, { from: 'user' });
  return resolvePoints(spec, expand(spec), givenOptions(command, spec), folder);
}
const hashes = async (text: string, ...words: string[]) => (await cellsOf(text, ...words)).map(({ hash }) => hash);

describe('a cell', () => {
  it('has one hash however it is written', async () => {
    const [plain] = await hashes('bs: [4k]\nbar: 1GiB\npayload: none\n');
    for (const same of [
      'payload: none\nbar: 1GiB\nbs: [4k]\n',
      'bs: [4096]\nbar: 1024MiB\npayload: [none]\n',
      'blocksize: [4k]\nbar: [1GiB]\npayload: none\n',
      'set: {bs: [4k]}\nbar: 1GiB\npayload: none\niodepth: 256\nera: 6.12\nrw: randread\nseed: 1\n',
      'bs: [4k]\nbar: 1GiB\npayload: none\np2pShare: 100\nscheme: [page, dma_vec]\n',
    ]) {
      expect(await hashes(same)).toEqual([plain]);
    }
    expect(await hashes('bs: [4k]\npayload: none\n', '--bar', '1GiB')).toEqual([plain]);
  });

  it('has another hash when anything that is measured differs', async () => {
    const base = 'payload: none\nmode: inline\n';
    const all = await hashes(
      `${base}bs: [4k]\nbar: [1GiB]\ninclude:\n` +
        '  - {bs: 8k, bar: 1GiB}\n  - {bs: 4k, bar: 2GiB}\n  - {bs: 4k, bar: 1GiB, seed: 2}\n' +
        '  - {bs: 4k, bar: 1GiB, rounds: 3}\n  - {bs: 4k, bar: 1GiB, era: 5.2}\n' +
        '  - {bs: 4k, bar: 1GiB, topology: two-root-ports, cpu: "amd:23"}\n  - {bs: 4k, bar: 1GiB, fault: "host0:exit@5"}\n' +
        '  - {bs: 4k, bar: 1GiB, rw: randwrite}\n',
    );
    expect(new Set(all).size).toBe(9);
    expect(await hashes(`${base}bs: [4k]\nbar: 1GiB\nscheme: [page, phys]\n`)).not.toEqual([all[0]]);
  });

  it('has another hash for another repeat and for other machine code', async () => {
    const repeated = await hashes('bs: [4k]\nrepeat: 3\n');
    expect(new Set(repeated).size).toBe(3);
    const [cell] = await cellsOf('bs: [4k]\n');
    const of = (code: string) => pointHash(cell?.params as never, { repeat: 1, code });
    expect(of('a')).toBe(of('a'));
    expect(of('a')).not.toBe(of('b'));
  });

  it('is measured once when two points mean the same', async () => {
    expect(await hashes('bs: [4k, 4096]\n')).toHaveLength(1);
  });

  it('that no machine can hold is in the plan with the reason', async () => {
    const cells = await cellsOf('bar: [1GiB, 512GiB]\n');
    expect(cells.map(({ impossible }) => impossible === undefined)).toEqual([true, false]);
    expect(cells[1]?.impossible).toContain('one WebAssembly memory holds 4 GiB');
    expect(cells[0]?.needs).toMatchObject({ touchedBytes: expect.any(Number), seconds: expect.any(Number) });
  });
});

describe('what no run would take', () => {
  it.each<[string, string[], RegExp]>([
    ['bar: [1GiB, 3GiB]\n', [], /point bar=3GiB: --bar: '3GiB' must be a power of two.*Nothing was run/s],
    ['iodepth: [1, 2000]\n', [], /point iodepth=2000: .*1023/s],
    ['payload: [none, mov]\n', [], /point payload=mov: .*did you mean 'move'/],
    ['bs: [4k]\n', ['--bs', '8k'], /unknown option/],
    ['bar: [1GiB]\n', ['--bar', '2GiB'], /--bar: varies in a\.yaml/],
    ['job: [nowhere.fio]\n', [], /nowhere\.fio: cannot read/],
  ])('%j with %j', async (text, words, message) => {
    const work = async () => {
      const command = addMeasuringOptions(new Command())
        .exitOverride()
        .configureOutput({ outputError: () => {} });
      command.parse(words, { from: 'user' });
      const spec = parseSpec(text, 'a.yaml', optionKey);
      return resolvePoints(spec, expand(spec), givenOptions(command, spec), '.');
    };
    await expect(work()).rejects.toThrow(message);
  });
});

/** A dump of a preset, as a topology file has functions to choose from. */
const FILE = 'topology: machine.txt\ncpu: "amd:23"\nbuffers: pool\n';

/** Of each option: what a cell has besides, and another value than its default. An option without an entry does not compile. */
const SAMPLES: Readonly<Record<PointOptionName, readonly [besides: string, value: string]>> = {
  scheme: ['', '[phys]'],
  bar: ['', '1GiB'],
  buffers: ['', 'pool'],
  flow: ['', 'copy'],
  p2pShare: ['', '50'],
  payload: ['', 'none'],
  era: ['', '5.2'],
  physLookup: ['scheme: [phys]\n', 'hash'],
  topology: ['', 'two-root-ports'],
  provider: [FILE, '"0000:05:00.0:2"'],
  client: [FILE, '"0000:04:00.0"'],
  clientB: ['flow: copy\n', '"0000:03:00.0"'],
  cpu: ['topology: two-root-ports\n', '"amd:16"'],
  quirk: ['', 'bus-offset-sign'],
  iommu: ['', 'passthrough'],
  serviceNs: ['', '200'],
  mode: ['', 'inline'],
  batch: ['', '8'],
  queues: ['', '2'],
  wait: ['', 'irq'],
  processes: ['', '2'],
  stages: ['', '"off"'],
  rounds: ['', '8'],
  roundMs: ['', '3'],
  budget: ['', '60s'],
  seed: ['', '2'],
  set: ['', '{bs: 8k}'],
  section: ['job: two.fio\n', 'b'],
  margin: ['', '1'],
  barSweep: ['', '"on"'],
  refcount: ['', 'plain'],
  p2pQueue: ['', '"off"'],
  mdts: ['', '128KiB'],
  queueDepth: ['', '512'],
  ram: ['', '2GiB'],
  removeAt: ['', '50%'],
  hole: ['removeAt: 50%\n', 'reassigned'],
  fault: ['', '"host0:exit@5"'],
  rnic: [`${FILE}flow: nvmet\n`, '"0000:00:00.0"'],
  rdma: ['flow: nvmet\nbuffers: pool\n', 'mr'],
  inlineData: ['flow: nvmet\nbuffers: pool\n', '8KiB'],
};

describe('an option', () => {
  const folder = scratchFolder('options');
  writeFileSync(join(folder, 'two.fio'), '[a]\nrw=read\n[b]\nrw=write\n');
  writeFileSync(join(folder, 'machine.txt'), writeLspci(preset('one-switch', { barBytes: 2 ** 30 }).topology));

  it.each(Object.entries(SAMPLES))(
    '%s is part of a cell, by its own name or with dashes',
    async (name, [besides, value]) => {
      const hashOf = async (text: string) => (await cellsIn(folder, text))[0]?.hash;
      const named = await hashOf(`${besides}${name}: ${value}\n`);
      expect(named).toMatch(/^[0-9a-f]{16}$/);
      expect(await hashOf(`${besides}${keyOf(name as PointOptionName)}: ${value}\n`)).toBe(named);
      expect(await hashOf(besides === '' ? 'rw: randread\n' : besides)).not.toBe(named);
    },
  );

  it('has the name of its flag', () => {
    const camel = (flag: string): string => flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    expect(Object.keys(RUN_OPTIONS)).toEqual(Object.values(RUN_OPTIONS).map((option) => camel(longName(option))));
  });

  it('that decides nothing of the measurement is no key of a cell', async () => {
    for (const name of Object.keys(RUN_OPTIONS).filter((each) => !(each in POINT_OPTIONS)))
      await expect(hashes(`${name}: x\n`)).rejects.toThrow(/is no option/);
  });
});
