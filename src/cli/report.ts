// p2plab report DIR: writes the report of a run or a sweep again, or elsewhere.
import type { Command } from 'commander';
import { readResultFolder } from '../report/read.ts';
import { writeReport } from '../report/write.ts';

interface Options {
  readonly out?: string;
}

export function register(program: Command): void {
  program
    .command('report')
    .argument('<dir>', 'folder that a run or a sweep has left')
    .description('write report.html, summary.md, charts and CSV of a result')
    .option('--out <dir>', 'write them there instead of beside the result')
    .action(runReport);
}

async function runReport(dir: string, { out }: Options): Promise<void> {
  const result = await readResultFolder(dir);
  const folder = await writeReport(out ?? dir, result);
  process.stdout.write(`${folder.dir}/report.html\n`);
  process.stderr.write(`p2plab: ${folder.files.length} files in ${folder.dir}\n`);
}
