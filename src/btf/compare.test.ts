import { describe, expect, test } from 'vitest';
import * as layout from '../../build/layout.ts';
import { btfWriter, type WrittenMember } from './btf_writer.ts';
import { compareConstants, compareStruct, compareStructs, structsWithoutCounterpart } from './compare.ts';
import { COUNTERPARTS, type Counterpart } from './counterparts.ts';
import { layoutDocument } from './document.ts';
import { btfOfBytes } from './load.ts';

type Written = readonly [name: string, bytes: 2 | 4 | 8];

/** Where struct bio's members of the test begin. */
const START = 64;

/** A kernel with one struct, its members one behind the other from START on; on 64 bit unless told. */
function kernelWith(struct: string, bytes: number, members: readonly Written[], longBytes = 8) {
  const writer = btfWriter();
  const integers = new Map([2, 4, 8].map((size) => [size, writer.int(`u${size * 8}`, size)]));
  writer.int('long unsigned int', longBytes);
  let at = START;
  const written = members.map(([name, size]): WrittenMember => {
    at += size;
    return { name, type: integers.get(size) as number, bitAt: (at - size) * 8 };
  });
  writer.struct(struct, bytes, written);
  return btfOfBytes(writer.bytes(), 'vmlinux');
}

/** struct bio's tail as 6.12 has it with everything configured. */
const BIO: readonly Written[] = [
  ['bi_private', 8],
  ['bi_blkg', 8],
  ['bi_issue', 8],
  ['bi_iocost_cost', 8],
  ['bi_integrity', 8],
  ['bi_vcnt', 2],
  ['bi_max_vecs', 2],
  ['__bi_cnt', 4],
  ['bi_io_vec', 8],
  ['bi_pool', 8],
];
const BIO_ROW: Counterpart = {
  ...(COUNTERPARTS.Bio as Counterpart),
  fields: Object.fromEntries(
    Object.keys(layout.Bio)
      .filter((field) => !BIO.some(([name]) => name === field))
      .map((field) => [field, null]),
  ),
};

function without(...names: readonly string[]): Written[] {
  return BIO.filter(([name]) => !names.includes(name));
}

/** With one more member of 8 bytes before bi_integrity. */
function withOneMore(name: string): Written[] {
  return BIO.flatMap((member): Written[] => (member[0] === 'bi_integrity' ? [[name, 8], member] : [member]));
}

describe('a struct of the kernel', () => {
  test('that has every field in its place is the same', () => {
    const compared = compareStruct('Bio', BIO_ROW, [kernelWith('bio', 128, BIO)]);
    expect(compared).toMatchObject({ state: 'same', oursBytes: 128, kernelBytes: 128, differences: [] });
    expect(compared.fields).toHaveLength(BIO.length);
  });

  test('without a member that a configuration leaves out says which, and what moved', () => {
    const compared = compareStruct('Bio', BIO_ROW, [kernelWith('bio', 120, without('bi_integrity'))]);
    expect(compared.state).toBe('differs');
    expect(compared.fields.filter(({ state }) => state !== 'same').map(({ field }) => field)).toEqual([
      ...['bi_integrity', 'bi_vcnt', 'bi_max_vecs', '__bi_cnt', 'bi_io_vec', 'bi_pool'],
    ]);
    expect(compared.differences).toEqual([
      {
        what: '8 bytes fewer before bi_vcnt',
        causes: [{ kind: 'configuration', text: 'CONFIG_BLK_DEV_INTEGRITY is off: no bi_integrity' }],
      },
    ]);
  });

  test('without several members in a row names each cause', () => {
    const gone = ['bi_blkg', 'bi_issue', 'bi_iocost_cost', 'bi_integrity'];
    const [difference] = compareStruct('Bio', BIO_ROW, [kernelWith('bio', 96, without(...gone))]).differences;
    expect(difference?.what).toBe('32 bytes fewer before bi_vcnt');
    expect(difference?.causes.map(({ text }) => text.split(' ')[0])).toEqual([
      'CONFIG_BLK_CGROUP',
      'CONFIG_BLK_CGROUP',
      'CONFIG_BLK_CGROUP_IOCOST',
      'CONFIG_BLK_DEV_INTEGRITY',
    ]);
  });

  test('with a member more that the table knows names its configuration', () => {
    const compared = compareStruct('Bio', BIO_ROW, [kernelWith('bio', 136, withOneMore('bi_crypt_context'))]);
    expect(compared.differences).toEqual([
      {
        what: '8 bytes more before bi_integrity',
        causes: [{ kind: 'configuration', text: 'CONFIG_BLK_INLINE_ENCRYPTION is on: bi_crypt_context' }],
      },
    ]);
  });

  test('with a member that nobody knows says that it cannot be told, and names it', () => {
    const [difference] = compareStruct('Bio', BIO_ROW, [kernelWith('bio', 136, withOneMore('bi_new'))]).differences;
    expect(difference?.causes).toEqual([{ kind: 'unknown', text: 'the kernel has bi_new (8 B) there, ours has not' }]);
  });

  test('of a 32-bit kernel is one difference, not one for every field', () => {
    const [first, ...others] = compareStruct('Bio', BIO_ROW, [
      kernelWith('bio', 64, without('bi_integrity'), 4),
    ]).differences;
    expect(first?.causes[0]?.text).toContain('32-bit');
    expect(others).toHaveLength(1);
  });

  test('that is not there is absent, with the reason, and never the same', () => {
    const compared = compareStruct('Bio', BIO_ROW, [kernelWith('page', 64, [])]);
    expect(compared).toMatchObject({ state: 'absent', kernelBytes: undefined });
    expect(compared.differences[0]?.what).toBe('not in this BTF');
  });

  test('of which there are two is compared as the one that has our fields', () => {
    const stub = kernelWith('bio', 72, [['other', 8]]);
    expect(compareStruct('Bio', BIO_ROW, [stub, kernelWith('bio', 128, BIO)]).state).toBe('same');
  });
});

