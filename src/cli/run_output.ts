// What a run leaves beside its folder: one document or table on stdout, and files that were asked for by name.
import { LabError } from '../base/errors.ts';
import { fioDocument } from '../report/fio_json.ts';
import type { Result } from '../report/result.ts';
import { terminalSummary } from '../report/summary.ts';
import { hasColour } from './colour.ts';
import type { OutputOptions } from './commands/run.ts';
import { checkTargets, isStdout, writeTo } from './documents.ts';

/** @throws LabError for two documents on stdout, or a place that cannot be written, before anything is measured */
export async function checkOutput(options: OutputOptions): Promise<void> {
  if (options.json === '-' && options.outputFormat !== 'normal' && options.output === undefined) {
    throw new LabError(
      `--json - and --output-format ${options.outputFormat} both print a document to stdout; give one of them a file.`,
    );
  }
  await checkTargets({ '--json': options.json, '--output': options.output });
}

/** Whether stdout holds a document, so that nothing else may be printed there. */
export function printsDocument({ json, output, outputFormat }: OutputOptions): boolean {
  return isStdout(json) || isStdout(output) || (output === undefined && outputFormat !== 'normal');
}

/** The files that the options name: what to write of each. */
export function outputFiles(result: Result, { json, output, outputFormat }: OutputOptions): (() => Promise<void>)[] {
  const files: (() => Promise<void>)[] = [];
  if (json !== undefined && !isStdout(json)) files.push(() => writeTo(json, documentText(result)));
  if (output !== undefined) files.push(() => writeTo(output, printed(result, outputFormat, false)));
  return files;
}

/** Prints what the options leave to stdout. */
export function printResult(result: Result, { json, output, outputFormat }: OutputOptions): void {
  if (isStdout(json)) process.stdout.write(documentText(result));
  else if (output === undefined) process.stdout.write(printed(result, outputFormat, hasColour(process.stdout)));
}

function documentText(result: Result): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}

function printed(result: Result, format: OutputOptions['outputFormat'], colour: boolean): string {
  if (format === 'normal') return terminalSummary(result, { colour });
  return `${JSON.stringify(fioDocument(result, format), null, 2)}\n`;
}
