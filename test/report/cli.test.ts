// p2plab report as a user meets it.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { command } from '../support/command.ts';
import { resultFixture } from '../support/result_fixture.ts';
import { scratchFolder } from '../support/scratch.ts';

const RESULT = `${JSON.stringify(resultFixture({ rounds: 4, sweepBars: [] }))}\n`;

let scratch = '';
beforeAll(() => {
  scratch = scratchFolder('report');
});

const report = (...args: string[]) => command(['report', ...args], { dir: scratch });

function folder(name: string, files: Record<string, string> = {}): string {
  const dir = join(scratch, name);
  mkdirSync(dir);
  for (const [file, content] of Object.entries(files)) writeFileSync(join(dir, file), content);
  return dir;
}

test('writes page, summary, tables and images beside the result, which stays as it was', async () => {
  const dir = folder('run');
  writeFileSync(join(dir, 'result.json'), RESULT);
  const { code, stdout } = await report(dir);
  expect(code).toBe(0);
  expect(stdout).toBe(`${join(dir, 'report.html')}\n`);
  const files = readdirSync(dir);
  for (const name of ['report.html', 'summary.md', 'cells.csv', 'comparisons.csv', 'latency_cdf.png']) {
    expect(files).toContain(name);
  }
  expect(readFileSync(join(dir, 'result.json'), 'utf8')).toBe(RESULT);
  expect(readFileSync(join(dir, 'summary.md'), 'utf8')).toContain('## The answer');
});

test('or in another folder, and leaves the result’s alone', async () => {
  const dir = folder('elsewhere');
  writeFileSync(join(dir, 'result.json'), RESULT);
  expect((await report(dir, '--out', 'out')).code).toBe(0);
  expect(readdirSync(dir)).toEqual(['result.json']);
  expect(readdirSync(join(scratch, 'out'))).toContain('report.html');
});

describe('what it cannot do ends with exit 2 and one message', () => {
  const cases: [string, () => string[], RegExp][] = [
    ['no such folder', () => ['missing'], /missing: no such folder/],
    ['a file', () => [join(folder('f', { 'result.json': '{}' }), 'result.json')], /it is a file; give the folder/],
    ['an empty folder', () => [folder('empty')], /no result\.json and no sweep\.json/],
    ['a cut result', () => [folder('cut', { 'result.json': '{"schema": "p2p' })], /not JSON/],
    ['another version', () => [folder('v9', { 'result.json': '{"schema": "p2plab.result/9"}' })], /p2plab\.result\/9/],
    ['a cut sweep', () => [folder('sweep', { 'sweep.json': '{' })], /sweep\.json/],
    [
      'a folder that cannot be written',
      () => {
        const dir = folder('target', { file: '' });
        writeFileSync(join(dir, 'result.json'), RESULT);
        return [dir, '--out', join(dir, 'file')];
      },
      /cannot write .*file/,
    ],
  ];
  test.each(cases)('%s', async (_, args, message) => {
    const { code, stdout, stderr } = await report(...args());
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
