// For tests: the 24 sample job files, which lie beside the checkout and may be absent.
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../shared/data/fio/', import.meta.url));

/** Why tests that need the samples cannot run, or undefined when they can. */
export const SAMPLES_ABSENT: string | undefined = existsSync(FOLDER)
  ? undefined
  : `the sample job files are not beside the checkout (${FOLDER})`;

/** Names of the job files there. */
export function sampleNames(): string[] {
  return SAMPLES_ABSENT ? [] : readdirSync(FOLDER).filter((name) => name.endsWith('.fio'));
}

export function samplePath(name: string): string {
  return FOLDER + name;
}
