// A claim of the mails as an experiment: who said it, what is tried, the rule by which the result is a verdict, and what became of it
// in Linux. One file each in list/.
import type { Experiment, ResultOf } from './experiments/experiment.ts';
import type { MailName } from './mails.ts';

/**
 * `not measured here`: only time can tell, and this run's does not; or a part of the lab is missing, which is said.
 * `cannot be told here`: no experiment of this lab could tell.
 */
export const CLAIM_VERDICTS = ['confirmed', 'refuted', 'partly', 'not measured here', 'cannot be told here'] as const;
export type ClaimVerdict = (typeof CLAIM_VERDICTS)[number];

/** A figure that decides. */
export interface Figure {
  /** What it is of, for example "page lines per I/O, page/user, 4 KiB". */
  what: string;
  value: number;
  /** Behind the number; empty where it is a number of what `what` says. */
  unit: string;
  /** `size`: of a structure of the machine; `stated`: by the source that the claim or its history names. */
  how: 'counted' | 'modelled' | 'measured' | 'size' | 'stated';
  /** Of a measured one, at 95 %. Without: exact, or of a model. */
  interval?: readonly [number, number];
}

export interface Finding {
  verdict: ClaimVerdict;
  /** One sentence: what in the figures makes the verdict. */
  because: string;
  /** The two or three that decide. */
  figures: readonly Figure[];
  /** Where time decides: the smallest relative difference that the run could have found (0.02 is 2 %). */
  detectable?: number | null;
}

export type Experiments = Readonly<Record<string, Experiment<unknown>>>;
export type Results<E extends Experiments> = { readonly [Name in keyof E]: ResultOf<E[Name]> };

export interface Claim<E extends Experiments = Experiments> {
  /** The claim in our words, as a sentence. */
  claim: string;
  by: readonly MailName[];
  experiments: E;
  /** When it is confirmed, when refuted, when partly. */
  rule: string;
  /** What became of it: release, commit or series. */
  history: string;
  /** What the lab would need to tell more, where there is such a thing. */
  missing?: string;
  judge(results: Results<E>): Finding;
}

/** Types of a claim's results follow from its experiments. */
export function claim<E extends Experiments>(definition: Claim<E>): Claim<E> {
  return definition;
}

/** A figure that was counted: the same on every machine. */
export function exact(what: string, value: number, unit = ''): Figure {
  return { what, value, unit, how: 'counted' };
}

/** A size of a structure of the machine. */
export function sized(what: string, bytes: number, unit: string): Figure {
  return { what, value: bytes, unit, how: 'size' };
}

/** A figure that a source says: the claim's, or one that its history names. */
export function stated(what: string, value: number, unit: string): Figure {
  return { what, value, unit, how: 'stated' };
}

/** A figure of a model of a processor or of a kernel's memory. */
export function modelled(what: string, value: number, unit: string): Figure {
  return { what, value, unit, how: 'modelled' };
}
