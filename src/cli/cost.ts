// p2plab cost [JOB.fio]: exact counts and simulated misses of every scheme, the same on every computer.
import { EXIT, LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { startInterruptible } from '../base/interrupt.ts';
import { startProgress } from '../base/progress.ts';
import { callgrindText } from '../cost/callgrind.ts';
import { readCpu } from '../cost/cpu_file.ts';
import { costDifference } from '../cost/differences.ts';
import type { CostCell, CostDocument } from '../cost/document.ts';
import { runCost } from '../cost/run_cost.ts';
import { resolveRun } from '../options/resolve_run.ts';
import { csvText } from '../report/tables/csv.ts';
import type { CostCommandOptions } from './commands/cost.ts';
import { costCsv, costReport, differenceReport } from './cost_view.ts';
import { checkTargets, isStdout, writeTo } from './documents.ts';

export async function costCommand(jobFile: string | undefined, options: CostCommandOptions): Promise<void> {
  const isOfTopology = (word: string): boolean => word === 'host' || word.includes(':');
  const cpu = options.cpu.find(isOfTopology);
  const { params: resolved, warnings } = await resolveRun(jobFile, { ...options, cpu });
  // What a run does both without and with data moved tells nothing more of instructions: moved on request.
  const isBoth = options.payload === undefined && resolved.payloads.includes('none');
  const params = isBoth ? { ...resolved, payloads: ['none' as const] } : resolved;
  if (options.removeAt !== undefined)
    throw new LabError(
      'cost: --remove-at is about threads that run on while memory goes; there are none here. Leave it out.',
    );
  const cpus = options.cpu.filter((word) => !isOfTopology(word)).map(readCpu);
  const { json, markdown, csv, callgrind } = options;
  await checkTargets({ '--json': json, '--markdown': markdown, '--csv': csv, '--callgrind': callgrind });
  for (const warning of warnings) process.stderr.write(terminalText(`p2plab: ${warning}\n`));
  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() =>
    progress.note('interrupted: finishing the arm and writing what is whole'),
  );
  try {
    const document = await runCost(
      params,
      { cpus, pages: options.pages, prefetch: options.prefetch, seeds: options.seeds, lines: options.lines },
      { progress: (share, what) => progress.update(share, what), signal: interruption.signal },
    ).finally(progress.end);
    await leave(document, options);
    if (interruption.signal.aborted) process.exitCode = EXIT.interrupted;
  } finally {
    interruption.end();
  }
}

async function leave(document: CostDocument, options: CostCommandOptions): Promise<void> {
  const { json, markdown, csv, callgrind, diff, top } = options;
  const text = (isMarkdown: boolean): string =>
    diff === undefined
      ? costReport(document, { isMarkdown, top })
      : differenceReport(differenceOf(document, diff), document, { isMarkdown, top });
  if (json !== undefined) await writeTo(json, `${JSON.stringify(document, null, 1)}\n`);
  if (markdown !== undefined) await writeTo(markdown, text(true));
  if (csv !== undefined) await writeTo(csv, csvText(costCsv(document)));
  if (callgrind !== undefined) await writeTo(callgrind, callgrindText(document));
  if (![json, markdown, csv, callgrind].some(isStdout)) process.stdout.write(terminalText(text(false)));
}

/** @throws LabError for an arm that was not run, or was refused */
function differenceOf(document: CostDocument, [a, b]: readonly [string, string]) {
  return costDifference(cellOf(document, a), cellOf(document, b));
}

function cellOf({ cells }: CostDocument, word: string): CostCell {
  const [scheme, buffers] = word.split('/');
  const found = cells.find((cell) => cell.scheme === scheme && (buffers === undefined || cell.buffers === buffers));
  const names = [...new Set(cells.map((cell) => `${cell.scheme}/${cell.buffers}`))].join(', ');
  if (found === undefined) throw new LabError(`--diff: there is no arm '${word}'. There are: ${names}.`);
  if (found.refused !== undefined)
    throw new LabError(`--diff: ${word} is refused with ${found.refused.errno}: ${found.refused.reason}`);
  return found;
}
