import { describe, expect, test } from 'vitest';
import { needing, TOPOLOGY_DATA } from '../../../test/support/needs.ts';
import { GIB, KIB, MIB, TIB } from '../../base/units.ts';
import { parse } from '../importers/lspci.ts';
import { sample } from '../sample_data.ts';
import { breakEven, nsPerIoWorth } from './break_even.ts';
import { memoryChart } from './chart.ts';
import { memoryDocument } from './document.ts';
import {
  compoundMemmap,
  compoundPmdDedup,
  hvoMemmap,
  memmapBytes,
  memmapPageTableBytes,
  parsePageSize,
  pteBytes,
} from './memmap.ts';
import { memmapOfProviders } from './providers.ts';
import type { MemoryOptions } from './rows.ts';
import { genPoolBytes, memoryRows, NOT_FOR_P2PDMA, refusedRows } from './rows.ts';
import { memoryReport } from './view.ts';

const PAGE = 4 * KIB;
const BITMAP_ONLY = 112;

describe("the kernel's memory table, row by row (4 KiB pages)", () => {
  test.each([
    [2 * MIB, 32 * KIB, 8 * KIB, undefined, 4 * KIB, 64],
    [64 * MIB, 1 * MIB, 256 * KIB, undefined, 128 * KIB, 2 * KIB],
    [128 * MIB, 2 * MIB, 512 * KIB, undefined, 256 * KIB, 4 * KIB],
    [1 * GIB, 16 * MIB, 4 * MIB, 8 * KIB, 2 * MIB, 32 * KIB],
    [16 * GIB, 256 * MIB, 64 * MIB, 128 * KIB, 32 * MIB, 512 * KIB],
    [128 * GIB, 2 * GIB, 512 * MIB, 1 * MIB, 256 * MIB, 4 * MIB],
    [1 * TIB, 16 * GIB, 4 * GIB, 8 * MIB, 2 * GIB, 32 * MIB],
  ])('%i bytes of BAR', (bar, memmap, dax2m, dax1g, hvo2m, bitmap) => {
    expect(memmapBytes(bar, PAGE, '6.12')).toBe(memmap);
    expect(compoundMemmap(bar, PAGE, 2 * MIB).memmapBytes).toBe(dax2m);
    if (dax1g !== undefined) expect(compoundMemmap(bar, PAGE, GIB).memmapBytes).toBe(dax1g);
    expect(hvoMemmap(bar, PAGE, 2 * MIB).memmapBytes).toBe(hvo2m);
    expect(genPoolBytes(bar, PAGE) - BITMAP_ONLY).toBe(bitmap);
  });

  test('v5.2 rounds to whole sections: 2 MiB of memmap for a 2 MiB CMB', () => {
    expect(memmapBytes(2 * MIB, PAGE, '5.2')).toBe(2 * MIB);
    expect(memmapBytes(64 * MIB, PAGE, '5.2')).toBe(2 * MIB);
    expect(memmapBytes(129 * MIB, PAGE, '5.2')).toBe(4 * MIB);
    expect(memmapBytes(3 * MIB, PAGE, '6.12')).toBe(64 * KIB);
  });

  test('page tables of a memmap: 32 MiB per TiB by base pages, none for whole sections by huge pages', () => {
    expect(pteBytes(memmapBytes(TIB, PAGE, '6.12'), PAGE)).toBe(32 * MIB);
    expect(memmapPageTableBytes(TIB, PAGE, '6.12')).toBe(0);
    expect(memmapPageTableBytes(64 * MIB, PAGE, '6.12')).toBe(PAGE);
    expect(memmapPageTableBytes(64 * MIB, PAGE, '5.2')).toBe(0);
  });
});

