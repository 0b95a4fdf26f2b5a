// npm run calibrate -- --what WHAT [--trials N]: does the lab find what is there, and nothing that is not?
// Every trial is a run of the command line; trials are noted in reports/calibration/WHAT.jsonl, and a call that was interrupted
// goes on where it was. The table goes to stdout, the same as a record to WHAT.json. Times are for two undisturbed cores:
//   aa             25 runs of 8 comparisons of cpuNsPerIo of one arm with its own copy: false alarms; about 12 min
//   aa-iops        the same of iops; about 15 min
//   slowdown-1     10 runs with a host path that is 1 % slower, 60 s each at most: found within it? 10 min
//   slowdown-0.3   10 runs with 0.3 %, 10 min each at most; up to 100 min
//   iops-3         10 runs with 3 % of a threads I/O, 60 s each at most; 10 min
// The gate beside a busy process has a bench of its own: npm run bench:gate.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { LabError } from '../../src/base/errors.ts';
import { writeAtomically } from '../../src/base/files.ts';
import { describeEnvironment, warningsBefore } from '../../src/lab/host/environment.ts';
import { textTable } from '../../src/report/tables/table.ts';
import { buildPlanted, DELAYED, turnsFor, UNDELAYED } from './planted.ts';
import { percent, runOnce, untilThereAre } from './trials.ts';

const OUT = fileURLToPath(new URL('../../reports/calibration/', import.meta.url));
const PLAIN = ['--buffers', 'fixed', '--payload', 'none', '--bar-sweep', 'off'];

type Metric = 'cpuNsPerIo' | 'iops';
const MODE_OF: Record<Metric, string> = { cpuNsPerIo: 'inline', iops: 'threads' };

interface Outcome {
  lines: [name: string, value: string][];
  reached: boolean;
  goal: string;
  record: Record<string, unknown>;
}

type Experiment = (trials: number | undefined, file: string) => Promise<Outcome>;

const EXPERIMENTS: Record<string, Experiment> = {
  aa: (trials, file) => falseAlarms('cpuNsPerIo', trials, file),
  'aa-iops': (trials, file) => falseAlarms('iops', trials, file),
  'slowdown-1': (trials, file) => planted({ percentSlower: 1, budget: '60s', metric: 'cpuNsPerIo' }, trials, file),
  'slowdown-0.3': (trials, file) => planted({ percentSlower: 0.3, budget: '10m', metric: 'cpuNsPerIo' }, trials, file),
  'iops-3': (trials, file) => planted({ percentSlower: 3, budget: '60s', metric: 'iops' }, trials, file),
};

/** The reference against its copy, in eight machines a run. */
async function falseAlarms(metric: Metric, trials = 25, file: string): Promise<Outcome> {
  const bars = ['--bar', '16MiB,32MiB,64MiB,128MiB,256MiB,512MiB,1GiB,2GiB', '--stages', 'off'];
  const args = ['--scheme', 'dma_vec', ...PLAIN, ...bars, '--mode', MODE_OF[metric]];
  const done = await untilThereAre(trials, file, () => args);
  const copies = done.flatMap(({ comparisons }) =>
    comparisons.filter((each) => each.metric === metric && each.a.endsWith("'")),
  );
  const judged = copies.filter(({ ci95 }) => ci95 !== null);
  const differs = judged.filter(({ ci95 }) => ci95 !== null && (ci95[0] > 1 || ci95[1] < 1));
  const alarms = judged.filter(({ verdict }) => verdict === 'faster' || verdict === 'slower');
  const equivalent = judged.filter(({ verdict }) => verdict === 'equivalent');
  const withheld = copies.filter((each) => each.withheld !== undefined);
  const halves = judged.map(({ ci95 }) => (ci95 === null ? 0 : (ci95[1] - ci95[0]) / 2)).sort((a, b) => a - b);
  return {
    goal: 'false alarms in at most 5 %',
    reached: alarms.length <= 0.05 * copies.length,
    lines: [
      ['comparisons of identical arms', String(copies.length)],
      ['called faster or slower', `${alarms.length} (${percent(alarms.length / copies.length)})`],
      ['95 % interval without 1', `${differs.length} (${percent(differs.length / copies.length)})`],
      ['called equivalent', String(equivalent.length)],
      ['half of the interval, median', percent(halves[halves.length >> 1] ?? 0)],
      ['verdict withheld', String(withheld.length)],
    ],
    record: {
      metric,
      copies: copies.length,
      alarms: alarms.length,
      differs: differs.length,
      withheld: withheld.length,
    },
  };
}

