// Sources of the project and the imports between them, for the rules of the house and the diagram of ARCHITECTURE.md.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Paths of TypeScript files below a folder, relative to the root. */
export function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
}

export const text = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

/** Folder of a file below src/: `lab/machine` of src/lab/machine/arena.ts. */
export const folderOf = (file: string): string => dirname(file).replace(/^src\/?/, '');

/** One file that imports another. */
export interface Import {
  file: string;
  target: string;
  /** Folders below src/. */
  from: string;
  to: string;
}

/** Imports between different folders of src/, tests left out. */
export function importsBetween(): Import[] {
  return sources('src')
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      [...text(file).matchAll(/from ["'](\.[^"']+)["']|import\(["'](\.[^"']+)["']\)/g)].map((match) => {
        const target = relative(ROOT, resolve(ROOT, dirname(file), (match[1] ?? match[2]) as string));
        return { file, target, from: folderOf(file), to: folderOf(target) };
      }),
    )
    .filter(({ target, from, to }) => target.startsWith('src/') && from !== to);
}
