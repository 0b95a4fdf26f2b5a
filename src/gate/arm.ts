// How a rule names what it is about: SCHEME/BUFFERS, the words of a result's cells; the reference's copy ends in an apostrophe.
import { LabError } from '../base/errors.ts';
import { BUFFER_SOURCES } from '../catalogue/options/compared.ts';
import { roleOf } from '../report/select/groups.ts';
import type { Cell, Result, Role } from '../result/schema.ts';

/** `ram`: the copy flow's bounce through host RAM, an arm that the run adds by itself. */
export const BUFFERS = [...BUFFER_SOURCES, 'ram'] as const;
export type Buffers = (typeof BUFFERS)[number];

export interface ArmName {
  /** A scheme, or one variant of it (page@5.2). */
  scheme: string;
  buffers: Buffers;
  /** The copy A' of the reference. */
  isCopy: boolean;
}

const ARM = new RegExp(`^([a-z0-9_]+(?:@[a-z0-9.+-]+)?)/(${BUFFERS.join('|')})('?)$`);

export function parseArm(text: string): ArmName | undefined {
  const match = ARM.exec(text);
  if (match === null) return undefined;
  return { scheme: match[1] as string, buffers: match[2] as Buffers, isCopy: match[3] === "'" };
}

/** Buffer sources to ask a run for, so that it has these arms. */
export function askedBuffers(arms: readonly ArmName[]): Exclude<Buffers, 'ram'>[] {
  const asked = [...new Set(arms.map(({ buffers }) => buffers))].filter((buffers) => buffers !== 'ram');
  return asked.length > 0 ? asked : ['fixed'];
}

export function armWords({ scheme, buffers, isCopy }: ArmName): string {
  return `${scheme}/${buffers}${isCopy ? "'" : ''}`;
}

/** Whether a cell, or what will be one, is the arm of that name. */
export function isArm(
  arm: ArmName,
  { scheme, buffers, role }: { scheme: string; buffers: unknown; role: Role },
): boolean {
  return scheme === arm.scheme && buffers === arm.buffers && (role === 'aa') === arm.isCopy;
}

/** @throws LabError when the result does not have it: the run asked for something else */
export function cellOf(result: Result, arm: ArmName): Cell {
  const found = result.cells.find((cell) =>
    isArm(arm, { scheme: cell.scheme, buffers: cell.params.buffers, role: roleOf(cell) }),
  );
  if (found !== undefined) return found;
  const there = result.cells.map(({ id }) => id.slice(id.indexOf('/') + 1));
  throw new LabError(`no cell ${armWords(arm)} was measured; there are: ${there.join(', ')}.`);
}

/** The file that a scheme is: where a changed count comes from. */
export function schemeFile(scheme: string): string {
  return `src/machine/schemes/${scheme.replace(/@.*$/, '')}.ts`;
}