describe('published figures of compound devmaps, per TiB', () => {
  const total = ({ memmapBytes: memmap, pageTableBytes }: { memmapBytes: number; pageTableBytes: number }): number =>
    memmap + pageTableBytes;

  test('2 MiB pages: 4 GiB instead of 16 (0.39 % instead of 1.56 %)', () => {
    expect(memmapBytes(TIB, PAGE, '6.12') / TIB).toBe(0.015625);
    expect(compoundMemmap(TIB, PAGE, 2 * MIB).memmapBytes / TIB).toBe(0.00390625);
  });

  test('1 GiB pages: 40 MiB, with PMD pages shared too 16 MiB', () => {
    expect(total(compoundMemmap(TIB, PAGE, GIB))).toBe(40 * MIB);
    expect(total(compoundPmdDedup(TIB, PAGE))).toBe(16 * MIB);
  });

  test('6 of 8 and 4094 of 4096 vmemmap pages saved; HVO 7 of 8 and 4095 of 4096', () => {
    const kept = (bytes: number, unit: number): number => bytes / (TIB / unit) / PAGE;
    expect(kept(compoundMemmap(TIB, PAGE, 2 * MIB).memmapBytes, 2 * MIB)).toBe(2);
    expect(kept(compoundMemmap(TIB, PAGE, GIB).memmapBytes, GIB)).toBe(2);
    expect(kept(hvoMemmap(TIB, PAGE, 2 * MIB).memmapBytes, 2 * MIB)).toBe(1);
    expect(kept(hvoMemmap(TIB, PAGE, GIB).memmapBytes, GIB)).toBe(1);
  });

  test('capacity gained: about 3.97 and 1024 times', () => {
    const plain = memmapBytes(TIB, PAGE, '6.12');
    expect(plain / total(compoundMemmap(TIB, PAGE, 2 * MIB))).toBeCloseTo(3.97, 2);
    expect(plain / total(compoundPmdDedup(TIB, PAGE))).toBe(1024);
  });
});

test('with 64 KiB pages a 2 MiB compound is less than one vmemmap page and saves nothing', () => {
  expect(compoundMemmap(GIB, 64 * KIB, 2 * MIB).memmapBytes).toBe(memmapBytes(GIB, 64 * KIB, '6.12'));
  expect(compoundMemmap(GIB, 64 * KIB, GIB).memmapBytes).toBe(128 * KIB);
});

needing(TOPOLOGY_DATA).describe('Azure NDv4', () => {
  test.each([
    [4 * KIB, 8 * GIB],
    [16 * KIB, 2 * GIB],
    [64 * KIB, 512 * MIB],
  ])('its eight 64 GiB BAR1s cost, with pages of %i bytes, %i bytes', (pageBytes, bytes) => {
    const cost = memmapOfProviders(parse(sample('azure-ndv4.lspci.txt'), 'ndv4'), pageBytes, '6.12');
    expect(cost.totalBytes).toBe(bytes);
    expect(cost.perBar.map(({ index }) => index)).toEqual(Array.from({ length: 8 }, () => 1));
  });
});

test('the 83 MB quoted for 64 KiB pages belong to about 85 GB of BAR, 1.33 GB on x86', () => {
  const bar = 85e9;
  expect(memmapBytes(bar, 64 * KIB, '6.12') / 1e6).toBeCloseTo(83, 0);
  expect(memmapBytes(bar, PAGE, '6.12') / 1e9).toBeCloseTo(1.33, 2);
});

const options: MemoryOptions = { barBytes: [64 * GIB], pageBytes: PAGE, era: '6.12', queueDepth: 1024, clients: 1 };
const row = (scheme: string, more: Partial<MemoryOptions> = {}) =>
  memoryRows({ ...options, ...more }).find((candidate) => candidate.scheme === scheme);

