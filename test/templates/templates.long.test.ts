// A new part of each kind, in a copy of the project that is built: its types are right, its tests pass, and a run has them all.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseResult, type Result } from '../../src/result/schema.ts';
import { addTemplate, inCopy, KINDS, projectCopy, testCopy } from './added.ts';

let copy: string;
let touched: string[];

beforeAll(() => {
  copy = projectCopy();
  touched = KINDS.flatMap((kind) => addTemplate(kind, copy));
  expect(inCopy(copy, ['scripts/build.ts'])).toMatchObject({ code: 0, stderr: '' });
}, 900_000);

/** A measurement that only has to end, with all of the parts that a run can have. */
function resultOfRun(): Result {
  const words = [
    ...['run', '--scheme', 'page,dummy', '--flow', 'direct,plain', '--dummy-share', '8', '--buffers', 'fixed'],
    ...['--processes', '1', '--rounds', '2', '--round-ms', '1', '--bar', '64MiB', '--payload', 'none'],
    ...['--bar-sweep', 'off', '--quiet', '--out', 'out', '--json', 'result.json'],
  ];
  expect(inCopy(copy, ['bin/p2plab.js', ...words])).toMatchObject({ code: 0 });
  return parseResult(readFileSync(join(copy, 'result.json'), 'utf8'), 'result.json');
}

/** It compiles nearly every module anew: a counter changes all of them. */
describe('a new part of each kind, built', { timeout: 900_000 }, () => {
  it('has the right types and the style of the house', () => {
    for (const config of ['tsconfig.json', 'src/page/tsconfig.json']) {
      const { code, stdout } = inCopy(copy, ['node_modules/typescript/bin/tsc', '-p', config]);
      expect(code, stdout).toBe(0);
    }
    const sources = touched.filter((file) => !file.startsWith('src/machine/'));
    const { code, stdout, stderr } = inCopy(copy, ['node_modules/@biomejs/biome/bin/biome', 'check', ...sources]);
    expect(code, stdout + stderr).toBe(0);
  });

  it('is in help and in the result of a run, its tables and its charts', () => {
    const help = inCopy(copy, ['bin/p2plab.js', 'run', '--help']).stdout.replace(/\s+/g, ' ');
    expect(help).toContain('--dummy-share <percent> a share that nothing uses');
    expect(help).toContain('plain: each read and write of a drive by itself, and nothing else');
    const { cells } = resultOfRun();
    const dummies = cells.filter(({ scheme }) => scheme === 'dummy');
    expect(dummies.map(({ params }) => [params.flow, params.dummyShare])).toEqual([
      ['direct', 8],
      ['plain', 8],
    ]);
    expect(dummies.map(({ perIo }) => (perIo as Record<string, number> | null)?.dummyEvents)).toEqual([1, 1]);
    const summary = readFileSync(join(copy, 'out/summary.md'), 'utf8');
    expect(summary).toContain('| dummy events |');
    expect(summary).toContain('dummyShare 8');
    expect(existsSync(join(copy, 'out/dummy.png'))).toBe(true);
    expect(readFileSync(join(copy, 'out/report.html'), 'utf8')).toContain('Cells of each scheme');
  });

  it('passes the tests of its kind', () => {
    const { code, report } = testCopy(
      copy,
      [
        'test/machine/scheme_rules',
        'test/machine/scheme_counts',
        'test/machine/nvmet_counts',
        'test/contract/mixed',
        'test/contract/schemes',
      ],
      'dummy',
    );
    expect(code, report).toBe(0);
    const all = testCopy(copy, [
      'src/options/point_options.test.ts',
      'src/report/words',
      'test/schemes/expectations.test.ts',
    ]);
    expect(all.code, all.report).toBe(0);
  });
});