test('a lock of another size is put down to the configuration', () => {
  const writer = btfWriter();
  const long = writer.int('long unsigned int', 8);
  const list = writer.struct('list_head', 16, [
    { name: 'next', type: long, bitAt: 0 },
    { name: 'prev', type: long, bitAt: 64 },
  ]);
  const lock = writer.alias('typedef', 'spinlock_t', writer.struct('spinlock', 72, []));
  const members = [
    { name: 'lock', type: lock, bitAt: 0 },
    { name: 'chunks', type: list, bitAt: 576 },
    ...['min_alloc_order', 'algo', 'data', 'name'].map((name, i) => ({ name, type: long, bitAt: 704 + i * 64 })),
  ];
  writer.struct('gen_pool', 120, members);
  const row = COUNTERPARTS.GenPool as Counterpart;
  const { differences } = compareStruct('GenPool', row, [btfOfBytes(writer.bytes(), 'debug')]);
  expect(differences).toHaveLength(1);
  expect(differences[0]?.what).toBe('64 bytes more before chunks');
  expect(differences[0]?.causes[0]?.text).toContain('CONFIG_DEBUG_SPINLOCK');
});

test('a field that the kernel keeps in another struct is found there', () => {
  const writer = btfWriter();
  const long = writer.int('long unsigned int', 8);
  writer.struct('page', 64, [{ name: 'flags', type: long, bitAt: 0 }]);
  writer.struct('folio', 64, [{ name: 'pgmap', type: long, bitAt: 64 }]);
  const [page] = compareStructs([btfOfBytes(writer.bytes(), '6.18')]);
  expect(page?.fields.find(({ field }) => field === 'pgmap')).toMatchObject({
    kernel: 'struct folio: pgmap',
    kernelAt: 8,
    state: 'same',
  });
  expect(page?.differences.at(-1)?.causes[0]).toMatchObject({ kind: 'version' });
});

describe('constants', () => {
  const kernel = (values: Record<string, number>) => {
    const writer = btfWriter();
    writer.enum('some', values);
    return [btfOfBytes(writer.bytes(), 'vmlinux')];
  };
  const one = (name: string, values: Record<string, number>) =>
    compareConstants(kernel(values)).find(({ constant }) => constant === name);

  test('shifted by a value that came between are different by version', () => {
    const compared = one('MAP_BUS_ADDR', { PCI_P2PDMA_MAP_BUS_ADDR: layout.MAP_BUS_ADDR + 1 });
    expect(compared).toMatchObject({ state: 'differs', ours: layout.MAP_BUS_ADDR });
    expect(compared?.difference?.causes[0]?.kind).toBe('version');
  });

  test('that are flags are compared with the number of their bit', () => {
    expect(one('REQ_NOMERGE', { __REQ_NOMERGE: 14 })).toMatchObject({ state: 'same', ours: 14, isBit: true });
  });

  test('without an enumerator are absent', () => {
    expect(one('REQ_NOMERGE', {})).toMatchObject({ state: 'absent', kernelValues: [] });
  });
});

describe('the table', () => {
  test('has a row for every struct or lists it as the own', () => {
    const own = structsWithoutCounterpart();
    expect(own.filter((name) => name in COUNTERPARTS)).toEqual([]);
    expect(own).not.toContain('Page');
    expect(own).toContain('Machine');
  });

  test('names only constants that are numbers, and flags of one bit', () => {
    for (const { constant, ours } of compareConstants([])) expect(Number.isInteger(ours), constant).toBe(true);
  });

  test("refuses a file that is not a kernel's", () => {
    expect(() => layoutDocument([kernelWith('mine', 8, [])])).toThrow('not of a Linux kernel');
  });
});
