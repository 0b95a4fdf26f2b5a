// Descriptions of processors: those of the lab are whole, and each thing that can be wrong with one's own is said with its line.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { knownCpus, parseCpu, readCpu } from './cpu_file.ts';

const MILAN = readFileSync(fileURLToPath(new URL('./cpus/milan.yaml', import.meta.url)), 'utf8');

describe('a description of a processor', () => {
  it('is whole for each processor of the lab, every number with its source', () => {
    expect(knownCpus()).toEqual(['genoa', 'graviton4', 'milan', 'spr', 'turin']);
    for (const name of knownCpus()) expect(readCpu(name).name).toBe(name);
  });

  it('says sizes and latencies', () => {
    const { l1, l3, l3Policy, dtlb, dtlb2m, latency } = readCpu('milan');
    expect(l1).toEqual({ sets: 64, ways: 8 });
    expect(l3.sets * l3.ways * 64).toBe(32 * 2 ** 20);
    expect([l3Policy, dtlb, dtlb2m, latency.memory]).toEqual(['victim', { sets: 1, ways: 64 }, undefined, 326]);
    expect(readCpu('spr').dtlb2m).toEqual({ sets: 8, ways: 4 });
  });

  const cases: [what: string, from: RegExp, to: string, message: RegExp][] = [
    [
      'sets that are no power of two',
      /^ {2}sets: \{ value: 64/m,
      '  sets: { value: 48',
      /^own.yaml:\d+: l1d\.sets\.value: expected a power of two/,
    ],
    [
      'a line of another length',
      /line_bytes: \{ value: 64/,
      'line_bytes: { value: 128',
      /^own.yaml:5: line_bytes\.value: found 128, expected 64/,
    ],
    [
      'a missing number',
      /^ {2}ways: .*\n {2}cycles: \{ value: 4,.*\n/m,
      '',
      /^own.yaml:\d+: l1d\.ways: (missing|expected)/,
    ],
    ['no source', /(ghz: \{ value: 3.4), source: .*\}/, '$1 }', /^own.yaml:6: ghz\.source: missing/],
    [
      'a negative latency',
      /cycles: \{ value: 46/,
      'cycles: { value: -46',
      /l3\.cycles\.value: expected cycles above 0/,
    ],
    ['part of a way', /^ {2}ways: \{ value: 8/m, '  ways: { value: 8.5', /l1d\.ways\.value: expected a whole number/],
    [
      'an unknown policy',
      /value: victim/,
      'value: random',
      /l3\.policy\.value: found "random", expected victim, non-inclusive, inclusive/,
    ],
    ['an unknown key', /^l2:/m, 'l4:', /own.yaml:\d+: unknown key 'l4'/],
    ['an L2 that cannot hold L1', /(^l2:\n {2}sets: \{ value: )1024/m, '$132', /^own.yaml:\d+: l2: smaller than l1d/],
    [
      'more than any L3',
      /^ {2}sets: \{ value: 32768/m,
      '  sets: { value: 1048576',
      /^own.yaml:\d+: l3: has 16777216 entries/,
    ],
    ['no YAML', /^core:/m, 'core: [', /^own.yaml:\d+: not YAML/],
  ];
  for (const [what, from, to, message] of cases) {
    it(`is refused with ${what}`, () => {
      const text = MILAN.replace(from, to);
      expect(text).not.toBe(MILAN);
      expect(() => parseCpu(text, 'own.yaml')).toThrow(message);
    });
  }

  it('is looked for by name, and by path', () => {
    expect(() => readCpu('millan')).toThrow(
      "--cpu: unknown processor 'millan', did you mean 'milan'? There are: genoa",
    );
    expect(() => readCpu('no/such.yaml')).toThrow("there is no file 'no/such.yaml'");
  });
});
