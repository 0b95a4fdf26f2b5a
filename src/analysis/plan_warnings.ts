// What a reader of a result must know about how its plan went: arms that were not steady, rounds that were disturbed, processes
// at different levels.

import type { Mode } from '../plan/run_plan.ts';
import { levelsOf } from '../stats/levels.ts';
import { median } from '../stats/location.ts';
import type { GroupRecord } from './group_record.ts';
import { isAllDisturbed, metricOf, valuesByProcess, warmupClasses } from './samples.ts';

const MODES: readonly Mode[] = ['threads', 'inline'];
/** With more than this share of its rounds set aside a run says so first. */
const MANY_DIRTY = 0.5;

/** One line for each kind of trouble and schedule. */
export function planWarnings(groups: readonly GroupRecord[]): string[] {
  return MODES.flatMap((mode) => [
    ...dirtyWarning(groups, mode),
    ...levelWarning(groups, mode),
    ...unsteadyWarning(groups, mode),
    ...unsettledWarning(groups, mode),
  ]);
}

function dirtyWarning(groups: readonly GroupRecord[], mode: Mode): string[] {
  const rounds = groups.flatMap((group) => group.rounds.filter((round) => round.mode === mode));
  const dirty = rounds.filter((round) => round.dirty === true);
  if (dirty.length === 0) return [];
  const facts = `${dirty.length} of ${rounds.length} rounds were disturbed and set aside (${mode}; for example ${dirty[0]?.dirtyReason})`;
  const many = dirty.length > MANY_DIRTY * rounds.length;
  return [
    many
      ? `${facts}: verdicts rest on the few that are left, or are withheld; use a quieter machine or a quieter hour`
      : facts,
  ];
}

function levelWarning(groups: readonly GroupRecord[], mode: Mode): string[] {
  const metric = metricOf(mode === 'threads' ? 'nsPerIo' : 'cpuNsPerIo');
  const split = groups.flatMap(({ arms }) =>
    arms.flatMap((record) => {
      const medians = [...valuesByProcess(record, metric).values()].map((values) => median(values));
      return Math.max(0, ...levelsOf(medians)) > 0 && !isAllDisturbed(record, mode) ? [record.arm.id] : [];
    }),
  );
  if (split.length === 0) return [];
  return [
    `processes ran at levels more than 1.5 times apart (${mode}: ${split.join(', ')}): each level is shown by itself and none is averaged with another`,
  ];
}

function unsteadyWarning(groups: readonly GroupRecord[], mode: Mode): string[] {
  const never = groups.flatMap(({ arms }) =>
    arms.flatMap((record) =>
      [...warmupClasses(record, mode)].flatMap(([process, name]) =>
        name === 'no steady state' ? [`${record.arm.id} in process ${process + 1}`] : [],
      ),
    ),
  );
  if (never.length === 0) return [];
  return [`no steady state (${mode}: ${never.join(', ')}): left out of verdicts`];
}

function unsettledWarning(groups: readonly GroupRecord[], mode: Mode): string[] {
  const arms = groups.flatMap((group) => group.arms.filter(({ unsteady }) => unsteady.includes(mode)));
  if (arms.length === 0) return [];
  return [
    `${arms.length} arms were not steady when their rounds began (${mode}: ${named(arms.map(({ arm }) => arm.id))}): their intervals tell how much`,
  ];
}

/** A warning names so many; the result has the rest. */
const NAMED = 4;

function named(ids: readonly string[]): string {
  const more = ids.length - NAMED;
  return more > 0 ? `${ids.slice(0, NAMED).join(', ')} and ${more} more` : ids.join(', ');
}
