// What a merged sweep leaves in its folder: the result, its cells for a spreadsheet, the summary.
import { join } from 'node:path';
import { cellsTable } from './cells_table.ts';
import { csvText } from './csv.ts';
import type { Result } from './result.ts';
import { leadingKeys, sweepSummary } from './sweep_markdown.ts';
import { checkWritable, type RunFolder, writeAtomically } from './write.ts';

/**
 * Writes result.json, cells.csv and summary.md.
 * @throws LabError when the folder or a file cannot be written
 */
export async function writeSweepFolder(dir: string, result: Result): Promise<RunFolder> {
  await checkWritable(dir);
  const contents: [string, string][] = [
    ['result.json', `${JSON.stringify(result)}\n`],
    ['cells.csv', csvText(cellsTable(result, leadingKeys(result)))],
    ['summary.md', sweepSummary(result)],
  ];
  for (const [name, content] of contents) await writeAtomically(join(dir, name), content);
  return { dir, files: contents.map(([name]) => name) };
}
