// How many rounds a figure rests on, of how many: what is said beside it wherever it is shown.
import type { Cell, KeptRounds, RawSample } from '../../result/schema.ts';

export type RoundsKept = Pick<KeptRounds, 'rounds' | 'measured' | 'planned' | 'disturbed'>;

/** Of a schedule; undefined where the cell has no round of it. Results of older versions say it by their rounds. */
export function keptOf(cell: Cell, mode: RawSample['mode']): RoundsKept | undefined {
  const kept = cell.kept?.[mode];
  if (kept !== undefined) return kept;
  const all = cell.rounds.filter((sample) => sample.mode === mode);
  if (all.length === 0) return undefined;
  const disturbed = all.filter(({ dirty }) => dirty === true).length;
  const planned = typeof cell.params.rounds === 'number' ? cell.params.rounds : all.length;
  return {
    rounds: disturbed === all.length ? all.length : all.length - disturbed,
    measured: all.length,
    planned: Math.max(planned, all.length),
    disturbed,
  };
}

/** Whether the figure rests on fewer rounds than were planned, or on disturbed ones. */
export function isShortened({ rounds, planned, disturbed }: RoundsKept): boolean {
  return rounds < planned || disturbed > 0;
}

/** Nothing was left but disturbed rounds, so that the figure is of those. */
export function isAllDisturbed({ measured, disturbed }: RoundsKept): boolean {
  return disturbed > 0 && disturbed >= measured;
}

/** "8 of 20", "20 of 20, all disturbed"; with a noun "20 of 20 rounds, all disturbed". */
export function keptWords(kept: RoundsKept, noun?: 'rounds'): string {
  const number = `${kept.rounds} of ${kept.planned}${noun === undefined ? '' : ` ${noun}`}`;
  return `${number}${isAllDisturbed(kept) ? ', all disturbed' : ''}`;
}