describe('rows', () => {
  test('page costs 1/64 of the BAR and comes first', () => {
    const [first] = memoryRows(options);
    expect(first).toMatchObject({
      scheme: 'page',
      memmapBytes: GIB,
      pageTableBytes: 0,
      poolBytes: 2 * MIB + 4 * KIB + 56,
    });
  });

  test('there is one for each scheme and for the page variants', () => {
    const schemes = memoryRows(options).map((candidate) => candidate.scheme);
    for (const scheme of ['page', 'dma_vec', 'phys', 'pfn_t', 'vma', 'sgl', 'dmabuf', 'provider']) {
      expect(schemes).toContain(scheme);
    }
    expect(schemes.filter((scheme) => /^page-\d+K$/.test(scheme))).toEqual(['page-16K', 'page-64K']);
  });

  test('compound and HVO variants say that P2PDMA does not have them', () => {
    for (const candidate of memoryRows(options)) {
      const isVariant = /^page-(?:compound|hvo)/.test(candidate.scheme);
      expect(candidate.note.startsWith(NOT_FOR_P2PDMA)).toBe(isVariant);
    }
  });

  test('totals are the columns plus the descriptors in flight', () => {
    for (const candidate of memoryRows(options)) {
      const setUp = candidate.memmapBytes + candidate.pageTableBytes + candidate.poolBytes + candidate.mapStateBytes;
      expect(candidate.totalBytes).toBe(setUp + 1024 * candidate.perIoBytes);
    }
  });

  test('schemes without pages have no memmap; vma pays 8 bytes for each page and client', () => {
    for (const scheme of ['dma_vec', 'phys', 'pfn_t', 'vma', 'dmabuf', 'provider']) {
      expect(row(scheme)).toMatchObject({ memmapBytes: 0, pageTableBytes: 0 });
    }
    expect(row('vma', { clients: 2 })?.mapStateBytes).toBe(32 + 2 * 128 * MIB);
    expect(row('sgl')?.memmapBytes).toBe(GIB);
  });

  test('several BARs add up', () => {
    expect(row('page', { barBytes: [GIB, GIB, 2 * GIB] })?.memmapBytes).toBe(64 * MIB);
  });

  test('structures follow the era: state of v5.2, no request scatterlist from 6.17 on', () => {
    expect(row('page', { era: '5.2' })?.mapStateBytes).toBe(16 + 264);
    expect(row('page', { era: '6.12' })?.mapStateBytes).toBe(32 + 176 + 8);
    expect(row('page', { era: '7.2' })?.mapStateBytes).toBe(128 + 168 + 8);
    expect(row('page', { era: '6.12' })?.perIoBytes).toBe(16 + 16 + 32 + 24);
    expect(row('page', { era: '6.17' })?.perIoBytes).toBe(16 + 24);
  });

  test('compound rows exist only where a compound page fits, and saves something', () => {
    const names = (more: Partial<MemoryOptions>) =>
      memoryRows({ ...options, ...more })
        .map((candidate) => candidate.scheme)
        .filter((scheme) => /compound|hvo/.test(scheme));
    expect(names({ barBytes: [512 * MIB] })).toEqual(['page-compound-2M', 'page-hvo-2M']);
    expect(names({ barBytes: [GIB] })).toHaveLength(5);
    expect(names({ pageBytes: 64 * KIB })).toEqual(['page-compound-1G', 'page-compound-1G-pmd', 'page-hvo-1G']);
    // Of two BARs the small one keeps plain pages.
    const mixed = row('page-compound-1G', { barBytes: [GIB, 512 * MIB] });
    expect(mixed?.memmapBytes).toBe(8 * KIB + 8 * MIB);
  });

  test.each([4 * KIB, 3 * MIB, MIB])('a BAR of %i bytes gets no struct pages: check_pfn_span refuses it', (bytes) => {
    const small = { ...options, barBytes: [bytes] };
    expect(memoryRows(small).map(({ scheme }) => scheme)).toEqual([
      'dma_vec',
      'phys',
      'pfn_t',
      'vma',
      'dmabuf',
      'provider',
    ]);
    const refused = refusedRows(small);
    expect(refused.map(({ scheme }) => scheme)).toEqual(expect.arrayContaining(['page', 'page-64K', 'sgl']));
    expect(refused[0]?.why).toMatch(/^EINVAL: .* is not a multiple of 2 MiB, which check_pfn_span wants/);
    expect(memoryDocument(memoryRows(small), small).refused).toEqual(refused);
    expect(memoryReport(memoryRows(small), small, { ramBytesPerCore: GIB, iops: 1 }, 100)).toContain(
      'refused by the kernel',
    );
    // v5.2 rounds to whole sections.
    expect(refusedRows({ ...small, era: '5.2' })).toEqual([]);
    expect(row('page', { barBytes: [bytes], era: '5.2' })?.memmapBytes).toBe(2 * MIB);
  });

  test('resident bytes are null unless measured', () => {
    const measured = memoryRows(options, (scheme) => (scheme === 'page' ? GIB + 5 : undefined));
    expect(measured[0]?.residentBytes).toBe(GIB + 5);
    expect(measured.slice(1).every((candidate) => candidate.residentBytes === null)).toBe(true);
    expect(row('page')?.residentBytes).toBeNull();
  });
});

