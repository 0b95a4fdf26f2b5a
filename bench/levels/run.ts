// npm run levels [-- --what processes,moments] [--processes N]: why does the same code run at two levels in threads mode (33 and 100 ns per I/O), stable
// within a process? N fresh processes (40; about 6 s each on two undisturbed cores) go through phases that change one thing at a
// time: which CPU each thread is on, then the memory's physical pages. Each is noted in reports/levels/levels.jsonl; a call that
// was interrupted goes on. Needs taskset; frame numbers need root.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { trimNumber } from '../../src/base/units.ts';
import { textTable } from '../../src/report/tables/table.ts';
import { levelsOf } from '../../src/stats/levels.ts';
import { median } from '../../src/stats/location.ts';
import type { Process } from './child.ts';
import { type Moment, momentsTable } from './moments.ts';

const OUT = fileURLToPath(new URL('../../reports/levels/', import.meta.url));
const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
const MOMENTS_CHILD = fileURLToPath(new URL('moments.ts', import.meta.url));

/** One row for each phase: its levels, and how many processes changed theirs since the phase before. */
export function phaseRows(processes: readonly Process[]): string[][] {
  const names = processes[0]?.phases.map(({ name }) => name) ?? [];
  const all = processes.flatMap(({ phases }) => phases.map((phase) => phase.median));
  const levels = levelsOf(all);
  const levelAt = (process: number, phase: number): number => levels[process * names.length + phase] as number;
  return names.map((name, phase) => {
    const medians = processes.map(({ phases }) => phases[phase]?.median ?? Number.NaN);
    const mine = processes.map((_, process) => levelAt(process, phase));
    const moved = phase === 0 ? 0 : mine.filter((level, process) => level !== levelAt(process, phase - 1)).length;
    const each = [...new Set(mine)].sort().map((level) => {
      const ofLevel = medians.filter((_, process) => mine[process] === level);
      return `${ofLevel.length} at ${trimNumber(median(ofLevel))} ns`;
    });
    return [name, each.join(', '), phase === 0 ? '' : String(moved)];
  });
}

/** Whether slow processes differ from fast ones in how unevenly their hot pages fall on the L2's colours. */
function colourLine(processes: readonly Process[]): string {
  const first = processes.flatMap(({ phases, memories }) => {
    const colours = memories[0]?.colours ?? [];
    return colours.length > 0 && phases[1] ? [{ ns: phases[1].median, fullest: Math.max(...colours) }] : [];
  });
  if (first.length === 0) return 'frame numbers are hidden from this user: run as root to see page colours';
  const levels = levelsOf(first.map(({ ns }) => ns));
  return [...new Set(levels)]
    .sort()
    .map((level) => {
      const fullest = first.filter((_, i) => levels[i] === level).map((each) => each.fullest);
      return `level ${level}: fullest of 16 colours has ${median(fullest)} pages (median)`;
    })
    .join('; ');
}

const MOMENTS = 3000;

function main(): void {
  const { values } = parseArgs({
    options: { processes: { type: 'string', default: '40' }, what: { type: 'string', default: 'processes,moments' } },
  });
  mkdirSync(OUT, { recursive: true });
  const parts = values.what.split(',');
  if (parts.includes('processes')) byProcess(Number(values.processes));
  if (!parts.includes('moments')) return;
  // On one CPU, as the loops tell of the core that they run on.
  const printed = execFileSync('taskset', ['-c', '1', process.execPath, MOMENTS_CHILD, String(MOMENTS)]);
  const all = JSON.parse(String(printed)) as Moment[];
  writeFileSync(join(OUT, 'moments.json'), JSON.stringify(all));
  process.stdout.write(`${textTable(momentsTable(all)).join('\n')}\n`);
}

function byProcess(count: number): void {
  const file = join(OUT, 'levels.jsonl');
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : [];
  while (lines.length < count) {
    const line = execFileSync(process.execPath, [CHILD], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();
    appendFileSync(file, `${line}\n`);
    lines.push(line);
    process.stderr.write(`process ${lines.length} of ${count}\n`);
  }
  const processes = lines.map((line) => JSON.parse(line) as Process);
  const columns = ['phase', 'levels (processes)', 'changed level'].map((title) => ({ title, align: 'left' as const }));
  const rows = phaseRows(processes).map((cells) => ({ cells }));
  process.stdout.write(`${textTable({ columns, rows }).join('\n')}\n${colourLine(processes)}\n\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
