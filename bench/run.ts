// npm run bench [-- NAME...]: runs the benches of this folder one after the other and says what reaches its goal.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { LabError, suggestion } from '../src/base/errors.ts';
import { trimNumber } from '../src/base/units.ts';
import { closePool } from '../src/lab/workers/crew.ts';
import { textTable } from '../src/report/tables/table.ts';
import { type Effort, FULL, type Row } from './support.ts';

export interface Bench {
  title: string;
  measure(effort: Effort): Promise<Row[]>;
}

const NOT_BENCHES = ['run.ts', 'support.ts'];

/** Names of the benches: one for each file. */
export function benchNames(): string[] {
  return readdirSync(fileURLToPath(new URL('.', import.meta.url)))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !NOT_BENCHES.includes(file))
    .map((file) => file.slice(0, -3))
    .sort();
}

export async function loadBench(name: string): Promise<Bench> {
  return (await import(new URL(`${name}.ts`, import.meta.url).href)) as Bench;
}

async function main(wanted: string[]): Promise<void> {
  const names = benchNames();
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new LabError(`no bench '${unknown}'${suggestion(unknown, names)}. There are: ${names.join(', ')}.`);
  for (const name of wanted.length > 0 ? wanted : names) {
    const bench = await loadBench(name);
    process.stderr.write(`${name}: ${bench.title}\n`);
    const rows = await bench.measure(FULL);
    await closePool();
    process.stdout.write(`${[`${name}: ${bench.title}`, ...textTable(tableOf(rows))].join('\n')}\n\n`);
  }
}

function tableOf(rows: readonly Row[]) {
  const left = (title: string) => ({ title, align: 'left' as const });
  const right = (title: string) => ({ title, align: 'right' as const });
  return {
    columns: [left('figure'), right('median'), right('95 %'), left('unit'), left('goal'), left('')],
    rows: rows.map((each) => ({
      cells: [
        each.name,
        trimNumber(each.value),
        each.ci95 === null ? '' : each.ci95.map(trimNumber).join(' to '),
        each.unit,
        each.goal ?? '',
        each.reached === undefined ? '' : each.reached ? 'reached' : 'MISSED',
      ],
    })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
