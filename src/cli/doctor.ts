// `p2plab doctor`: what about this machine disturbs a measurement, what it does to a result, and how to change it.

import { setTimeout as wait } from 'node:timers/promises';
import { LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import type { CheckedFinding, Severity } from '../doctor/check.ts';
import { examine } from '../doctor/examine.ts';
import { type Host, thisHost } from '../doctor/host.ts';
import { type Row, textTable } from '../report/tables/table.ts';
import type { Style } from '../topology/view/style.ts';
import { styleOf } from './colour.ts';
import type { DoctorOptions } from './commands/doctor.ts';
import { checkTargets, writeTo } from './documents.ts';

/** Ticks of /proc are 10 ms long: less than this measures their rounding. */
const MIN_INTERVAL_MS = 200;
const MAX_INTERVAL_MS = 600_000;
const MAX_QUEUE_PAIRS = 1024;
const DEFAULT_WIDTH = 100;

export async function doctorCommand(options: DoctorOptions): Promise<void> {
  const intervalMs = wholeNumber(options.intervalMs, '--interval-ms', MIN_INTERVAL_MS, MAX_INTERVAL_MS);
  const host = thisHost(wholeNumber(options.queues, '--queues', 1, MAX_QUEUE_PAIRS));
  await checkTargets({ '--json': options.json });
  const findings = await examine(host, intervalMs, async (ms) => wait(ms));
  if (options.json === undefined) {
    const width = Math.max(60, process.stdout.columns ?? DEFAULT_WIDTH);
    process.stdout.write(terminalText(doctorText(host, findings, styleOf(process.stdout), width)));
    return;
  }
  const text = `${JSON.stringify(doctorDocument(host, intervalMs, findings), undefined, 2)}\n`;
  await writeTo(options.json, text);
}

function doctorDocument(host: Host, intervalMs: number, findings: readonly CheckedFinding[]): object {
  const { cpuModel, availableCpus, platform, kernel, node, queuePairs } = host;
  return {
    schema: 'p2plab.doctor/1',
    machine: { cpu: cpuModel, cores: availableCpus, platform, kernel, node: node.version, v8: node.v8 },
    intervalMs,
    queuePairs,
    findings,
  };
}

/** A table of everything, then what to do about warnings and notes. */
function doctorText(host: Host, findings: readonly CheckedFinding[], style: Style, width: number): string {
  const paint: Record<Severity, (text: string) => string> = {
    warning: style.bad,
    note: style.unsure,
    unknown: style.dim,
    ok: style.good,
  };
  const rows = findings.map(
    ({ severity, title, found }): Row => ({ cells: [paint[severity](severity), title], note: found }),
  );
  const columns = [
    { title: '', align: 'left' },
    { title: 'check', align: 'left' },
    { title: 'found', align: 'left' },
  ] as const;
  const advice = findings.filter(({ severity }) => severity === 'warning' || severity === 'note');
  return [
    `${host.cpuModel}, ${host.availableCpus} cores, ${host.platform} ${host.kernel}, Node ${host.node.version}`,
    '',
    ...textTable({ columns, rows }),
    '',
    ...advice.flatMap(({ severity, title, effect, change }) => [
      `${paint[severity](severity)}: ${style.strong(title)}`,
      ...(effect === undefined ? [] : wrapped('effect: ', effect, width)),
      ...(change === undefined ? [] : wrapped('change: ', change, width)),
    ]),
    ...(advice.length === 0 ? [] : ['']),
    summary(findings),
    '',
  ].join('\n');
}

function summary(findings: readonly CheckedFinding[]): string {
  const count = (severity: Severity): number => findings.filter((finding) => finding.severity === severity).length;
  const [warnings, notes] = [count('warning'), count('note')];
  return (
    `${warnings} ${warnings === 1 ? 'warning' : 'warnings'}, ${notes} ${notes === 1 ? 'note' : 'notes'}, ` +
    `${count('unknown')} not visible from here. Warnings are repeated in every result.`
  );
}

/** Text behind a label, broken at spaces, later lines under the first. */
function wrapped(label: string, text: string, width: number): string[] {
  const indent = '  ';
  const lines: string[] = [];
  let line = `${indent}${label}`;
  let isFresh = true;
  for (const word of text.split(' ')) {
    if (!isFresh && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `${indent}${' '.repeat(label.length)}${word}`;
    } else {
      line += isFresh ? word : ` ${word}`;
    }
    isFresh = false;
  }
  return [...lines, line];
}

function wholeNumber(text: string, option: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new LabError(`${option}: '${text}' is not a whole number from ${min} to ${max}.`);
}
