// What one option of a run is: its flag and help, how a word is read, what is taken where it is not given, and what a run, a sweep, a
// result and a report make of it. Plain data and functions: the command line is made of it (options/commander.ts), and so are the keys of
// sweeps and gates, the fields of RunParams, the params of results and the phrases of headings.
import type { ParameterWords } from './words.ts';

/** A word that an option does not take; the message says what was expected. */
export class UnfitWord extends Error {}

export interface OptionDefinition<Value = unknown> extends ParameterWords {
  /** As commander writes it: `--name <what>`; without `<...>` a switch. */
  readonly flag: string;
  readonly help: string;
  /** @throws UnfitWord */
  parse(text: string, previous?: Value): Value;
  /** Taken where the option is not given; without one the option may be undefined. */
  readonly fallback?: unknown;
  /** How help shows it. */
  readonly fallbackWords?: string;
  /** Each word on the command line adds one. */
  readonly adds?: true;
  /** All of its words are compared inside one cell: a list of them is never an axis. */
  readonly isCompared?: true;
  /** Chooses among the variants of schemes (`@variant`). */
  readonly ofSchemes?: true;
  /** Field of RunParams that has the value as it is, or as `resolve` makes it. */
  readonly field?: string;
  /** @throws LabError that begins with `flag` */
  resolve?(value: Value, flag: string): unknown;
  /** Whether the params of every group state it: its field, or what plan/group_params.ts says. */
  readonly stated?: 'as field' | 'by the group';
}

/** Options by the names under which commander, results and headings have them: `p2pShare` for --p2p-share. */
export type Options = Readonly<Record<string, OptionDefinition>>;

type Parsed<D> = D extends { parse(text: string, previous?: never): infer Value } ? Value : never;
type GivenNames<C> = { [N in keyof C]: C[N] extends { readonly fallback: unknown } ? N : never }[keyof C];

/** The options as commander hands them over. */
export type OptionValues<C> = { [N in GivenNames<C>]: Parsed<C[N]> } & {
  [N in Exclude<keyof C, GivenNames<C>>]?: Parsed<C[N]>;
};

type FieldOf<D> = D extends { readonly field: infer Field extends string } ? Field : never;
type Resolved<D> = D extends { resolve(value: never, flag: string): infer Value } ? Value : Parsed<D>;

/** What a run takes of the options that have a field. */
export type OptionFields<C> = { [N in GivenNames<C> as FieldOf<C[N]>]: Resolved<C[N]> } & {
  [N in Exclude<keyof C, GivenNames<C>> as FieldOf<C[N]>]?: Resolved<C[N]>;
};

/** Names of the options that results state in this way. */
export type StatedNames<C, How extends OptionDefinition['stated']> = {
  [N in keyof C]: C[N] extends { readonly stated: How } ? N : never;
}[keyof C] &
  string;

/** `p2p-share` of `--p2p-share <percent>`. */
export function longName({ flag }: Pick<OptionDefinition, 'flag'>): string {
  return /^--([a-z0-9-]+)/.exec(flag)?.[1] ?? flag;
}
