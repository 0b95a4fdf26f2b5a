// Runs the checks. They are the files of checks/; nothing lists them.
import { assert } from '../base/errors.ts';
import { folderParts } from '../base/folder_parts.ts';
import { type Check, type CheckedFinding, type Severity, warningLine } from './check.ts';
import { type Host, thisHost } from './host.ts';

interface NamedCheck extends Check {
  readonly name: string;
}

const CHECKS = await loadChecks();

/** Worst first: what a reader must not miss. */
const ORDER: readonly Severity[] = ['warning', 'note', 'unknown', 'ok'];

/**
 * Every check, those that watch over the interval.
 * @param wait resolves after that many milliseconds; the checks watch meanwhile
 * @returns warnings first, then notes, unknowns, and what is in order; by name within each
 */
export async function examine(
  host: Host,
  intervalMs: number,
  wait: (ms: number) => Promise<void>,
): Promise<CheckedFinding[]> {
  // Looking costs CPU time itself, so it ends before the watching begins.
  const looked = lookAll(host);
  const finish = watchAll(host);
  await wait(intervalMs);
  return [...looked, ...finish()].sort(
    (a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || a.check.localeCompare(b.check),
  );
}

/** What is wrong with this machine right now, for a result's `environment.warnings`. Takes a few milliseconds. */
export function environmentWarnings(host: Host = thisHost()): string[] {
  return warningsOf(lookAll(host));
}

/** Begins to watch, for as long as a run takes; the function it returns gives the warnings of that time. */
export function watchEnvironment(host: Host = thisHost()): () => string[] {
  const finish = watchAll(host);
  return () => warningsOf(finish());
}

function lookAll(host: Host): CheckedFinding[] {
  return CHECKS.flatMap(({ name, title, look }) => (look === undefined ? [] : [{ check: name, title, ...look(host) }]));
}

function watchAll(host: Host): () => CheckedFinding[] {
  const watching = CHECKS.flatMap(({ name, title, watch }) =>
    watch === undefined ? [] : [{ check: name, title, finish: watch(host) }],
  );
  return () => watching.map(({ finish, ...about }) => ({ ...about, ...finish() }));
}

function warningsOf(findings: readonly CheckedFinding[]): string[] {
  return findings.filter(({ severity }) => severity === 'warning').map(warningLine);
}

async function loadChecks(): Promise<NamedCheck[]> {
  const parts = await folderParts<{ check?: Check }>(new URL('./checks/', import.meta.url));
  return parts.map(([name, { check }]) => {
    assert(check !== undefined, `checks/${name}.ts exports a check`);
    return { ...check, name };
  });
}
