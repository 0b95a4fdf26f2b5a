import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { needing, RUNNING_KERNEL_BTF } from '../../test/support/needs.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { btfWriter, elfFile } from './btf_writer.ts';
import { compareConstants, compareStructs } from './compare.ts';
import { loadBtf, loadRunningKernel } from './load.ts';
import { memberAt, membersOf, sizeOf, typeOf } from './types.ts';

const folder = scratchFolder('btf');

function write(name: string, content: Uint8Array | string): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
  return path;
}

function kernel(): Uint8Array {
  const writer = btfWriter();
  const long = writer.int('long unsigned int', 8);
  writer.struct('page', 64, [{ name: 'flags', type: long, bitAt: 0 }]);
  writer.struct('nvme_request', 8, [{ name: 'cmd', type: long, bitAt: 0 }]);
  return writer.bytes();
}

function module(base: ReturnType<typeof loadBtf>[number]): Uint8Array {
  const writer = btfWriter(true, base);
  const request = base.structs.get('nvme_request')?.[0] as number;
  writer.struct('nvme_iod', 208, [{ name: 'req', type: request, bitAt: 64 }]);
  return writer.bytes();
}

describe('ELF files', () => {
  test.each([
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ])('64 bit %s, little endian %s: the .BTF section is found', (wide, little) => {
    const text = { name: '.text', content: new Uint8Array(100) };
    const path = write('vmlinux.elf', elfFile([text, { name: '.BTF', content: kernel() }], wide, little));
    expect([...(loadBtf(path)[0]?.structs.keys() ?? [])]).toEqual(['page', 'nvme_request']);
  });

  test('without BTF, packed inside, or cut off end in a message', () => {
    const none = write('none', elfFile([{ name: '.text', content: new Uint8Array(4) }]));
    expect(() => loadBtf(none)).toThrow('without a .BTF section');
    const packed = write('packed', elfFile([{ name: '.BTF', content: kernel(), flags: 0x800 }]));
    expect(() => loadBtf(packed)).toThrow('compressed');
    const whole = elfFile([{ name: '.BTF', content: kernel() }]);
    for (const bytes of [10, 40, 64, 200, whole.length - 1]) {
      expect(() => loadBtf(write('cut', whole.slice(0, bytes))), `${bytes} bytes`).toThrow('the file ends at byte');
    }
  });

  test('a section table that is absurd ends in a message', () => {
    const whole = elfFile([{ name: '.BTF', content: kernel() }]);
    const view = new DataView(whole.buffer);
    view.setBigUint64(40, 0xffff_ffff_ffff_fff0n, true);
    expect(() => loadBtf(write('far', whole))).toThrow('the file ends at byte');
    view.setBigUint64(40, 0n, true);
    expect(() => loadBtf(write('zero', whole))).toThrow('no section table');
  });

  test("a module's distilled base is completed from the kernel's types", () => {
    const distilled = btfWriter();
    const request = distilled.struct('nvme_request', 8, []);
    const base = write('base', kernel());
    const split = loadBtf(write('distilled', distilled.bytes()))[0] as ReturnType<typeof loadBtf>[number];
    const own = btfWriter(true, split);
    own.struct('nvme_iod', 208, [{ name: 'req', type: request, bitAt: 64 }]);
    const content = elfFile([
      { name: '.BTF', content: own.bytes() },
      { name: '.BTF.base', content: distilled.bytes() },
    ]);
    const path = write('nvme.ko', content);
    const iodOf = (sets: ReturnType<typeof loadBtf>) => {
      const types = sets.at(-1) as ReturnType<typeof loadBtf>[number];
      return typeOf(types, types.structs.get('nvme_iod')?.[0] as number) as NonNullable<ReturnType<typeof typeOf>>;
    };
    expect(memberAt(iodOf(loadBtf(path)), 'req')?.bytes).toBe(8);
    expect(memberAt(iodOf(loadBtf(path)), 'req.cmd')).toBeUndefined();
    expect(memberAt(iodOf(loadBtf(path, base)), 'req.cmd')?.bitAt).toBe(64);
  });
});

describe('split BTF', () => {
  const vmlinux = write('with/vmlinux', kernel());
  const split = module(loadBtf(vmlinux)[0] as ReturnType<typeof loadBtf>[number]);

  test('takes vmlinux of its own folder for its base', () => {
    const sets = loadBtf(write('with/nvme', split));
    expect(sets.map(({ source }) => source)).toEqual([vmlinux, join(folder, 'with/nvme')]);
  });

  test('takes the base that was given, and asks for one where there is none', () => {
    const alone = write('alone/nvme', split);
    expect(loadBtf(alone, vmlinux)).toHaveLength(2);
    expect(() => loadBtf(alone)).toThrow('--btf-base');
  });

  test('is refused as a base, and a base for whole BTF is refused too', () => {
    const alone = write('alone/nvme', split);
    expect(() => loadBtf(alone, alone)).toThrow('split BTF itself');
    expect(() => loadBtf(vmlinux, vmlinux)).toThrow('Leave --btf-base out');
  });

  test("another kernel's base is noticed where a reference leads nowhere", () => {
    const other = btfWriter();
    other.int('int', 4);
    const wrong = write('wrong', other.bytes());
    expect(() => loadBtf(write('alone/nvme', split), wrong)).toThrow('is not the base');
  });
});

test.each([
  ['gzip', [0x1f, 0x8b, 8, 0], 'gzip -dk'],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd], 'zstd -d'],
  ['boot image', [0x4d, 0x5a, 0, 0], 'extract-vmlinux'],
  ['text', [0x68, 0x65, 0x6c, 0x6c], 'begins 68 65 6c 6c'],
])('%s is refused with what to do', (name, head, message) => {
  expect(() => loadBtf(write(name, Uint8Array.from(head)))).toThrow(message);
});

test('a folder, an empty file and a missing file are refused', () => {
  expect(() => loadBtf(folder)).toThrow('is a folder');
  expect(() => loadBtf(write('empty', ''))).toThrow('is empty');
  expect(() => loadBtf(join(folder, 'missing'))).toThrow('no such file');
});

needing(RUNNING_KERNEL_BTF).it("the running kernel's BTF is read, with every member inside its struct", () => {
  const [types] = loadRunningKernel([]);
  if (types === undefined) throw new Error('no types');
  const structs = ['page', 'bio', 'request', 'task_struct'].map((name) =>
    typeOf(types, types.structs.get(name)?.[0] ?? 0),
  );
  for (const struct of structs.filter((found) => found !== undefined)) {
    const whole = membersOf(struct).filter(({ bitWidth }) => bitWidth === 0);
    const ends = whole.map(({ bitAt, owner, typeId }) => bitAt / 8 + sizeOf(owner, typeId));
    expect(Math.max(...ends), struct.name).toBeLessThanOrEqual(struct.sizeOrType);
  }
  const page = compareStructs([types]).find(({ struct }) => struct === 'Page');
  expect(page?.fields.find(({ field }) => field === '_refcount')?.state).not.toBe('absent');
  expect(compareConstants([types]).find(({ constant }) => constant === 'REQ_OP_WRITE')?.state).toBe('same');
});
