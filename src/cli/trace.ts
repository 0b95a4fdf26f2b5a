// p2plab trace: one I/O of each scheme, step by step: what it touches, in order, and by which addresses its buffer goes.
import { LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { prepareArm } from '../cost/cost_arm.ts';
import { linesOf } from '../cost/cost_cells.ts';
import { perfettoText, type Trace, traceArm } from '../cost/trace.ts';
import { resolveRun } from '../options/resolve_run.ts';
import { FLOOR_SCHEME, planGroups } from '../plan/run_plan.ts';
import type { TraceCommandOptions } from './commands/trace.ts';
import { checkTargets, isStdout, writeTo } from './documents.ts';
import { sideBySide, traceText } from './trace_view.ts';

export async function traceCommand(jobFile: string | undefined, options: TraceCommandOptions): Promise<void> {
  const { params, warnings } = await resolveRun(jobFile, options);
  const { json, perfetto } = options;
  await checkTargets({ '--json': json, '--perfetto': perfetto });
  for (const warning of warnings) process.stderr.write(terminalText(`p2plab: ${warning}\n`));
  // One machine to look at: the first of the run's.
  const [plan] = planGroups({ ...params, barSweep: [] });
  const arms = (plan?.arms ?? []).filter(({ scheme }) => scheme !== FLOOR_SCHEME || params.schemes.includes(scheme));
  if (plan === undefined || arms.length === 0)
    throw new LabError('trace: there is no scheme to show; name one with --scheme.');
  const traces: Trace[] = [];
  for (const arm of arms) {
    const cost = prepareArm(plan, params, arm);
    traces.push(traceArm(cost, options.ios, await linesOf([cost.host, ...cost.devices.values()])));
  }
  if (json !== undefined) await writeTo(json, `${jsonText(traces)}\n`);
  if (perfetto !== undefined) await writeTo(perfetto, perfettoText(traces));
  if (![json, perfetto].some(isStdout)) process.stdout.write(terminalText(tablesOf(traces)));
}

/** Addresses as the hexadecimal that people read. */
function jsonText(traces: readonly Trace[]): string {
  const document = { schema: 'p2plab.trace/1', traces };
  return JSON.stringify(document, (_, value) => (typeof value === 'bigint' ? `0x${value.toString(16)}` : value), 1);
}

/** Two schemes that both carry the I/O stand side by side; others one below the other. */
function tablesOf(traces: readonly Trace[]): string {
  const [a, b] = traces;
  const isPair = traces.length === 2 && traces.every(({ refused }) => refused === undefined);
  return isPair ? sideBySide(a as Trace, b as Trace) : traces.map(traceText).join('\n');
}
