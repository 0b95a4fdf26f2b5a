// p2plab gate [gates.yaml]: measure what the rules need, judge them, say so to people and to machines, exit accordingly.

import { appendFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { startInterruptible } from '../base/interrupt.ts';
import { startProgress } from '../base/progress.ts';
import { watchEnvironment } from '../doctor/examine.ts';
import { type GateRun, gateDocument } from '../gate/document.ts';
import type { Rule } from '../gate/gates_file.ts';
import { annotations } from '../gate/github.ts';
import { junitXml } from '../gate/junit.ts';
import { exitCodeOf, overall } from '../gate/outcome.ts';
import { planAgainst } from '../gate/run/against.ts';
import { checkOut, findCommit } from '../gate/run/checkout.ts';
import { planCosts } from '../gate/run/cost.ts';
import { loadGates } from '../gate/run/find_file.ts';
import { openHistories } from '../gate/run/history.ts';
import { measureAndJudge } from '../gate/run/measure.ts';
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
  const planned = await planWorkloads(asked, gates.source);
  const plans = await planAgainst(
    asked.filter((rule) => rule.kind === 'against'),
    gates.source,
  );
  const costs = await planCosts(
    asked.filter((rule) => rule.kind === 'cost'),
    gates.source,
  );
  const { against } = options;
  const other = against === undefined ? undefined : { ref: against, commit: findCommit(against) };
  const here = describeEnvironment([]);
  const histories = await openHistories(asked, { source: gates.source, here, begins: options.record === true });
  await checkTargets({ '--json': options.json, '--junit': options.junit });
  const queuePairs = Math.max(
    1,
    ...planned.map(({ params }) => params.jobs.reduce((sum, job) => sum + job.numjobs, 0)),
  );
  const before = warningsBefore(queuePairs);
  const watched = watchEnvironment();
  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() =>
    progress.note('interrupted: ending the slice; nothing is judged or recorded (again to quit at once)'),
  );
  const { signal } = interruption;
  const judged = await measureAndJudge(planned, {
    order: asked,
    budgetMs: options.budget ?? gates.budgetMs,
    histories,
    costs,
    against: {
      plans,
      checkOut: () => checkOut(against as string, signal, (what) => progress.note(`${against}: ${what}`)),
    },
    measurement: { signal, events: { progress: progress.update }, policy: { cores: availableParallelism() } },
  }).finally(() => {
    progress.end();
    interruption.end();
  });
  if (options.record === true) await histories.record(judged.figures, { at: started.at.toISOString() });
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
  const isAsked = ({ kind }: Rule): boolean => kind !== 'against' || options.against !== undefined;
  const asked = chosen.filter(isAsked);
  if (asked.length === 0)
    throw new LabError(`${source}: no rule is left to check (those of kind against need --against REF).`);
  if (options.against !== undefined && !asked.some(({ kind }) => kind === 'against')) {
    throw new LabError(`--against: ${source} has no rule of kind against that would be checked.`);
  }
  const left = chosen
    .filter((rule) => !isAsked(rule))
    .map((rule) => ({ rule, why: 'compares with another commit: --against REF' }));
  return { asked, left };
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
