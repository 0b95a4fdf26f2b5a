// The history files of a gate: opened and checked before the first measurement, written after the last.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from '../../base/errors.ts';
import { checkWritable, writeAtomically } from '../../base/files.ts';
import { type Fingerprint, fingerprintId, fingerprintOf } from '../fingerprint.ts';
import type { HistoryRule, Rule } from '../gates_file.ts';
import { type History, parseHistory, withRecords } from '../history_file.ts';
import { type HistoryFigure, recordOf } from '../history_rule.ts';

export interface Histories {
  of(rule: HistoryRule): History;
  /** Appends one record for each figure. */
  record(figures: ReadonlyMap<HistoryRule, HistoryFigure>, about: { at: string }): Promise<void>;
}

export interface HistoryOptions {
  /** The gates file: histories are beside it. */
  source: string;
  here: Fingerprint;
  /** Whether a file that is not there is begun. */
  begins: boolean;
}

/** @throws LabError for a file that is missing, corrupt, or of another machine */
export async function openHistories(rules: readonly Rule[], options: HistoryOptions): Promise<Histories> {
  const here = fingerprintOf(options.here);
  const ofHistory = rules.filter((rule) => rule.kind === 'history');
  const pathOf = (rule: HistoryRule): string =>
    join(dirname(options.source), rule.file.replaceAll('{machine}', fingerprintId(here)));
  const open = new Map<string, History>();
  for (const rule of ofHistory) {
    const path = pathOf(rule);
    if (!open.has(path)) open.set(path, parseHistory(read(path, rule, options), path, here));
    if (options.begins) await checkWritable(dirname(path));
  }
  const of = (rule: HistoryRule): History => open.get(pathOf(rule)) as History;
  return {
    of,
    record: async (figures, { at }) => {
      const commit = currentCommit();
      for (const [path, rulesOfFile] of Map.groupBy(ofHistory, pathOf)) {
        const records = rulesOfFile.flatMap((rule) => {
          const figure = figures.get(rule);
          return figure === undefined ? [] : [recordOf(rule, figure, { at, commit, machine: here })];
        });
        if (records.length > 0) await writeAtomically(path, withRecords(open.get(path) as History, records));
      }
    },
  };
}

function read(path: string, rule: HistoryRule, { source, begins }: HistoryOptions): string {
  if (!existsSync(path)) {
    if (begins) return '';
    throw new LabError(
      `${source}:${rule.line}: ${rule.name}: no history ${path}. Begin it on this machine with: p2plab gate --record`,
    );
  }
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new LabError(`${path}: cannot read (${(error as Error).message}); ${source}:${rule.line} names it.`);
  }
}

/** The checkout's commit, or undefined outside of one. */
function currentCommit(): string | undefined {
  try {
    return execFileSync('git', ['rev-parse', 'HEAD'], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'ignore'],
      encoding: 'utf8',
    }).trim();
  } catch {
    return undefined;
  }
}
