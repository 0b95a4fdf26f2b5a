// p2plab gate [gates.yaml]: measure what the rules need, judge them, say so to people and to machines, exit accordingly.

import { appendFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { EXIT, LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { startInterruptible } from '../base/interrupt.ts';
import { type Progress, startProgress } from '../base/progress.ts';
import { watchEnvironment } from '../doctor/examine.ts';
import { type GateRun, gateDocument } from '../gate/document.ts';
import type { Gates, Rule } from '../gate/gates_file.ts';
import { annotations } from '../gate/github.ts';
import { junitXml } from '../gate/junit.ts';
import { exitCodeOf, overall } from '../gate/outcome.ts';
import { planAgainst } from '../gate/run/against.ts';
import { writeBaselines } from '../gate/run/baselines.ts';
import { checkOut, findCommit } from '../gate/run/checkout.ts';
import { baselineBound, planCosts } from '../gate/run/cost.ts';
import { costsBeside } from '../gate/run/cost_beside.ts';
import { loadGates } from '../gate/run/find_file.ts';
import { openHistories } from '../gate/run/history.ts';
import { type Judged, measureAndJudge } from '../gate/run/measure.ts';
import { planWorkloads } from '../gate/run/workloads.ts';
import { gateMarkdown, gateText } from '../gate/view.ts';
import { describeEnvironment, warningsBefore } from '../lab/host/environment.ts';
import { runInfo, startNow } from '../lab/run.ts';
import { hasColour } from './colour.ts';
import type { GateOptions } from './commands/gate.ts';
import { checkTargets, doEach, isStdout, writeTo } from './documents.ts';

export async function gateCommand(path: string | undefined, options: GateOptions): Promise<void> {
  const started = startNow();
  const gates = await loadGates(path);
  const { asked, left } = chooseRules(gates.rules, options, gates.source);
  const plan = await planGate(gates, asked, options);
  const { against } = options;
  const other = against === undefined ? undefined : { ref: against, commit: findCommit(against) };
  await checkTargets({ '--json': options.json, '--junit': options.junit });
  const queuePairs = Math.max(
    1,
    ...plan.planned.map(({ params }) => params.jobs.reduce((sum, job) => sum + job.numjobs, 0)),
  );
  const before = warningsBefore(queuePairs);
  const watched = watchEnvironment();
  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() =>
    progress.note('interrupted: ending the slice; nothing is judged or recorded (again to quit at once)'),
  );
  const work = { signal: interruption.signal, progress };
  const judged = await (options.updateBaselines === true ? update(plan, work) : judge(plan, work)).finally(() => {
    progress.end();
    interruption.end();
  });
  if (options.record === true) await plan.histories.record(judged.figures, { at: started.at.toISOString() });
  const verdict = overall(judged.outcomes, options.inconclusive ?? gates.onInconclusive);
  const run: GateRun = {
    ...runInfo({ seed: 0 }, started, process.argv.slice(2)),
    source: gates.source,
    environment: describeEnvironment([...new Set([...judged.warnings, ...before, ...watched()])]),
    ...(other === undefined ? {} : { against: other }),
    verdict,
    exitCode: exitCodeOf(verdict),
    outcomes: judged.outcomes,
    left,
  };
  process.exitCode = run.exitCode;
  await report(run, options);
}

type GatePlan = Awaited<ReturnType<typeof planGate>>;

interface Work {
  signal: AbortSignal;
  progress: Progress;
}

/** Everything that the rules need, read and checked before anything is measured. @throws LabError */
async function planGate({ source, budgetMs }: Gates, asked: readonly Rule[], options: GateOptions) {
  const planned = await planWorkloads(asked, source);
  const isOf =
    <Kind extends Rule['kind']>(kind: Kind) =>
    (rule: Rule): rule is Extract<Rule, { kind: Kind }> =>
      rule.kind === kind;
  const plans = await planAgainst(asked.filter(isOf('against')), source);
  const costRules = asked.filter(isOf('cost'));
  const costs = await planCosts(costRules, source);
  const { against } = options;
  const isBounded = against === undefined && options.updateBaselines !== true;
  const bounds = new Map(isBounded ? costRules.map((rule) => [rule, baselineBound(rule, source)]) : []);
  const here = describeEnvironment([]);
  const histories = await openHistories(asked, { source, here, begins: options.record === true });
  return { source, budgetMs: options.budget ?? budgetMs, asked, planned, plans, costs, bounds, histories, against };
}

function judge(plan: GatePlan, { signal, progress }: Work): Promise<Judged> {
  const { asked, budgetMs, histories, planned, plans, costs, bounds, against } = plan;
  return measureAndJudge(planned, {
    order: asked,
    budgetMs,
    histories,
    costs: { plans: costs, bounds, beside: costsBeside },
    against: {
      plans,
      checkOut:
        against === undefined
          ? undefined
          : () => checkOut(against, signal, (what) => progress.note(`${against}: ${what}`)),
    },
    measurement: { signal, events: { progress: progress.update }, policy: { cores: availableParallelism() } },
  });
}

/** @throws LabError when it is interrupted: no baseline is written then */
async function update({ costs, source }: GatePlan, { signal, progress }: Work): Promise<Judged> {
  const written = await writeBaselines(costs, source, { signal, progress: progress.update });
  if (signal.aborted) throw new LabError('interrupted: no baseline is written.', EXIT.interrupted);
  return { outcomes: [...written.values()], figures: new Map(), warnings: [] };
}

/** The rules that are asked, and those that are not with the reason. @throws LabError when none is */
function chooseRules(
  rules: readonly Rule[],
  options: GateOptions,
  source: string,
): { asked: Rule[]; left: { rule: Rule; why: string }[] } {
  const { only } = options;
  const unknown = only?.find((word) => !rules.some(({ name, kind }) => name === word || kind === word));
  if (unknown !== undefined) {
    const names = rules.map(({ name }) => name).join(', ');
    throw new LabError(`--only: ${source} has no rule of kind or name '${unknown}'. Its rules: ${names}.`);
  }
  const chosen = rules.filter(({ name, kind }) => only === undefined || only.includes(name) || only.includes(kind));
  const isAsked = (rule: Rule): boolean =>
    options.updateBaselines === true
      ? rule.kind === 'cost' && rule.baseline !== undefined
      : options.against !== undefined || !needsCommit(rule);
  const asked = chosen.filter(isAsked);
  if (options.updateBaselines === true) {
    if (options.against !== undefined)
      throw new LabError('--update-baselines writes what this checkout is, --against compares it: give one of them.');
    if (asked.length === 0)
      throw new LabError(`--update-baselines: ${source} has no rule of kind cost with a baseline.`);
    return { asked, left: [] };
  }
  if (asked.length === 0)
    throw new LabError(`${source}: no rule is left to check (they compare with another commit: --against REF).`);
  if (options.against !== undefined && !asked.some(({ kind }) => kind === 'against' || kind === 'cost')) {
    throw new LabError(`--against: ${source} has no rule of kind against or cost that would be checked.`);
  }
  const left = chosen
    .filter((rule) => !isAsked(rule))
    .map((rule) => ({ rule, why: 'compares with another commit: --against REF' }));
  return { asked, left };
}

/** Whether a rule says nothing without another commit. */
function needsCommit(rule: Rule): boolean {
  return rule.kind === 'against' || (rule.kind === 'cost' && rule.baseline === undefined);
}

async function report(run: GateRun, options: GateOptions): Promise<void> {
  const document = `${JSON.stringify(gateDocument(run), null, 1)}\n`;
  const { json, junit } = options;
  await doEach([
    async () => json !== undefined && !isStdout(json) && writeTo(json, document),
    async () => junit !== undefined && writeTo(junit, junitXml(run)),
    () => {
      process.stdout.write(isStdout(json) ? document : gateText(run, { colour: hasColour(process.stdout) }));
    },
  ]);
  if (options.github ?? process.env.GITHUB_ACTIONS === 'true') {
    // On stderr, which GitHub reads as well: stdout may be a document.
    for (const line of annotations(run)) process.stderr.write(`${line}\n`);
  }
  const summary = process.env.GITHUB_STEP_SUMMARY ?? '';
  if (summary !== '') {
    await appendFile(summary, `${gateMarkdown(run)}\n`).catch((error: Error) =>
      process.stderr.write(terminalText(`p2plab: no step summary: cannot write ${summary} (${error.message})\n`)),
    );
  }
}
