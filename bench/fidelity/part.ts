// What each part of the fidelity report measures: the same work in the lab and in C, in the same rounds.
import type { Effort, Twin } from '../support.ts';

/** One figure in both. Series have one value for each round; `lab[i]` and `native[i]` were measured in turn. */
export interface Figure {
  name: string;
  unit: string;
  lab: readonly number[];
  native: readonly number[];
  /** What lab / native must reach, in words and as a test of its median. */
  goal?: { words: string; reached(ratio: number): boolean };
  /** A bound from outside that the lab's own figure must reach. */
  bound?: { words: string; reached(lab: number): boolean };
}

/** One file of this folder. */
export interface Part {
  title: string;
  measure(effort: Effort, twin: Twin): Promise<Figure[]>;
}

/** The element-wise difference of two series. */
export function differences(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - (b[i] as number));
}
