// From what a person writes to the points that are run.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LabError } from '../base/errors.ts';
import { expand, MAX_POINTS } from './expand.ts';
import type { KeyReader } from './options.ts';
import { NO_SPEC, parseSpec, type SweepSpec, withWords } from './spec.ts';

const FIO = ['bs', 'iodepth', 'rw', 'iodepth_batch'];
const RUN = ['bar', 'scheme', 'buffers', 'payload', 'batch', 'era', 'rounds'];
const keyOf: KeyReader = (key, where) => {
  if (key === 'set' || key === 'job') return { kind: key, name: key };
  if (RUN.includes(key)) return { kind: 'run', name: key };
  if (FIO.includes(key)) return { kind: 'fio', name: key };
  throw new LabError(`${where}: '${key}' is no option`);
};
const spec = (text: string): SweepSpec => parseSpec(text, 'a.yaml', keyOf);
const points = (text: string) => expand(spec(text)).map(({ values }) => values);

describe('a sweep file', () => {
  it('multiplies its lists, the first slowest, and keeps numbers as written', () => {
    expect(points('bs: [512, 4k]\nera: [5.2, 6.10]\nrounds: 3\n')).toEqual([
      { bs: '512', era: '5.2' },
      { bs: '512', era: '6.10' },
      { bs: '4k', era: '5.2' },
      { bs: '4k', era: '6.10' },
    ]);
    expect(spec('bs: [512, 4k]\nrounds: 3\nset: {iodepth: 8}\n').base).toEqual({ rounds: '3', iodepth: '8' });
  });

  it('takes a list as one value where it is told to, and lists of schemes always', () => {
    const read = spec('scheme: [page, phys]\nbuffers: {list: [pool, fixed]}\nbs: [4k]\n');
    expect(read.base).toEqual({ scheme: ['page', 'phys'], buffers: ['pool', 'fixed'] });
    expect(points('buffers: [[pool, user], fixed]\n')).toEqual([{ buffers: ['pool', 'user'] }, { buffers: 'fixed' }]);
  });

  it('advances zipped axes together', () => {
    expect(points('iodepth: [1, 32]\nbs: [4k]\nbatch: [1, 8]\nzip: [iodepth, batch]\n')).toEqual([
      { iodepth: '1', bs: '4k', batch: '1' },
      { iodepth: '32', bs: '4k', batch: '8' },
    ]);
  });

  it('excludes by value or size, includes what it is told, and repeats all of it, each once before any twice', () => {
    const points = expand(
      spec(
        'bs: [512, 4k]\nbar: [1GiB, 2GiB]\nexclude: [{bs: 4096, bar: [1024MiB]}]\n' +
          'include:\n  - {bs: 1m, bar: [1GiB, 4GiB], payload: none}\nrepeat: 2\n',
      ),
    );
    expect(points.map(({ values }) => Object.values(values).join(' '))).toEqual(
      Array(2).fill(['512 1GiB', '512 2GiB', '4k 2GiB', '1m 1GiB none', '1m 4GiB none']).flat(),
    );
    expect(points.map(({ repeat }) => repeat)).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2, 2]);
  });

  it('may be no more than included cells', () => {
    expect(points('include: [{bs: 4k}, {bs: 8k}]\n')).toEqual([{ bs: '4k' }, { bs: '8k' }]);
  });

  it.each([
    ['bsz: [1]\n', /^a\.yaml:1: bsz: 'bsz' is no option/],
    ['rounds: 3\nbs: []\n', /^a\.yaml:2: bs: the list is empty/],
    ['bs: [4k, 4k]\n', /bs: '4k' is there twice/],
    ['bs: [4k]\nset: {bs: 8k}\n', /^a\.yaml:2: set\.bs: is there twice/],
    ['set: {bar: 1GiB}\nbs: [4k]\n', /set\.bar: is an option of p2plab run/],
    ['bs: {a: 1}\n', /bs: expected a value, a list of values, or \{list/],
    ['bs: [4k]\nzip: [bs]\n', /zip: one axis alone/],
    ['bs: [4k]\nzip: [bs, bar]\n', /zip: 'bar' is no axis/],
    ['bs: [4k, 8k]\niodepth: [1]\nzip: [bs, iodepth]\n', /zip: bs, iodepth have 2, 1 values/],
    ['bs: [4k]\nexclude: [{bs: 8k}]\n', /exclude: no point has bs: 8k/],
    ['bs: [4k]\nexclude: [{bar: 8k}]\n', /exclude: 'bar' is no axis; there are bs/],
    ['bs: [4k]\nexclude: [{bs: 4k}]\n', /no point is left of 1/],
    ['bs: [4k]\nbar: [1GiB]\ninclude: [{bs: 8k}]\n', /does not say what bar is/],
    ['bs: [4k]\ninclude: [{bs: 8k, scheme: page}]\n', /schemes are no axis/],
    ['bs: [4k]\nrepeat: 0\n', /repeat: expected a whole number from 1/],
    ['- bs\n', /expected options with values/],
    ['bs: [4k\n', /^a\.yaml:\d: not YAML/],
    [
      'bs: [4k]\nrepeat: 1000\niodepth: [1, 2, 3, 4, 5, 6, 7, 8, 9]\nbatch: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]\n',
      /108000 points/,
    ],
  ])('%j is refused with what to do', (text, message) => {
    expect(() => points(text)).toThrow(LabError);
    expect(() => points(text)).toThrow(message);
  });
});

