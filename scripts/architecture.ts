// The diagram in ARCHITECTURE.md, from the imports between the folders of src/: `npm run architecture` writes it, a test compares it.
// An arrow means "imports"; arrows that follow from others are left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { importsBetween } from './imports.ts';

const FILE = fileURLToPath(new URL('../ARCHITECTURE.md', import.meta.url));
const BEGIN = '<!-- diagram: npm run architecture -->';
const END = '<!-- /diagram -->';

/** The document with today's diagram. @throws Error where it has no place for one */
export function withDiagram(document: string): string {
  const [head, rest] = document.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (head === undefined || tail === undefined) throw new Error(`ARCHITECTURE.md has no ${BEGIN} ... ${END}`);
  return `${head}${BEGIN}\n${diagram()}\n${END}${tail}`;
}

function diagram(): string {
  const edges = new Map<string, Set<string>>();
  for (const { from, to } of importsBetween()) {
    const [a, b] = [from.split('/')[0] as string, to.split('/')[0] as string];
    if (a !== b) edges.set(a, (edges.get(a) ?? new Set()).add(b));
  }
  const lines = [...edges].flatMap(([from, targets]) =>
    [...targets].filter((to) => !isReachedOtherwise(edges, from, to)).map((to) => `  ${from} --> ${to}`),
  );
  return ['```mermaid', 'flowchart TD', ...lines.sort(), '```'].join('\n');
}

function isReachedOtherwise(edges: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const waiting = [...(edges.get(from) ?? [])].filter((next) => next !== to);
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    waiting.push(...(edges.get(at) ?? []));
  }
  return false;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(FILE, withDiagram(readFileSync(FILE, 'utf8')));
}
