// For tests only: real dumps that live beside the checkout and are never copied into it.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = new URL('../../../shared/data/topology/', import.meta.url);

/** A sample's text. */
export function sample(name: string): string {
  return readFileSync(samplePath(name), 'utf8');
}

export function samplePath(name: string): string {
  return fileURLToPath(new URL(name, FOLDER));
}

/** One `=== NAME` section of a sample of a booted kernel. */
export function sampleSection(name: string, section: string): string {
  const text = sample(name);
  const start = text.indexOf(`=== ${section}\n`) + section.length + 5;
  const end = text.indexOf('\n=== ', start);
  return text.slice(start, end < 0 ? undefined : end + 1);
}
