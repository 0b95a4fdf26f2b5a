// Output in fio's formats beside fio's own for the same job file: keys, number types, units, and what must agree within a document.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseFormats } from '../../src/cli/commands/run.ts';
import { checkOutput, printed } from '../../src/cli/run_output.ts';
import { TERSE_VERSIONS } from '../../src/report/formats/fio/formats.ts';
import { fioDocument, fioText } from '../../src/report/formats/fio/json.ts';
import { fioTerse } from '../../src/report/formats/fio/terse.ts';
import { parseResult, type Result } from '../../src/result/schema.ts';
import { QUICK } from '../support/cli.ts';
import { command } from '../support/command.ts';
import { FIO_3_33, needing } from '../support/needs.ts';
import { scratchFolder } from '../support/scratch.ts';

/** An open loop, because all of its I/Os are timed; two clones of a mixed job; two that are reported as one. */
const JOB_FILE = `[reader]
size=4m
iodepth=8
rw=randread
bs=4k
rate_iops=20k
description=at random
[writer]
size=4m
iodepth=8
rw=randrw
norandommap
bs=4k,64k
numjobs=2
[last]
stonewall
size=4m
iodepth=8
rw=write
bs=8k
group_reporting
numjobs=2
latency_target=1s
latency_window=10ms
latency_percentile=99
`;

// biome-ignore lint/suspicious/noExplicitAny: fio's documents, read as their users do
type Document = any;

let dir: string;
let result: Result;

beforeAll(async () => {
  dir = scratchFolder('fio-output');
  const [job, json] = [join(dir, 'job.fio'), join(dir, 'result.json')];
  writeFileSync(job, JOB_FILE);
  const options = [
    '--mode',
    'threads',
    '--scheme',
    'page',
    '--buffers',
    'fixed',
    '--json',
    json,
    '--out',
    join(dir, 'out'),
  ];
  const ended = await command(['run', job, ...QUICK, ...options]);
  expect(ended.stderr).not.toMatch(/Error/);
  expect(ended.code).toBe(0);
  result = parseResult(readFileSync(json, 'utf8'), json);
}, 120_000);

const ours = (format: 'json' | 'json+' = 'json+'): string => fioText(fioDocument(result, format));

