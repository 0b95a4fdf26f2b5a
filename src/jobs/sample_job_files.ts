// For tests: the 24 sample job files, which lie beside the checkout and may be absent.
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../../../shared/data/fio/', import.meta.url));

/** Names of the job files there. */
export function sampleNames(): string[] {
  return readdirSync(FOLDER).filter((name) => name.endsWith('.fio'));
}

export function samplePath(name: string): string {
  return FOLDER + name;
}
