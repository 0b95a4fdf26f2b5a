// What a reader must know before believing the figures of some groups: lost data, too many threads, levels, rates and latencies that
// were not kept; and checked data.
import { formatCount } from '../../base/units.ts';
import type { Cell } from '../../result/schema.ts';
import { armName, type Group, roleOf } from '../select/groups.ts';
import { estimateOf, metricsOf } from '../select/metrics.ts';
import { formatEstimate } from '../words/format.ts';
import { isShortened, keptOf, keptWords } from '../words/kept_rounds.ts';
import { describeKeys, varyingKeys } from '../words/params.ts';

/** A cell, and what it is called among all cells of the groups. */
interface Named {
  cell: Cell;
  name: string;
}

export function groupNotes(groups: readonly Group[]): string[] {
  const named = namesOf(groups);
  const cells = named.map(({ cell }) => cell);
  const checked = cells.flatMap(({ verified }) => verified ?? []);
  const broken = named.filter(({ cell: { verified } }) => verified !== null && verified.errors > 0);
  const ios = checked.reduce((sum, { ios: ofCell }) => sum + ofCell, 0);
  const crowded = cells.some(({ oversubscribed }) => oversubscribed);
  return [
    ...(crowded ? ['oversubscribed: more runnable threads than cores, IOPS and latency are the scheduler’s'] : []),
    ...named.flatMap(levelNotes),
    ...roundsNotes(cells),
    ...named.flatMap(rateNotes),
    ...depthNotes(named),
    ...broken.map(({ cell, name }) => `DATA ERRORS: ${name}: ${cell.verified?.errors} I/Os carried wrong data`),
    ...(ios > 0 && broken.length === 0 ? [`verified: the data of ${formatCount(ios)} I/Os was right`] : []),
  ];
}

/** "page/user", the copy "page/user (A')"; with what its group differs in from the others, where there are any. */
function namesOf(groups: readonly Group[]): Named[] {
  const keys = varyingKeys(groups.map(({ params }) => params));
  return groups.flatMap(({ params, cells }) => {
    const where = describeKeys(params, keys).join(', ');
    return cells.map((cell) => {
      const arm = `${armName(cell)}${roleOf(cell) === 'aa' ? " (A')" : ''}`;
      return { cell, name: where === '' ? arm : `${where}: ${arm}` };
    });
  });
}

/** "IOPS rests on 8 of 20 rounds: 10 were not run, because a slice took longer than asked or the run ended; 2 were disturbed". */
function roundsNotes(cells: readonly Cell[]): string[] {
  return metricsOf(cells).flatMap((metric) => {
    const kept = cells.flatMap((cell) => keptOf(cell, metric.mode) ?? []).filter(isShortened);
    const worst = kept.toSorted((a, b) => a.rounds - b.rounds)[0];
    if (worst === undefined) return [];
    const notRun = worst.planned - worst.measured;
    const why = [
      ...(notRun > 0 ? [`${notRun} were not run, because a slice took longer than asked or the run ended early`] : []),
      ...(worst.disturbed > 0 ? [`${worst.disturbed} were disturbed by other work on the machine`] : []),
    ];
    return [`${metric.title} rests on ${keptWords(worst, 'rounds')}: ${why.join('; ')}`];
  });
}

/** An open loop whose rate was not kept: what waits in front of the queue grows, and with it every latency. */
function rateNotes({ cell, name }: Named): string[] {
  const offered = cell.latencyNs?.offered;
  if (offered === undefined || offered.kept) return [];
  const [achieved, due] = [offered.achievedIops, offered.iops].map((iops) =>
    formatEstimate({ median: iops, ci95: null }),
  );
  return [
    `${name} did ${achieved} of the ${due} I/Os per second that were due: its latencies grow for as long as it is measured`,
  ];
}

/** The depths at which the arms keep a latency target, and those that keep it at none. */
function depthNotes(named: readonly Named[]): string[] {
  const searched = named.flatMap(({ cell, name }) => (cell.latencyTarget ? [{ name, ...cell.latencyTarget }] : []));
  const kept = searched.filter(({ met }) => met).map(({ name, depth }) => `${name} ${depth}`);
  const missed = searched.filter(({ met }) => !met).map(({ name }) => name);
  return [
    ...(kept.length > 0
      ? [`latency_target is kept up to a depth of: ${kept.join(', ')}; each is measured at its own`]
      : []),
    ...(missed.length > 0 ? [`latency_target is missed at any depth, measured at 1: ${missed.join(', ')}`] : []),
  ];
}

/** "page/user ran at 2 levels of IOPS: 30.1 M (processes 1, 3), 9.9 M (process 2)": each by itself, never their mean. */
function levelNotes({ cell, name }: Named): string[] {
  return metricsOf([cell]).flatMap((metric) => {
    const levels = estimateOf(cell, metric)?.levels ?? [];
    if (levels.length === 0) return [];
    const each = levels.map(({ processes, median }) => {
      const names = processes.map((process) => process + 1).join(', ');
      return `${formatEstimate({ median, ci95: null })} (process${processes.length > 1 ? 'es' : ''} ${names})`;
    });
    return [
      `${name} ran at ${levels.length} levels of ${metric.title}: ${each.join(', ')}; the table has the most frequent`,
    ];
  });
}