function fios(...options: string[]): string {
  const job = join(dir, 'job.fio');
  return execFileSync('fio', ['--ioengine=null', ...options, job], {
    encoding: 'utf8',
    cwd: dir,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}

type Shape = Map<string, string>;

/** Paths of all values with the type that their text has, without bins, and without percentiles of directions without samples. */
function shapeOf(text: string, jobOf: (document: Document) => Document, unsampled: readonly string[]): Shape {
  const typed = JSON.parse(text, (_, value, context?: { source?: string }) =>
    typeof value === 'number' ? { number: context?.source?.includes('.') ? 'float' : 'integer' } : value,
  );
  const shape: Shape = new Map();
  const walk = (value: Document, path: string): void => {
    if (typeof value !== 'object' || value === null) shape.set(path, typeof value);
    else if ('number' in value) shape.set(path, value.number);
    else for (const [key, item] of Object.entries(value)) walk(item, `${path}/${key}`);
  };
  const { p2plab: _, 'job options': options, ...job } = jobOf(typed);
  expect(typeof options).toBe('object');
  walk(job, '');
  for (const path of shape.keys()) {
    const [, direction = '', , kind] = path.split('/');
    if (kind === 'bins' || (kind === 'percentile' && unsampled.includes(direction))) shape.delete(path);
  }
  return shape;
}

/** What holds within any of fio's jobs. */
function checkJob(job: Document, share: { all: boolean }): void {
  for (const name of ['read', 'write', 'trim']) {
    const each = job[name];
    expect(each.io_kbytes).toBe(Math.floor(each.io_bytes / 1024));
    expect(each.runtime > 0).toBe(each.total_ios > 0);
    const perSecond = (value: number): number => (each.runtime === 0 ? 0 : (1000 * value) / each.runtime);
    expect(each.iops).toBeCloseTo(perSecond(each.total_ios), 4);
    expect(each.bw_bytes).toBe(Math.floor(perSecond(each.io_bytes)));
    expect(each.bw).toBe(Math.floor(each.bw_bytes / 1024));
    expect(each.clat_ns.N).toBeLessThanOrEqual(each.total_ios);
    if (share.all) expect(each.clat_ns.N).toBe(each.total_ios);
    if (each.clat_ns.N === 0) continue;
    const bins = Object.values(each.clat_ns.bins) as number[];
    expect(bins.reduce((sum, count) => sum + count, 0)).toBe(each.clat_ns.N);
    expect(each.clat_ns.min).toBeLessThanOrEqual(each.clat_ns.mean);
    expect(each.clat_ns.mean).toBeLessThanOrEqual(each.clat_ns.max);
  }
}

describe("a job file's figures in fio's JSON", () => {
  it('are one group for each arm, with a job for each clone, or one where group_reporting says so', () => {
    const { jobs }: Document = JSON.parse(ours());
    const groups = Map.groupBy(jobs as Document[], ({ groupid }) => groupid);
    expect([...groups.keys()]).toEqual([...groups.keys()].map((_, index) => index));
    const cells = result.cells.filter(({ rounds }) => rounds.length > 0);
    expect([...groups.values()].map((group) => group[0].p2plab.cell)).toEqual(cells.map(({ id }) => id));
    for (const group of groups.values()) {
      const names = group.map((job): string => job['job options'].name);
      const isLast = group[0].p2plab.cell.startsWith('g1/');
      expect(names).toEqual(isLast ? ['last'] : ['reader', 'writer', 'writer']);
      expect(group.map(({ jobname }) => jobname)).toEqual(names.map((name) => `${group[0].p2plab.cell}/${name}`));
    }
  });

  it('have the bytes of each direction, its options, and relations that hold', () => {
    for (const job of JSON.parse(ours()).jobs as Document[]) {
      checkJob(job, { all: job.jobname.endsWith('/reader') });
      const isReader = job.jobname.endsWith('/reader');
      const isLast = job.p2plab.cell.startsWith('g1/');
      expect(job['job options'].rw).toBe(isReader ? 'randread' : isLast ? 'write' : 'randrw');
      expect(job.read.io_bytes).toBe(4096 * job.read.total_ios);
      expect(job.write.io_bytes).toBe((isLast ? 8192 : 65536) * job.write.total_ios);
      expect(job.write.total_ios > 0).toBe(!isReader);
      expect(job.read.total_ios > 0).toBe(!isLast);
      const { latency_target: target, latency_window: window, latency_percentile: percentile } = job;
      expect({ target, window, percentile }).toEqual(
        isLast ? { target: 1e9, window: 10_000, percentile: 99 } : { target: 0, window: 0, percentile: 100 },
      );
      expect(job.p2plab).toMatchObject({
        roundsPlanned: 2,
        latencyLoop: isReader ? 'open' : 'closed',
        rounds: expect.stringMatching(/^\d of 2/),
      });
    }
  });

  it('sum up to the I/Os and bytes of the rounds that were kept', () => {
    const jobs = JSON.parse(ours()).jobs as Document[];
    for (const cell of result.cells) {
      const ofCell = jobs.filter((job) => job.p2plab.cell === cell.id);
      const sum = (pick: (job: Document) => number): number => ofCell.reduce((total, job) => total + pick(job), 0);
      const { readIos = 0, readBytes = 0, writeIos = 0, writeBytes = 0 } = cell.kept?.threads ?? {};
      expect([sum((job) => job.read.total_ios), sum((job) => job.read.io_bytes)]).toEqual([readIos, readBytes]);
      expect([sum((job) => job.write.total_ios), sum((job) => job.write.io_bytes)]).toEqual([writeIos, writeBytes]);
      const used = cell.rounds.reduce((total, { ios, dirty }) => total + (dirty === true ? 0 : ios), 0);
      if (used > 0) expect(readIos + writeIos).toBe(used);
    }
  });
});

describe('what is printed', () => {
  const threads = { modes: ['threads' as const] };
  it.each<[object, Parameters<typeof checkOutput>[1], RegExp]>([
    [{}, { modes: ['inline'] }, /fio's figures are .* which --mode inline does not measure/],
    [{}, { ...threads, removal: { at: 0.5, hole: 'empty' } }, /with --remove-at what becomes of each I\/O is counted/],
    [{ json: '-' }, threads, /both print a document to stdout/],
  ])('is refused where there would be no jobs in it, or two documents: %j, %j', async (given, params, why) => {
    const options = { outputFormat: ['terse' as const, 'json+' as const], terseVersion: '5' as const, ...given };
    await expect(checkOutput(options, params)).rejects.toThrow(why);
  });

  it('is refused by the command before anything runs', async () => {
    const ended = await command(['run', ...QUICK, '--output-format', 'json', '--mode', 'inline']);
    expect(ended.stderr).toMatch(/which --mode inline does not measure/);
    expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('is a list of formats: all are printed, in the order that fio prints them, and a word that is none is refused', () => {
    const options = { outputFormat: ['normal', 'json', 'terse'], terseVersion: '5' } as const;
    const text = printed(result, options, false);
    expect(text).toMatch(/^5;p2plab-.*\n\{\n.*\n\}\np2plab /s);
    expect(text.split('\n').filter((line) => line.startsWith('5;'))).toHaveLength(JSON.parse(ours()).jobs.length);
    expect(parseFormats('normal,json')).toEqual(['normal', 'json']);
    expect(() => parseFormats('normal,jsno')).toThrow(/'jsno' is no format; there are normal, json, json\+, terse/);
  });
});

needing(FIO_3_33).describe('beside fio itself', () => {
  it.each(['json', 'json+'] as const)(
    '%s has the same keys and types, and the relations of fio hold in both',
    (format) => {
      const theirs = fios(`--output-format=${format}`);
      const text = ours(format);
      const named = (name: string) => (document: Document) =>
        document.jobs.find(({ jobname }: Document) => jobname === name || jobname.endsWith(`/${name}`));
      for (const name of ['reader', 'writer', 'last']) {
        const unsampled = ['read', 'write'].filter((each) => named(name)(JSON.parse(text))[each].clat_ns.N === 0);
        const [expected, shape] = [theirs, text].map((each) => shapeOf(each, named(name), unsampled)) as [Shape, Shape];
        expect(Object.fromEntries(shape)).toEqual(Object.fromEntries(expected));
      }
      const [document, own] = [JSON.parse(theirs), JSON.parse(text)];
      if (format === 'json+') for (const job of document.jobs) checkJob(job, { all: true });
      expect(document.jobs.map(({ jobname }: Document) => jobname)).toEqual(['reader', 'writer', 'writer', 'last']);
      expect(own.time).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4}$/);
      expect(document.time).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4}$/);
      const top = ({ p2plab: _, jobs: __, ...rest }: Document): string[] => Object.keys(rest);
      expect(top(own)).toEqual(top(document).filter((key) => key !== 'global options'));
    },
  );

  it.each(TERSE_VERSIONS)('terse version %i has as many fields, each of its kind', (version) => {
    // The value of a percentile says nothing of its field.
    const kindOf = (field: string): string =>
      field.includes('%=')
        ? field.replace(/=\d+$/, '=integer')
        : field.replace(/^\d+$/, 'integer').replace(/\d+\.(\d+)/, (_, digits) => `float${digits.length}`);
    const linesOf = (text: string): string[] => text.replaceAll('\n;', ';').split('\n').filter(Boolean);
    const theirs = linesOf(fios('--output-format=terse', `--terse-version=${version}`));
    const own = linesOf(fioTerse(result, version));
    // From the group on.
    const shape = (line: string | undefined): string[] =>
      (line ?? '')
        .split(';')
        .slice(version === 2 ? 2 : 3)
        .map(kindOf);
    expect(own).toHaveLength(
      result.cells.reduce((sum, { id, rounds }) => sum + (rounds.length === 0 ? 0 : id.startsWith('g1/') ? 1 : 3), 0),
    );
    for (const index of [0, 1, 2]) expect(shape(own[index])).toEqual(shape(theirs[index]));
    expect(own[0]?.split(';').at(-1)).toBe('at random');
    expect(theirs[0]?.split(';').at(-1)).toBe('at random');
  });
});
