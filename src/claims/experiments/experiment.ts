// What a claim tries: something of the lab that runs, with the command by which a reader repeats it.
import type { Measurement } from '../../lab/measure/measurement.ts';

export interface Experiment<Result> {
  /** As a reader repeats it; two experiments of one command are one. */
  command: string;
  /** @throws LabError where it cannot run; interrupted runs end with exit code 130 */
  run(measurement: Measurement): Promise<Result>;
}

export type ResultOf<E> = E extends Experiment<infer Result> ? Result : never;
