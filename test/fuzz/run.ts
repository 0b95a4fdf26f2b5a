// npm run fuzz -- --minutes 10 --seed 1: cases from consecutive seeds until the time is over or one differs. Prints the seed,
// the smallest case that differs and how to run it again; exit code 1 then.
// npm run fuzz -- --case FILE: one case, as printed.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawCase, type FuzzCase } from './case.ts';
import { differences, shrink } from './compare.ts';
import { openBench } from './machine.ts';
import { fuzzedSchemes } from './schemes.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
    case: { type: 'string' },
  },
});

const PROGRESS_MS = 30_000;
const bench = openBench();
process.exitCode = values.case === undefined ? fuzz(number('seed'), number('minutes')) : again(values.case);

function number(name: 'seed' | 'minutes'): number {
  const value = Number(values[name]);
  if (!(value >= 0)) {
    process.stderr.write(`fuzz: --${name} '${values[name]}' is not a number.\n`);
    process.exit(2);
  }
  return value;
}

function fuzz(firstSeed: number, minutes: number): number {
  const schemes = fuzzedSchemes();
  const until = performance.now() + minutes * 60_000;
  let told = performance.now();
  let seed = firstSeed;
  for (; performance.now() < until; seed++) {
    const drawn = drawCase(seed, schemes);
    if (differences(bench, drawn).length > 0) return report(drawn);
    if (performance.now() - told < PROGRESS_MS) continue;
    told = performance.now();
    process.stderr.write(`fuzz: ${seed - firstSeed + 1} cases, no difference\n`);
  }
  process.stdout.write(`fuzz: ${seed - firstSeed} cases from seed ${firstSeed} on, no difference\n`);
  return 0;
}

function again(file: string): number {
  return report(JSON.parse(readFileSync(file, 'utf8')) as FuzzCase);
}

function report(found: FuzzCase): number {
  const wrong = differences(bench, found);
  if (wrong.length === 0) {
    process.stdout.write('fuzz: no difference\n');
    return 0;
  }
  const smallest = shrink(bench, found);
  process.stdout.write(
    [
      `fuzz: seed ${found.seed} differs:`,
      ...differences(bench, smallest).map((line) => `  ${line}`),
      `smallest case (${smallest.ios.length} of ${found.ios.length} I/Os); save it and run: npm run fuzz -- --case FILE`,
      JSON.stringify(smallest),
      '',
    ].join('\n'),
  );
  return 1;
}
