// p2plab report DIR: writes the report of a run, a sweep or a merge again, or elsewhere.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { checkWritable, removeUnfinished } from '../base/files.ts';
import { writeReport } from '../report/formats/write.ts';
import { readResultFolder } from '../result/read.ts';
import type { Result } from '../result/schema.ts';
import { mergeFolders } from '../sweep/merge_folders.ts';
import type { ReportOptions } from './commands/report.ts';

export async function reportCommand(dir: string, { out }: ReportOptions): Promise<void> {
  const result = await resultOf(dir);
  await checkWritable(out ?? dir);
  await removeUnfinished(out ?? dir);
  const folder = await writeReport(out ?? dir, result);
  process.stderr.write(terminalText(`p2plab: ${folder.files.length} files in ${folder.dir}\n`));
  process.stdout.write(terminalText(`${join(folder.dir, 'report.html')}\n`));
}

/** The folder's result; of a sweep that was not finished, the points that are there. */
async function resultOf(dir: string): Promise<Result> {
  const result = await readResultFolder(dir);
  if (result !== undefined) return result;
  if (existsSync(join(dir, 'sweep.json'))) return (await mergeFolders([dir])).result;
  throw new LabError(
    `${dir}: no result.json and no sweep.json in it. Give the folder that p2plab run, sweep or merge named at its end.`,
  );
}
