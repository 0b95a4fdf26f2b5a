// The gate for people: a table for the terminal, the same in Markdown for a step summary.
import { styleText } from 'node:util';
import { escapeMarkdown, plainStrings } from '../base/escape.ts';
import { formatNs } from '../base/units.ts';
import { type Column, markdownTable, type Table, textTable } from '../report/tables/table.ts';
import type { GateRun } from './document.ts';
import type { GateVerdict, Outcome } from './outcome.ts';

const COLOURS: Readonly<Record<GateVerdict, 'green' | 'red' | 'yellow'>> = {
  pass: 'green',
  fail: 'red',
  inconclusive: 'yellow',
};

export function gateText(recorded: GateRun, { colour }: { colour: boolean }): string {
  const run = plainStrings(recorded);
  const paint = (verdict: GateVerdict): string =>
    colour ? styleText(COLOURS[verdict], verdict, { validateStream: false }) : verdict;
  const told = run.outcomes.filter(({ verdict }) => verdict !== 'pass');
  return [
    ...textTable(tableOf(run, paint)),
    '',
    ...told.flatMap((outcome) => [`${paint(outcome.verdict)}: ${sentenceOf(outcome)}`]),
    ...run.left.map(({ rule, why }) => `left out: ${rule.name}: ${why}`),
    ...(told.length + run.left.length > 0 ? [''] : []),
    `gate ${run.source}: ${paint(run.verdict)} (${countsOf(run)}, ${formatNs(run.durationMs * 1e6)})`,
    '',
  ].join('\n');
}

export function gateMarkdown(run: GateRun): string {
  const { cpu, cores, kernel, node, warnings } = run.environment;
  const told = run.outcomes.filter(({ verdict }) => verdict !== 'pass');
  return [
    `### p2plab gate: ${run.verdict}`,
    '',
    escapeMarkdown(`${run.source}: ${countsOf(run)}. ${cpu}, ${cores} cores, Linux ${kernel}, Node ${node}.`),
    '',
    ...markdownTable(tableOf(run, (verdict) => verdict)),
    '',
    ...told.map((outcome) => `- **${outcome.verdict}** ${escapeMarkdown(sentenceOf(outcome))}`),
    ...run.left.map(({ rule, why }) => `- left out: ${escapeMarkdown(`${rule.name}: ${why}`)}`),
    ...warnings.map((warning) => `- warning: ${escapeMarkdown(warning)}`),
    '',
  ].join('\n');
}

/** The rule, and what about it. */
export function sentenceOf({ rule, why }: Outcome): string {
  return `${rule.name}: ${why}`;
}

function tableOf(run: GateRun, paint: (verdict: GateVerdict) => string): Table {
  const left = (title: string): Column => ({ title, align: 'left' });
  return {
    columns: ['rule', 'kind', 'measured', 'must be', 'interval', 'verdict'].map(left),
    rows: run.outcomes.map((outcome) => ({
      cells: [
        outcome.rule.name,
        outcome.rule.kind,
        outcome.measured,
        shortened(outcome.bound),
        intervalWords(outcome),
        paint(outcome.verdict),
      ],
    })),
  };
}

const LONGEST_BOUND = 48;

/** The table says what is asked; the sentence of a rule that fails has it all. */
function shortened(bound: string): string {
  return bound.length <= LONGEST_BOUND ? bound : `${bound.slice(0, LONGEST_BOUND - 4)} ...`;
}

function intervalWords({ interval, level }: Outcome): string {
  if (interval === null) return '';
  const ends = interval.map((end) => end.toPrecision(3)).join(', ');
  return `[${ends}]${level === 0.9 ? ' 90 %' : ''}`;
}

function countsOf(run: GateRun): string {
  const count = (verdict: GateVerdict): number => run.outcomes.filter((each) => each.verdict === verdict).length;
  const words = [`${run.outcomes.length} rule${run.outcomes.length === 1 ? '' : 's'}`];
  for (const [verdict, word] of [
    ['fail', 'failed'],
    ['inconclusive', 'inconclusive'],
  ] as const) {
    if (count(verdict) > 0) words.push(`${count(verdict)} ${word}`);
  }
  return words.join(', ');
}
