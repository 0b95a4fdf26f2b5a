// The plan of a sweep as sweep.json has it.
import { createHash } from 'node:crypto';
import { type PlannedPoint, SWEEP_SCHEMA, type SweepDocument } from './folder.ts';
import { canonical } from './identity.ts';
import { paramOf } from './label.ts';
import type { KeyReader } from './options.ts';
import type { SweepSpec } from './spec.ts';

/** The same for every shard and machine that has the same spec and the same code. */
export function sweepDocument(
  spec: SweepSpec,
  points: readonly PlannedPoint[],
  keyOf: KeyReader,
  version: string,
): SweepDocument {
  const hashes = points.map(({ hash }) => hash);
  return {
    schema: SWEEP_SCHEMA,
    version,
    id: createHash('sha256').update(canonical(hashes)).digest('hex').slice(0, 16),
    axes: spec.axes.map(({ key, values }) => ({ key, param: paramOf(keyOf(key, spec.source)), values: [...values] })),
    repeat: spec.repeat,
    cells: points.map(({ hash, values, repeat, impossible }) => ({
      hash,
      values: { ...values },
      repeat,
      ...(impossible === undefined ? {} : { impossible }),
    })),
  };
}
