// Cells of a sweep, however they are spread over folders, make one result.
import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { resultFixture } from '../../test/support/result_fixture.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { sweepLines, sweepSummary } from '../report/formats/sweep_markdown.ts';
import { cellsTable } from '../report/tables/cells_table.ts';
import { csvText } from '../report/tables/csv.ts';
import { parseResult, type Result } from '../result/schema.ts';
import { SWEEP_SCHEMA, type SweepDocument, writePoint, writeShard, writeSweep } from './folder.ts';
import { mergePoints, type PointDocument } from './merge.ts';
import { mergeFolders } from './merge_folders.ts';
import { isOf } from './shard.ts';

const BARS = [1, 2, 4, 8, 16, 32].map((gib) => gib * 2 ** 30);
const HASHES = BARS.map((bar) => createHash('sha256').update(String(bar)).digest('hex').slice(0, 16));
const FIRST = HASHES[0] as string;
const SWEEP: SweepDocument = {
  schema: SWEEP_SCHEMA,
  version: '0',
  id: '0123456789abcdef',
  axes: [{ key: 'bar', param: 'bar', values: BARS.map(String) }],
  repeat: 1,
  cells: BARS.map((bar, i) => ({ hash: HASHES[i] as string, values: { bar: String(bar) }, repeat: 1 })),
};

function documentOf(index: number, changed: Partial<Result['environment']> = {}): PointDocument {
  const result = resultFixture({ workloads: [{ payload: 'none', bar: BARS[index] as number }], sweepBars: [] });
  const environment = { ...result.environment, warnings: [`load ${index}`], ...changed };
  const comparisons = result.comparisons.map((each, i) => ({ ...each, pValue: (i + 1) / 100, pEquivalence: 0.9 }));
  return { hash: HASHES[index] as string, path: `d/${index}.json`, result: { ...result, environment, comparisons } };
}
const DOCUMENTS = BARS.map((_, i) => documentOf(i));

function folder(): string {
  const dir = scratchFolder('merge');
  mkdirSync(join(dir, 'cells'));
  return dir;
}

