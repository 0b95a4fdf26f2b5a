// Adding a flow is two files: those of test/templates/flow are put into a copy of the project under one name, and everything that knows
// flows knows it: the build, help, checks of options, the run, the result.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Cell, parseResult } from '../../src/result/schema.ts';
import { jobFile, QUICK } from '../support/cli.ts';
import { addTemplate, inCopy, projectCopy } from '../templates/added.ts';

let copy: string;

const p2plab = (...args: string[]) => inCopy(copy, ['bin/p2plab.js', ...args]);

beforeAll(() => {
  copy = projectCopy();
  addTemplate('flow', copy);
  const built = inCopy(copy, ['scripts/build.ts']);
  expect([built.code, built.stderr]).toEqual([0, '']);
}, 120_000);

describe('two new files in the flows folders', () => {
  it('are listed by --help with what the flow does', () => {
    const help = p2plab('run', '--help').stdout.replace(/\s+/g, ' ');
    expect(help).toContain('plain: each read and write of a drive by itself, and nothing else');
    expect(help).toContain('(copy, direct, nvmet, plain)');
  });

  it('are run and checked like the others, beside them', () => {
    const job = jobFile('[a]\nrw=randrw\nbs=8k\niodepth=16\niodepth_batch=4\nnorandommap\n');
    const options = [
      ...QUICK,
      '--payload',
      'verify',
      '--scheme',
      'null',
      '--flow',
      'direct,plain',
      '--buffers',
      'fixed',
    ];
    const ended = p2plab('run', job, ...options, '--out', 'out', '--json', 'result.json');
    expect([ended.code, ended.stderr]).toEqual([0, ended.stderr]);
    expect(ended.stderr).toContain('flow plain sends each read and write by itself');
    const { cells } = parseResult(readFileSync(join(copy, 'result.json'), 'utf8'), 'result.json');
    const floor = (flow: string): Cell => cells.find(({ params }) => params.flow === flow) as Cell;
    expect(floor('plain').verified).toMatchObject({ errors: 0 });
    expect(floor('plain').verified?.ios).toBeGreaterThan(0);
    // How often a thread has to be woken is a matter of time.
    expect({ ...floor('plain').perIo, wakeups: 0 }).toEqual({ ...floor('direct').perIo, wakeups: 0 });
  }, 240_000);

  it('refuse what they do not have, by their name', () => {
    const { code, stderr } = p2plab('run', jobFile('[a]\nrw=write\nfsync=1\n'), ...QUICK, '--flow', 'plain');
    expect([code, stderr]).toEqual([2, expect.stringContaining('flow plain sends reads and writes and nothing else')]);
    const removed = p2plab('run', ...QUICK, '--flow', 'plain', '--remove-at', '50%');
    expect([removed.code, removed.stderr]).toEqual([2, expect.stringContaining('under flow direct, not plain')]);
  });

  it('miss nothing: one without the other is named', () => {
    const plan = join(copy, 'src/plan/flows/plain.ts');
    const text = readFileSync(plan);
    writeFileSync(plan, '// Nothing.\n');
    const { code, stderr } = p2plab('run', ...QUICK);
    expect([code, stderr]).toEqual([4, expect.stringContaining('src/plan/flows/plain.ts exports a flow')]);
    writeFileSync(plan, text);
  });
});
