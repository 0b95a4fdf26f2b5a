// What a run leaves beside its folder: one document or table on stdout, and files that were asked for by name.
import { LabError } from '../base/errors.ts';
import type { RunParams } from '../plan/run_plan.ts';
import type { TerseVersion } from '../report/formats/fio/formats.ts';
import { fioDocument, fioText } from '../report/formats/fio/json.ts';
import { fioTerse } from '../report/formats/fio/terse.ts';
import { terminalSummary } from '../report/formats/summary.ts';
import type { Result } from '../result/schema.ts';
import { hasColour } from './colour.ts';
import type { OutputOptions } from './commands/run.ts';
import { checkTargets, isStdout, writeTo } from './documents.ts';

/**
 * @throws LabError for two documents on stdout, for figures that the run will not measure, or for a place that cannot be written,
 * before anything is measured
 */
export async function checkOutput(
  options: OutputOptions,
  { modes, removal }: { modes: RunParams['modes']; removal?: RunParams['removal'] },
): Promise<void> {
  const fios = options.outputFormat.filter((format) => format !== 'normal').join(',');
  if (options.json === '-' && fios !== '' && options.output === undefined) {
    throw new LabError(
      `--json - and --output-format ${fios} both print a document to stdout; give one of them a file.`,
    );
  }
  if (fios !== '' && removal !== undefined) {
    throw new LabError(
      `--output-format ${fios}: fio's figures are rates and latencies, and with --remove-at what becomes of each I/O is counted instead. ` +
        'Leave one of them out; --json FILE has the counts.',
    );
  }
  if (fios !== '' && !modes.includes('threads')) {
    throw new LabError(
      `--output-format ${fios}: fio's figures are I/Os per second and latencies, which --mode inline does not measure: it times the ` +
        "host's CPU alone. Give --mode threads or --mode threads,inline; --json FILE has what inline measures.",
    );
  }
  await checkTargets({ '--json': options.json, '--output': options.output });
}

/** Whether stdout holds a document, so that nothing else may be printed there. */
export function printsDocument({ json, output, outputFormat }: OutputOptions): boolean {
  return isStdout(json) || isStdout(output) || (output === undefined && outputFormat.some((each) => each !== 'normal'));
}

/** The files that the options name: what to write of each. */
export function outputFiles(result: Result, options: OutputOptions): (() => Promise<void>)[] {
  const { json, output } = options;
  const files: (() => Promise<void>)[] = [];
  if (json !== undefined && !isStdout(json)) files.push(() => writeTo(json, documentText(result)));
  if (output !== undefined) files.push(() => writeTo(output, printed(result, options, false)));
  return files;
}

/** Prints what the options leave to stdout. */
export function printResult(result: Result, options: OutputOptions): void {
  if (isStdout(options.json)) process.stdout.write(documentText(result));
  else if (options.output === undefined) process.stdout.write(printed(result, options, hasColour(process.stdout)));
}

function documentText(result: Result): string {
  return `${JSON.stringify(result, null, 1)}\n`;
}

/** All formats that were asked for, in fio's order. */
export function printed(
  result: Result,
  { outputFormat, terseVersion }: Pick<OutputOptions, 'outputFormat' | 'terseVersion'>,
  colour: boolean,
): string {
  const json = outputFormat.includes('json+') ? 'json+' : outputFormat.includes('json') ? 'json' : undefined;
  return [
    outputFormat.includes('terse') ? fioTerse(result, Number(terseVersion) as TerseVersion) : '',
    json === undefined ? '' : fioText(fioDocument(result, json)),
    outputFormat.includes('normal') ? terminalSummary(result, { colour }) : '',
  ].join('');
}
