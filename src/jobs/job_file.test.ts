import { describe, expect, it } from 'vitest';
import { parseJobFile } from './job_file.ts';
import { asWritten } from './option.ts';

function optionsOf(text: string, context = {}): string[][] {
  return parseJobFile(text, 'jobs.fio', context).jobs.map((job) => [job.name, ...job.options.map(asWritten)]);
}

describe('a job file', () => {
  it('gives [global] options to the jobs below it only', () => {
    const text = '[first]\nbs=4k\n[global]\nrw=randread\n[second]\n[global]\niodepth=4\n[third]\nbs=8k\n';
    expect(optionsOf(text)).toEqual([
      ['first', 'bs=4k'],
      ['second', 'rw=randread'],
      ['third', 'rw=randread', 'iodepth=4', 'bs=8k'],
    ]);
  });

  it('may have several jobs of one name', () => {
    expect(optionsOf('[a]\nbs=4k\n[a]\nbs=8k\n').map(([name]) => name)).toEqual(['a', 'a']);
  });

  it('takes comments with # and ; anywhere, blank lines, carriage returns and spaces', () => {
    const text =
      '# one\r\n; two\r\n\r\n  [a] ; job\r\n  numjobs=4\t; four threads\r\n filename=tmp#1\n bs = 8k\n thread\n';
    expect(optionsOf(text)).toEqual([['a', 'numjobs=4', 'filename=tmp', 'bs=8k', 'thread']]);
  });

  it('keeps everything after the first = as the value', () => {
    expect(optionsOf('[a]\nfilename=0000\\:01\\:00.0\nexec_prerun=x=1\n')).toEqual([
      ['a', 'filename=0000\\:01\\:00.0', 'exec_prerun=x=1'],
    ]);
  });

  it('knows options by their aliases', () => {
    const names = parseJobFile('[a]\nreadwrite=read\nblocksize=4k\ntimeout=5\nthreads=1\nio_limit=1m\n', 'x').jobs[0];
    expect(names?.options.map(({ name }) => name)).toEqual(['rw', 'bs', 'runtime', 'thread', 'io_size']);
  });

  it('does not hand the name in [global] to its jobs', () => {
    expect(optionsOf('[global]\nname=all\n[a]\nname=b\n')).toEqual([['a', 'name=b']]);
  });

  it('fills in variables from the environment', () => {
    const env = { DEV: 'nvme0n1', DEPTH: '16' };
    expect(optionsOf(`[a]\nfilename=/dev/\${DEV}\niodepth=\${DEPTH}\n`, { env })).toEqual([
      ['a', 'filename=/dev/nvme0n1', 'iodepth=16'],
    ]);
  });

  it("fills in fio's keywords and works out what stands around them", () => {
    const keywords = { pagesize: 4096, ncpus: 8, mb_memory: 1000 };
    expect(optionsOf('[a]\nbs=$pagesize\nsize=8*$mb_memory\nnumjobs=$ncpus/2\n', { keywords })).toEqual([
      ['a', 'bs=4096', 'size=8000', 'numjobs=4'],
    ]);
  });

  it('reads included options as if they stood there, with their own lines in messages', () => {
    const files: Record<string, string> = {
      'common.fio': 'bs=4k\ninclude deep.fio\n',
      'deep.fio': '\n; deep\niodepth=0\n',
    };
    const include = (path: string) => (files[path] === undefined ? undefined : { file: path, text: files[path] });
    const file = parseJobFile('[a]\ninclude common.fio\nrw=read\n', 'jobs.fio', { include });
    expect(file.jobs[0]?.options.map(asWritten)).toEqual(['bs=4k', 'iodepth=0', 'rw=read']);
    expect(file.jobs[0]?.options[1]?.at).toEqual({ file: 'deep.fio', line: 3 });
  });

  it('can be read for some sections alone, and then needs only their variables', () => {
    const text = `[global]\nrw=randread\n[default]\n[override]\nbs=\${BS}\n`;
    expect(optionsOf(text, { only: new Set(['default']) })).toEqual([['default', 'rw=randread']]);
  });
});

describe('a bad job file is refused with file:line:', () => {
  const selfIncluding = { include: () => ({ file: 'loop.fio', text: 'include loop.fio' }) };
  it.each([
    [
      'rw=read\n[a]\n',
      {},
      "jobs.fio:1: 'rw=read' stands before the first section. Put [global] or a [job name] above.",
    ],
    ['[a\nrw=read\n', {}, "jobs.fio:1: '[a' has no closing bracket: expected [name]."],
    ['[a] b\n', {}, "jobs.fio:1: '[a] b' is no section name: expected [name] alone on its line."],
    ['[]\n', {}, "jobs.fio:1: '[]' is no section name: expected [name] alone on its line."],
    [
      '[a]\n\nsome garbage\n',
      {},
      "jobs.fio:3: 'some garbage' is not a [section], an option (name=value), an include or a comment (# or ;).",
    ],
    ['[a]\niodept=4\n', {}, "jobs.fio:2: fio has no option 'iodept', did you mean 'iodepth'?"],
    ['[a]\nxyzzy=4\n', {}, "jobs.fio:2: fio has no option 'xyzzy'."],
    [
      `[a]\nbs=\${BS}\n`,
      {},
      'jobs.fio:2: the variable BS is not set. Set it in the environment: BS=VALUE p2plab run jobs.fio',
    ],
    ['[a]\ninclude no.fio\n', {}, "jobs.fio:2: cannot read the included file 'no.fio'. Check the path."],
    [
      '[a]\ninclude loop.fio\n',
      selfIncluding,
      'loop.fio:1: includes are nested more than 16 deep; do they include each other?',
    ],
    [
      '[a]\ninclude b.fio\n',
      { include: () => ({ file: 'b.fio', text: 'bs=4k\n[b]\n' }) },
      'b.fio:2: an included file may hold options only, no sections such as [b].',
    ],
    [
      '; nothing\n[global]\nbs=4k\n',
      {},
      'jobs.fio: has no jobs. Add a section such as [job] with rw=randread and size=1g below it.',
    ],
    ['[a]\n', { only: new Set(['b']) }, 'jobs.fio: has no section named b.'],
  ])('%j', (text, context, message) => {
    expect(() => parseJobFile(text, 'jobs.fio', context)).toThrow(
      expect.objectContaining({ name: 'LabError', message }),
    );
  });
});
