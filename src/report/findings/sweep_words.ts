// What a merged sweep says of its plan: axes, how many points there are, and what became of those without figures.
import type { Result, SweepInfo } from '../../result/schema.ts';

/** States of points that have no figures. */
export const UNMEASURED = ['failed', 'impossible', 'missing'] as const;

/** "bs: 4k, 64k", one line for each axis. */
export function axisLines({ sweep }: Result): string[] {
  return (sweep?.axes ?? []).map(({ key, values }) => `${key}: ${values.map(words).join(', ')}`);
}

/** "24 points: 22 measured, 1 failed, 1 missing" */
export function stateWords({ sweep }: Result): string {
  const points = sweep?.cells ?? [];
  const states = [...Map.groupBy(points, ({ state }) => state)].map(([state, of]) => `${of.length} ${state}`);
  return `${points.length} points: ${states.join(', ')}`;
}

/** The options that tell points apart, the axes first. */
export function leadingKeys({ sweep, environments }: Result): string[] {
  const keys = [
    ...(sweep?.axes ?? []).map(({ param }) => param),
    ...['job', 'payload', 'bar'],
    ...((sweep?.repeat ?? 1) > 1 ? ['repeat'] : []),
    ...(environments === undefined ? [] : ['machine']),
  ];
  return [...new Set(keys)].filter((key) => key !== 'buffers');
}

/** A line for each point in a state: its hash, its place on the axes, the reason. */
export function pointsInState({ sweep }: Result, state: string): string[] {
  const points = (sweep?.cells ?? []).filter((point) => point.state === state);
  return points.map(({ hash, values, reason }) => {
    const place = Object.entries(values).map(([key, value]) => `${key} ${words(value)}`);
    return `${hash} (${place.join(', ')})${reason === undefined ? '' : `: ${reason}`}`;
  });
}

function words(value: SweepInfo['cells'][number]['values'][string]): string {
  if (value === null) return 'default';
  return Array.isArray(value) ? value.join(',') : String(value);
}
