// Options of a run as an object mean what they mean on the command line.
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { LabError } from '../base/errors.ts';
import type { OptionsObject } from '../sweep/options.ts';
import { readOptions } from './options_object.ts';
import { resolveRun } from './resolve_run.ts';
import { addMeasuringOptions } from './run_options.ts';

const fromWords = (...words: string[]) => addMeasuringOptions(new Command()).parse(words, { from: 'user' }).opts();
const fromObject = (object: OptionsObject) => readOptions(object, 'cell').options;

describe('an object of options', () => {
  it('means the same as the words', () => {
    expect(fromObject({})).toEqual(fromWords());
    expect(
      fromObject({
        scheme: ['phys', 'page'],
        bar: '1GiB',
        'p2p-share': 50,
        roundMs: 7,
        'bar-sweep': false,
        section: ['a', 'b'],
        rw: 'write',
        set: { bs: '8k', norandommap: true, time_based: false },
        mode: 'inline',
        seed: null,
      }),
    ).toEqual(
      fromWords(
        ...['--scheme', 'phys,page', '--bar', '1GiB', '--p2p-share', '50', '--round-ms', '7', '--bar-sweep', 'off'],
        ...['--section', 'a', '--section', 'b', '--set', 'rw=write', '--set', 'bs=8k', '--set', 'norandommap'],
        ...['--set', 'time_based=0', '--mode', 'inline'],
      ),
    );
  });

  it('keeps nothing of the object before, whether that was read or refused', () => {
    const full = { scheme: ['phys'], section: ['a'], set: { bs: '8k' }, rounds: 7, bar: '1GiB' };
    const before = structuredClone(fromObject(full));
    expect(() => fromObject({ section: ['b'], rounds: 'many' })).toThrow(LabError);
    expect(fromObject({})).toEqual(fromWords());
    expect(fromObject(full)).toEqual(before);
  });

  it('names its job file', () => {
    expect(readOptions({ job: 'a.fio' }, 'cell').jobFile).toBe('a.fio');
  });

  it('resolves to a run', async () => {
    const { params } = await resolveRun(undefined, fromObject({ bs: '64k', iodepth: 8, batch: 2, bar: '1GiB' }));
    expect(params.jobs[0]).toMatchObject({ iodepth: 8, iodepthBatch: 2 });
    expect(params.bars).toEqual([2 ** 30]);
  });

  it.each<[OptionsObject, RegExp]>([
    [{ bsz: '4k' }, /^cell: 'bsz' is no option, did you mean 'bs'\?/],
    [{ out: 'x' }, /^cell: 'out' is no option/],
    [{ rounds: 'many' }, /^cell: option '--rounds <n>' argument 'many' is invalid/],
    [{ payload: 'mov' }, /'mov' is none of none, move, verify, did you mean 'move'/],
    [{ scheme: [] }, /^cell: scheme: the list is empty/],
    [{ bs: ['4k', '8k'] }, /^cell: bs: a fio option takes one value/],
    [{ set: 'bs=4k' }, /^cell: set: expected fio options with values/],
    [{ bar: { a: 1 } }, /^cell: bar: expected a value or a list/],
    [{ job: 3 }, /^cell: job: expected the name of one file/],
  ])('%j is refused with what to do', (object, message) => {
    expect(() => fromObject(object)).toThrow(LabError);
    expect(() => fromObject(object)).toThrow(message);
  });
});
