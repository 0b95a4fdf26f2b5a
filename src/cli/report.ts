// p2plab report DIR: writes the report of a run, a sweep or a merge again, or elsewhere.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { LabError } from '../base/errors.ts';
import { readResultFolder } from '../report/read.ts';
import type { Result } from '../report/result.ts';
import { writeReport } from '../report/write.ts';
import { mergeFolders } from '../sweep/merge_folders.ts';

interface Options {
  readonly out?: string;
}

export function register(program: Command): void {
  program
    .command('report')
    .argument('<dir>', 'folder that run, sweep or merge has left')
    .description('write report.html, summary.md, charts and CSV of a result')
    .option('--out <dir>', 'write them there instead of beside the result')
    .action(runReport);
}

async function runReport(dir: string, { out }: Options): Promise<void> {
  const folder = await writeReport(out ?? dir, await resultOf(dir));
  process.stdout.write(`${join(folder.dir, 'report.html')}\n`);
  process.stderr.write(`p2plab: ${folder.files.length} files in ${folder.dir}\n`);
}

/** The folder's result; of a sweep that was not finished, the cells that are there. */
async function resultOf(dir: string): Promise<Result> {
  const result = await readResultFolder(dir);
  if (result !== undefined) return result;
  if (existsSync(join(dir, 'sweep.json'))) return (await mergeFolders([dir])).result;
  throw new LabError(
    `${dir}: no result.json and no sweep.json in it. Give the folder that p2plab run, sweep or merge named at its end.`,
  );
}
