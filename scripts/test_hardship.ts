// npm run test:hardship [-- WORD]: commands under hard conditions (those with WORD in their name): full, read-only and removed folders,
// closed streams, limits, a clock that jumps. Each must end with its exit code and one message that says what to do, with nothing torn
// and nothing left. Takes some minutes; what cannot be tried here is told with the reason.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { textTable } from '../src/report/tables/table.ts';
import type { HardCase } from './hardship/case.ts';
import { DISK_CASES } from './hardship/disks.ts';
import { SURROUNDING_CASES } from './hardship/surroundings.ts';
import { must, names } from './kill/processes.ts';

const word = process.argv[2] ?? '';
const cases = [...DISK_CASES, ...SURROUNDING_CASES].filter(({ name }) => name.includes(word));
const outcomes: [HardCase, string][] = [];
for (const each of cases) {
  const outcome = await tried(each);
  process.stderr.write(`${each.name}: ${outcome}\n`);
  outcomes.push([each, outcome]);
}
const lines = textTable({
  columns: ['condition', 'has to end with', 'found'].map((title) => ({ title, align: 'left' })),
  rows: outcomes.map(([{ name, ends }, outcome]) => ({ cells: [name, ends, outcome.split('\n')[0] as string] })),
});
process.stdout.write(`${lines.join('\n')}\n`);
if (cases.length === 0 || outcomes.some(([, outcome]) => outcome.startsWith('WRONG'))) process.exitCode = 1;

async function tried({ skip, run }: HardCase): Promise<string> {
  const dir = mkdtempSync(join(tmpdir(), 'p2plab-hardship-'));
  const temporary = join(dir, 'tmp');
  mkdirSync(temporary);
  try {
    const reason = skip?.(dir);
    if (reason !== undefined) return `skipped: ${reason}`;
    await run(dir, temporary);
    must(names(temporary).length === 0, `nothing in the temporary folder: ${names(temporary).join(', ')}`);
    return 'so it is';
  } catch (error) {
    return `WRONG: ${(error as Error).message}`;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
