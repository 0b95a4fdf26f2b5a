// Claims one after the other: experiments that several share run once, exact ones give the same on every machine.
import { LabError } from '../base/errors.ts';
import { folderParts } from '../base/folder_parts.ts';
import { version } from '../base/version.ts';
import { type Measurement, withProgress } from '../lab/measure/measurement.ts';
import type { Claim } from './claim.ts';
import { CLAIMS_SCHEMA, type ClaimRecord, type ClaimsDocument } from './document.ts';
import { MAILS } from './mails.ts';

export interface NumberedClaim {
  /** The first part of its file's name. */
  number: number;
  claim: Claim;
}

/** All claims, in the order of their numbers. */
export async function loadClaims(): Promise<NumberedClaim[]> {
  const parts = await folderParts<{ tested: Claim }>(new URL('./list/', import.meta.url));
  return parts.map(([name, { tested }]) => ({ number: Number.parseInt(name, 10), claim: tested }));
}

/** @throws LabError for a number that there is not */
export function chooseClaims(all: readonly NumberedClaim[], only: readonly number[] | undefined): NumberedClaim[] {
  const missing = only?.find((number) => !all.some((each) => each.number === number));
  if (missing !== undefined) throw new LabError(`--only: there is no claim ${missing}; there are 1 to ${all.length}.`);
  return all.filter(({ number }) => only?.includes(number) ?? true);
}

/** @throws LabError where an experiment cannot run, or is interrupted (exit 130) */
export async function runClaims(chosen: readonly NumberedClaim[], measurement: Measurement): Promise<ClaimsDocument> {
  const experiments = chosen.flatMap(({ claim }) => Object.values(claim.experiments));
  const byCommand = new Map(experiments.map((each) => [each.command, each]));
  const results = new Map<string, unknown>();
  for (const [command, experiment] of byCommand) {
    const done = results.size;
    const one = withProgress(measurement, (share) =>
      measurement.events.progress((done + share) / byCommand.size, `experiment ${done + 1} of ${byCommand.size}`),
    );
    results.set(command, await experiment.run(one));
  }
  return { schema: CLAIMS_SCHEMA, version: version(), claims: chosen.map((each) => recordOf(each, results)) };
}

function recordOf({ number, claim }: NumberedClaim, results: ReadonlyMap<string, unknown>): ClaimRecord {
  const { experiments, judge, by, ...about } = claim;
  const own = Object.entries(experiments).map(([name, { command }]) => [name, results.get(command)]);
  const { figures, ...finding } = judge(Object.fromEntries(own));
  return {
    number,
    claim: about.claim,
    by: by.map((mail) => ({ ...MAILS[mail] })),
    ...finding,
    figures: [...figures],
    rule: about.rule,
    history: about.history,
    ...(about.missing === undefined ? {} : { missing: about.missing }),
    repeat: [...new Set(Object.values(experiments).map(({ command }) => command))],
  };
}
