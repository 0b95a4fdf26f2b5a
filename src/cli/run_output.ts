// What a run leaves beside its folder: one document or table on stdout, and files that were asked for by name.
import { dirname } from 'node:path';
import { LabError } from '../base/errors.ts';
import { fioDocument } from '../report/fio_json.ts';
import type { Result } from '../report/result.ts';
import { terminalSummary } from '../report/summary.ts';
import { checkWritable, writeAtomically } from '../report/write.ts';
import type { OutputOptions } from './commands/run.ts';

/** @throws LabError for two documents on stdout, or a place that cannot be written, before anything is measured */
export async function checkOutput(options: OutputOptions): Promise<void> {
  if (options.json === '-' && options.outputFormat !== 'normal' && options.output === undefined) {
    throw new LabError(
      `--json - and --output-format ${options.outputFormat} both print a document to stdout; give one of them a file.`,
    );
  }
  const files = [options.json, options.output].filter((file) => file !== undefined && file !== '-');
  for (const file of files) await checkWritable(dirname(file as string));
}

/** Prints and writes what the options ask for; files by rename. */
export async function writeOutput(result: Result, options: OutputOptions): Promise<void> {
  const document = `${JSON.stringify(result, null, 1)}\n`;
  if (options.json !== undefined && options.json !== '-') await writeAtomically(options.json, document);
  if (options.output !== undefined) await writeAtomically(options.output, printed(result, options.outputFormat, false));
  if (options.json === '-') process.stdout.write(document);
  else if (options.output === undefined) {
    process.stdout.write(printed(result, options.outputFormat, process.stdout.isTTY === true));
  }
}

function printed(result: Result, format: OutputOptions['outputFormat'], colour: boolean): string {
  if (format === 'normal') return terminalSummary(result, { colour });
  return `${JSON.stringify(fioDocument(result, format), null, 2)}\n`;
}