describe('merged points', () => {
  it('are one valid result with ids of their own and the axes in their params', () => {
    const merged = mergePoints(SWEEP, DOCUMENTS);
    const read = parseResult(JSON.stringify(merged), 'merged');
    expect(new Set(read.cells.map(({ id }) => id.split('.')[0]))).toEqual(new Set(HASHES));
    expect(read.cells.every(({ params, id }) => BARS[HASHES.indexOf(id.slice(0, 16))] === params.bar)).toBe(true);
    expect(read.sweep?.cells.map(({ state }) => state)).toEqual(BARS.map(() => 'measured'));
    expect(read.environment.warnings).toEqual(['in 6 points, for example: load 0']);
  });

  it('are the same in any order, byte for byte', () => {
    const text = JSON.stringify(mergePoints(SWEEP, DOCUMENTS));
    expect(JSON.stringify(mergePoints(SWEEP, DOCUMENTS.toReversed()))).toBe(text);
    expect(JSON.stringify(mergePoints(SWEEP, [...DOCUMENTS, ...DOCUMENTS]))).toBe(text);
  });

  it('keep the histograms bucket for bucket', () => {
    const merged = mergePoints(SWEEP, DOCUMENTS);
    const before = DOCUMENTS.flatMap(({ result }) => result.cells.map(({ latencyNs }) => latencyNs?.histogram));
    expect(merged.cells.map(({ latencyNs }) => latencyNs?.histogram)).toEqual(before);
    expect(before.some((histogram) => (histogram?.counts.length ?? 0) > 0)).toBe(true);
  });

  it('that were measured twice with other figures are refused by name', () => {
    const again = documentOf(0);
    again.result.cells[0] = { ...again.result.cells[0], oversubscribed: true } as Result['cells'][number];
    expect(() => mergePoints(SWEEP, [...DOCUMENTS, { ...again, path: 'e/0.json' }])).toThrow(
      `point ${FIRST} was measured twice: d/0.json and e/0.json differ`,
    );
  });

  it('that failed in one folder and not in another count as measured; else they are named with the reason', () => {
    const died: PointDocument = {
      ...documentOf(0),
      path: 'f',
      result: { ...documentOf(0).result, run: { ...documentOf(0).result.run, failure: 'worker nvme0 died' } },
    };
    for (const documents of [
      [died, ...DOCUMENTS],
      [...DOCUMENTS, died],
    ])
      expect(mergePoints(SWEEP, documents).sweep?.cells[0]).toMatchObject({ state: 'measured' });
    const merged = mergePoints(SWEEP, [died, ...DOCUMENTS.slice(2)]);
    expect(merged.sweep?.cells.slice(0, 2)).toMatchObject([
      { state: 'failed', reason: 'worker nvme0 died' },
      { state: 'missing' },
    ]);
    expect(merged.cells.some(({ id }) => id.startsWith(HASHES[0] as string))).toBe(false);
    expect(sweepSummary(merged)).toContain(`## Failed\n\n- ${FIRST} (bar 1073741824): worker nvme0 died`);
  });

  it('of several machines are kept apart, and said to be', () => {
    const documents = BARS.map((_, i) => documentOf(i, i % 2 === 0 ? {} : { cpu: 'Another CPU' }));
    const merged = mergePoints(SWEEP, documents);
    expect(merged.environments?.map(({ id }) => id)).toEqual(['m1', 'm2']);
    expect(merged.environment.warnings[0]).toContain('points come from 2 machines');
    const machines = Map.groupBy(merged.cells, ({ params }) => params.machine);
    expect([...machines.keys()].sort()).toEqual(['m1', 'm2']);
    const summary = sweepSummary(merged);
    expect(summary.match(/### Machine m\d/g)).toEqual(['### Machine m1', '### Machine m2']);
    expect(csvText(cellsTable(merged)).split('\n')[0]).toContain('machine');
  });

  it('mark the comparisons that remain when the share of false ones is held', () => {
    const merged = mergePoints(SWEEP, DOCUMENTS);
    const roles = new Map(merged.cells.map(({ id, params }) => [id, params.role]));
    const family = merged.comparisons.filter(({ a }) => roles.get(a) === 'arm');
    for (const each of merged.comparisons) expect(each.adjusted !== undefined).toBe(roles.get(each.a) === 'arm');
    for (const { adjusted, verdict, pValue } of family) {
      expect(adjusted?.of).toBe(family.length);
      expect(adjusted?.pValue).toBeGreaterThanOrEqual(pValue as number);
      if (verdict === 'equivalent') expect(adjusted?.survives).toBe(false);
    }
  });
});

describe('folders of shards', () => {
  async function shardFolders(count: number): Promise<string[]> {
    const dirs = Array.from({ length: count }, folder);
    for (const [i, dir] of dirs.entries()) {
      const shard = { index: i + 1, count };
      await writeSweep(dir, SWEEP);
      await writeShard(dir, { ...shard, finished: true });
      for (const { hash, result } of DOCUMENTS.filter((each) => isOf(each.hash, shard)))
        await writePoint(dir, hash, result);
    }
    return dirs;
  }

  it('merge to what one folder would have been, in any order', async () => {
    const [whole] = await shardFolders(1);
    const expected = (await mergeFolders([whole as string])).result;
    const dirs = await shardFolders(3);
    for (const order of [dirs, dirs.toReversed()]) {
      const { result, missing } = await mergeFolders(order);
      expect(missing).toEqual([]);
      expect(sweepLines(result)).toEqual(sweepLines(expected));
      expect(JSON.stringify(result)).toBe(JSON.stringify(expected));
      expect(csvText(cellsTable(result))).toBe(csvText(cellsTable(expected)));
    }
  });

  it('name the shard that is not there, and the one that is not done', async () => {
    const dirs = await shardFolders(3);
    const { missing, result } = await mergeFolders(dirs.slice(1));
    expect(missing).toHaveLength(1);
    expect(missing[0]).toMatch(/^shard 1\/3 is missing: \d points \([0-9a-f]{16}/);
    expect(result.sweep?.cells.some(({ state }) => state === 'missing')).toBe(true);
    const hash = HASHES.find((each) => isOf(each, { index: 2, count: 3 })) as string;
    rmSync(join(dirs[1] as string, 'cells', `${hash}.json`));
    expect((await mergeFolders(dirs)).missing[0]).toBe(`shard 2/3 is not complete: 1 points (${hash})`);
  });

  it('of different sweeps, of none, and with a torn point are refused by name', async () => {
    const [a, b] = (await shardFolders(2)) as [string, string];
    await writeSweep(b, { ...SWEEP, id: 'other', cells: SWEEP.cells.slice(1) });
    await expect(mergeFolders([a, b])).rejects.toThrow(/are of different sweeps: 6 and 5 points, 5 in both/);
    await expect(mergeFolders([folder()])).rejects.toThrow(/no sweep\.json in it/);
    await writeSweep(b, SWEEP);
    writeFileSync(join(b, 'cells', `${HASHES[0]}.json`), '{"schema":');
    await expect(mergeFolders([a, b])).rejects.toThrow(`${FIRST}.json: not JSON`);
  });
});
