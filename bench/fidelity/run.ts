// npm run fidelity [-- PART...]: the lab beside the native twin, in turn: table, chart and record in reports/fidelity/.
import { readdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError, suggestion } from '../../src/base/errors.ts';
import { trimNumber } from '../../src/base/units.ts';
import { describeEnvironment } from '../../src/lab/host/environment.ts';
import { closePool } from '../../src/lab/workers/crew.ts';
import { textTable } from '../../src/report/tables/table.ts';
import { estimate } from '../../src/stats/estimate.ts';
import { type Effort, FULL, ratios, startTwin } from '../support.ts';
import { drawFidelity } from './chart.ts';
import type { Figure, Part } from './part.ts';

const NOT_PARTS = ['run.ts', 'part.ts', 'chart.ts'];
const OUT = fileURLToPath(new URL('../../reports/fidelity/', import.meta.url));

/** One figure as it is recorded: medians with 95 % intervals, and the ratio of pairs. */
export interface FidelityRow {
  part: string;
  name: string;
  unit: string;
  lab: ReturnType<typeof estimate>;
  native: ReturnType<typeof estimate>;
  /** lab / native of each round. */
  ratio: ReturnType<typeof estimate>;
  goal: string | null;
  reached: boolean | null;
  rounds: { lab: readonly number[]; native: readonly number[] };
}

export function partNames(): string[] {
  return readdirSync(fileURLToPath(new URL('.', import.meta.url)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !NOT_PARTS.includes(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

/** @throws LabError without a C compiler: there is nothing to compare with */
export async function measurePart(name: string, effort: Effort): Promise<FidelityRow[]> {
  const part = (await import(new URL(`${name}.ts`, import.meta.url).href)) as Part;
  const twin = startTwin();
  if ('missing' in twin) throw new LabError(`${twin.missing}. The fidelity report compares the lab with C.`);
  try {
    return (await part.measure(effort, twin)).map((figure) => rowOf(part.title, figure));
  } finally {
    twin.end();
    await closePool();
  }
}

function rowOf(part: string, figure: Figure): FidelityRow {
  const { name, unit, lab, native, goal, bound } = figure;
  const ratio = estimate(ratios(lab, native));
  const [labEstimate, nativeEstimate] = [estimate(lab), estimate(native)];
  const reached = goal?.reached(ratio.median) ?? bound?.reached(labEstimate.median) ?? null;
  const words = goal === undefined ? (bound?.words ?? null) : `lab / native ${goal.words}`;
  return {
    part,
    name,
    unit,
    lab: labEstimate,
    native: nativeEstimate,
    ratio,
    goal: words,
    reached,
    rounds: { lab, native },
  };
}

function table(rows: readonly FidelityRow[]): string[] {
  const interval = ({ ci95 }: FidelityRow['ratio']): string => (ci95 === null ? '' : ci95.map(trimNumber).join(' to '));
  const left = (title: string) => ({ title, align: 'left' as const });
  const right = (title: string) => ({ title, align: 'right' as const });
  return textTable({
    columns: [
      left('figure'),
      left('unit'),
      right('lab'),
      right('native'),
      right('lab / native'),
      left('95 %'),
      left('must be'),
      left(''),
    ],
    rows: rows.map((row) => ({
      cells: [
        row.name,
        row.unit,
        trimNumber(row.lab.median),
        trimNumber(row.native.median),
        row.ratio.median.toFixed(2),
        interval(row.ratio),
        row.goal ?? '',
        row.reached === null ? '' : row.reached ? 'reached' : 'MISSED',
      ],
    })),
  });
}

async function main(wanted: string[]): Promise<void> {
  const names = partNames();
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new LabError(`no part '${unknown}'${suggestion(unknown, names)}. There are: ${names.join(', ')}.`);
  const rows: FidelityRow[] = [];
  for (const name of wanted.length > 0 ? wanted : names) {
    process.stderr.write(`fidelity: ${name}\n`);
    rows.push(...(await measurePart(name, FULL)));
  }
  const environment = describeEnvironment([]);
  const text = [
    `The lab beside C, ${FULL.rounds} rounds in turn on ${environment.cpu}, ${environment.cores} cores`,
    '',
    ...table(rows),
  ];
  process.stdout.write(`${text.join('\n')}\n`);
  await mkdir(OUT, { recursive: true });
  await writeFile(join(OUT, 'fidelity.txt'), `${text.join('\n')}\n`);
  await writeFile(
    join(OUT, 'fidelity.json'),
    `${JSON.stringify({ schema: 'p2plab.fidelity/1', environment, rows }, null, 1)}\n`,
  );
  await writeFile(join(OUT, 'fidelity.png'), await drawFidelity(rows, environment));
  process.stderr.write(`fidelity: table, chart and record in ${OUT}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`fidelity: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