describe('break-even', () => {
  const worth = { ramBytesPerCore: 4 * GIB, iops: 1e6 };

  test('256 MiB of memmap are a 16th of a core with 4 GiB: 62.5 ns of each of a million I/Os', () => {
    expect(nsPerIoWorth(256 * MIB, worth)).toBe(62.5);
    expect(nsPerIoWorth(256 * MIB, { ...worth, iops: 1e7 })).toBe(6.25);
  });

  test('a scheme that needs more than page has a negative one', () => {
    const rows = [
      { scheme: 'page', totalBytes: GIB },
      { scheme: 'less', totalBytes: 0 },
      { scheme: 'more', totalBytes: 2 * GIB },
    ];
    expect(breakEven(rows, worth)).toEqual([
      { scheme: 'less', savedBytes: GIB, savedCores: 0.25, nsPerIo: 250 },
      { scheme: 'more', savedBytes: -GIB, savedCores: -0.25, nsPerIo: -250 },
    ]);
  });
});

test('the document has the agreed keys and no others', () => {
  const document = memoryDocument(memoryRows(options), options);
  expect(Object.keys(document)).toEqual(['schema', 'barBytes', 'pageBytes', 'rows']);
  expect(Object.keys(document.rows[0] ?? {})).toEqual([
    'scheme',
    'memmapBytes',
    'pageTableBytes',
    'poolBytes',
    'mapStateBytes',
    'perIoBytes',
    'totalBytes',
    'residentBytes',
    'note',
  ]);
});

test('the table and the break-even fit 120 columns', () => {
  const text = memoryReport(memoryRows(options), options, { ramBytesPerCore: 4 * GIB, iops: 1e6 }, 100);
  expect(text).toContain('page-hvo-2M *');
  expect(text.split('\n').every((line) => line.length <= 120)).toBe(true);
});

test('chart data has one label for each row and one value in each layer', () => {
  const rows = memoryRows(options);
  const chart = memoryChart(rows, 'memory', (candidate) => !candidate.note.startsWith(NOT_FOR_P2PDMA));
  expect(chart.labels).toHaveLength(rows.length);
  for (const layer of chart.series) expect(layer.values).toHaveLength(rows.length);
  expect(chart.notAvailable).toHaveLength(5);
  expect(chart.series.reduce((sum, layer) => sum + (layer.values[0] ?? 0), 0)).toBe(rows[0]?.totalBytes);
});

test('page sizes are read with or without unit, others are refused', () => {
  expect(['4K', '64KiB', '16384', '4k'].map(parsePageSize)).toEqual([4096, 65_536, 16_384, 4096]);
  expect(() => parsePageSize('8K')).toThrow(/'8K' is no page size/);
});
