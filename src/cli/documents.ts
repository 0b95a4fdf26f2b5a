// Documents that options name (--json, --junit, --output): a file, or stdout. Whether a file can be written is asked before anything runs.
import { terminalText } from '../base/escape.ts';
import { checkWritableFile, writeNamed } from '../base/files.ts';

/** A file, `-` or a bare option for stdout, undefined for none. */
export type Target = string | true | undefined;

export function isStdout(target: Target): boolean {
  return target === true || target === '-';
}

/** @throws LabError for a file that cannot be written */
export async function checkTargets(targets: Readonly<Record<`--${string}`, Target>>): Promise<void> {
  for (const [option, target] of Object.entries(targets))
    if (typeof target === 'string' && target !== '-') await checkWritableFile(target, option);
}

/** Writes a document where it was asked for. */
export async function writeTo(target: Exclude<Target, undefined>, text: string): Promise<void> {
  if (typeof target !== 'string' || target === '-') process.stdout.write(text);
  else await writeNamed(target, text);
}

/**
 * Does every part, whatever becomes of the others, so that a full disk in one place loses nothing that fits another.
 * @throws the first failure; later ones are said on stderr
 */
export async function doEach(parts: readonly (() => unknown)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const part of parts) {
    try {
      await part();
    } catch (error) {
      failures.push(error);
    }
  }
  for (const error of failures.slice(1)) process.stderr.write(terminalText(`p2plab: ${(error as Error).message}\n`));
  if (failures.length > 0) throw failures[0];
}