interface Plan {
  percentSlower: number;
  budget: string;
  metric: Metric;
}

/** A host path that is slower by a busy loop, against itself without the loop. */
async function planted({ percentSlower, budget, metric }: Plan, trials = 10, file: string): Promise<Outcome> {
  const mode = MODE_OF[metric];
  const common = [...PLAIN, '--bar', '256MiB', '--mode', mode];
  const { turns, baseNs } = await turnsOf(percentSlower, mode, common, file);
  const machine = await buildPlanted(turns);
  const scheme = ['--scheme', `${UNDELAYED},${DELAYED}`];
  // A margin of its own: a slow-down within the usual 2 % would be called negligible, which is true and not the question.
  const args = [...scheme, ...common, '--margin', '0.1', '--budget', budget];
  const done = await untilThereAre(trials, file, () => args, machine);
  const found = done.flatMap((trial) =>
    trial.comparisons
      .filter((each) => each.metric === metric && each.a.includes(`/${DELAYED}/`))
      .map((each) => ({ ...each, seconds: trial.seconds, looks: trial.looks, dirtyShare: trial.dirtyShare })),
  );
  const detected = found.filter(({ verdict }) => verdict === 'slower');
  const effect = found.map(({ ratio }) => (metric === 'iops' ? 1 / ratio : ratio)).sort((a, b) => a - b);
  const times = found.map(({ seconds }) => seconds).sort((a, b) => a - b);
  return {
    goal: `found as slower within ${budget} in at least 9 of 10 runs`,
    reached: detected.length >= 0.9 * done.length,
    lines: [
      [
        'planted',
        `${percentSlower} % of ${baseNs.toFixed(1)} ns for each I/O: ${turns} turns of the loop every 256 I/Os`,
      ],
      ['measured, median of runs', `${percent((effect[effect.length >> 1] ?? 1) - 1)}`],
      ['found', `${detected.length} of ${done.length}`],
      ['seconds, median and longest', `${times[times.length >> 1]?.toFixed(0)}, ${times.at(-1)?.toFixed(0)}`],
      ['called faster', String(found.filter(({ verdict }) => verdict === 'faster').length)],
      ['verdict withheld', String(found.filter(({ withheld }) => withheld !== undefined).length)],
    ],
    record: { percentSlower, budget, metric, turns, baseNs, found },
  };
}

/** The loop's turns, found once for an experiment and kept beside its trials: all of them have the same slow-down. */
async function turnsOf(percentSlower: number, mode: string, common: readonly string[], file: string) {
  const kept = file.replace(/\.jsonl$/, '.turns.json');
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as { turns: number; baseNs: number };
  const { cells } = await runOnce(['--scheme', 'dma_vec', ...common]);
  const base = cells.find(({ scheme, params }) => scheme === 'dma_vec' && params.role === 'reference');
  const baseNs = mode === 'inline' ? base?.cpuNsPerIo?.median : base?.nsPerIo?.median;
  if (baseNs === undefined) throw new LabError(`the run that finds what ${percentSlower} % is gave no figure`);
  const found = { turns: turnsFor((baseNs * percentSlower) / 100), baseNs };
  await writeAtomically(kept, JSON.stringify(found));
  return found;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { what: { type: 'string' }, trials: { type: 'string' } } });
  const names = values.what?.split(',') ?? Object.keys(EXPERIMENTS);
  const trials = values.trials === undefined ? undefined : Number(values.trials);
  if (trials !== undefined && !(Number.isInteger(trials) && trials > 0))
    throw new LabError('--trials: expected a whole number.');
  mkdirSync(OUT, { recursive: true });
  for (const name of names) {
    const experiment = EXPERIMENTS[name];
    if (experiment === undefined)
      throw new LabError(`--what: ${name} is none of ${Object.keys(EXPERIMENTS).join(', ')}.`);
    const outcome = await experiment(trials, join(OUT, `${name}.jsonl`));
    const environment = describeEnvironment(warningsBefore());
    const { goal, reached, lines, record } = outcome;
    await writeAtomically(
      join(OUT, `${name}.json`),
      `${JSON.stringify({ name, goal, reached, environment, ...record }, null, 1)}\n`,
    );
    const rows = [...lines, [goal, reached ? 'reached' : 'MISSED'] as [string, string]];
    const columns = [
      { title: name, align: 'left' as const },
      { title: '', align: 'left' as const },
    ];
    process.stdout.write(`${textTable({ columns, rows: rows.map((cells) => ({ cells })) }).join('\n')}\n\n`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`calibrate: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
