import { expect, test } from 'vitest';
import { resultFixture } from '../../test/support/result_fixture.ts';
import { LabError } from '../base/errors.ts';
import { checkResult, parseResult, type Result } from './schema.ts';

const small = (): Result => resultFixture({ workloads: [{ payload: 'none', bar: 2 ** 28 }], sweepBars: [] });

function errorOf(work: () => unknown): LabError {
  try {
    work();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test('a result survives writing and reading, fields of later versions included', () => {
  const result = { ...small(), notes: ['kept'] };
  expect(parseResult(JSON.stringify(result), 'r.json')).toEqual(result);
});

test('figures that were not measured may be null', () => {
  const result = small();
  for (const cell of result.cells)
    Object.assign(cell, { iops: null, latencyNs: null, perIo: null, metadataBytes: null });
  expect(checkResult(result, 'r.json').cells[0]?.iops).toBeNull();
});

test('text that is no JSON, another document and another version are told apart', () => {
  expect(errorOf(() => parseResult('{', 'x/result.json')).message).toMatch(/^x\/result\.json: not JSON/);
  expect(errorOf(() => parseResult('[]', 'r.json')).message).toContain('found none');
  expect(errorOf(() => parseResult('null', 'r.json')).message).toContain('found none');
  expect(errorOf(() => parseResult('{"schema":"p2plab.result/9"}', 'r.json')).message).toContain(
    'found "p2plab.result/9"',
  );
});

test('a field of the wrong kind is named by its path, with exit code 2', () => {
  const result = small() as unknown as { cells: { iops: unknown }[] };
  (result.cells[2] as { iops: unknown }).iops = { median: 'fast', ci95: [1, 2] };
  const error = errorOf(() => checkResult(result, 'r.json'));
  expect(error.message).toContain('cells.2.iops');
  expect(error.exitCode).toBe(2);
});

test('only the first problems are told, the others are counted', () => {
  const result = small() as unknown as { cells: unknown[] };
  result.cells = [{}];
  expect(errorOf(() => checkResult(result, 'r.json')).message).toMatch(/and \d+ more/);
});

test('a cell that appears twice and a comparison of unknown cells are refused', () => {
  const twice = small();
  twice.cells.push(structuredClone(twice.cells[0]) as Result['cells'][number]);
  expect(errorOf(() => checkResult(twice, 'r.json')).message).toContain("'g0/page/user' appears twice");
  const dangling = small();
  Object.assign(dangling.comparisons[0] as object, { b: 'g9/x/y' });
  expect(errorOf(() => checkResult(dangling, 'r.json')).message).toContain("no cell has the id 'g9/x/y'");
});