describe('axes of the command line', () => {
  const of = (axis: string[], base = NO_SPEC) => withWords(base, { axis, zip: [] }, keyOf);

  it('are lists of words, or lists as in YAML', () => {
    expect(of(['bs=512, 4k', 'rw=["read", "a,b"]']).axes).toEqual([
      { key: 'bs', values: ['512', '4k'] },
      { key: 'rw', values: ['read', 'a,b'] },
    ]);
  });

  it("replace the file's", () => {
    const both = of(['bs=1m', 'bar=1GiB'], spec('bs: [4k, 8k]\nbar: 2GiB\nrounds: 2\n'));
    expect([both.base, expand(both).map(({ values }) => values)]).toEqual([
      { rounds: '2' },
      [{ bs: '1m', bar: '1GiB' }],
    ]);
  });

  it.each([['bs'], ['=4k'], ['bs='], ['bs=4k,,8k'], ['scheme=page,phys'], ['set=a'], ['bs=4k,4k']])(
    '%s is refused',
    (text) => {
      expect(() => of([text])).toThrow(LabError);
    },
  );
});

describe('any spec', () => {
  const names = ['bs', 'iodepth', 'rw', 'bar', 'payload', 'batch'];
  const lengths = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
  const axesOf = (counts: readonly number[]) =>
    counts.map((count, i) => ({ key: names[i] as string, values: Array.from({ length: count }, (_, v) => `v${v}`) }));

  it('has as many points as the product of its axes times repeats, all different', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 3 }), (counts, repeat) => {
        const points = expand({ ...NO_SPEC, axes: axesOf(counts), repeat });
        expect(points).toHaveLength(counts.reduce((a, b) => a * b, 1) * repeat);
        expect(new Set(points.map((point) => JSON.stringify(point))).size).toBe(points.length);
      }),
    );
  });

  it('has the product over groups when axes are zipped', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 4 }), (counts, together) => {
        const axes = axesOf([together, ...counts, together].slice(0, 6));
        const last = axes.at(-1) as { key: string; values: string[] };
        last.values = Array.from({ length: together }, (_, v) => `w${v}`);
        const points = expand({ ...NO_SPEC, axes, zip: [['bs', last.key]] });
        const others = axes.slice(1, -1).reduce((product, { values }) => product * values.length, 1);
        expect(points).toHaveLength(together * others);
        for (const { values } of points) expect(String(values.bs).slice(1)).toBe(String(values[last.key]).slice(1));
      }),
    );
  });

  it('loses exactly what is excluded and gains exactly what is included', () => {
    fc.assert(
      fc.property(lengths, fc.nat(100), (counts, pick) => {
        const axes = axesOf([2, ...counts].slice(0, 6));
        const all = expand({ ...NO_SPEC, axes });
        const chosen = all[pick % all.length]?.values as Record<string, string>;
        const exclude = [{ bs: [chosen.bs as string] }];
        const kept = all.filter(({ values }) => values.bs !== chosen.bs);
        expect(expand({ ...NO_SPEC, axes, exclude })).toEqual(kept);
        const include = [Object.fromEntries(Object.entries(chosen).map(([key, value]) => [key, [value]]))];
        const back = expand({ ...NO_SPEC, axes, exclude, include });
        expect(back).toEqual([...kept, { values: chosen, repeat: 1 }]);
      }),
    );
  });

  it('is refused before it is made when it is larger than anybody reads', () => {
    const numbers = (count: number) => Array.from({ length: count }, (_, index) => String(index));
    const axes = [{ key: 'seed', values: numbers(MAX_POINTS) }];
    expect(expand({ ...NO_SPEC, axes })).toHaveLength(MAX_POINTS);
    expect(() => expand({ ...NO_SPEC, axes, repeat: 2 })).toThrow(
      /40000 points \(seed 20000, 2 times\); at most 20000/,
    );
  });
});
