// A folder that is its own registry: each file is one part, and nothing lists them.
import { readdirSync } from 'node:fs';

/** What each file of the folder exports, by the file's name without its ending, in the order of names. Tests beside it are none. */
export async function folderParts<Exports>(folder: URL): Promise<[name: string, exports: Exports][]> {
  const files = readdirSync(folder).filter((file) => /^[a-z0-9_]+\.[jt]s$/.test(file));
  return Promise.all(
    files
      .sort()
      .map(
        async (file): Promise<[string, Exports]> => [
          file.replace(/\.[jt]s$/, ''),
          (await import(new URL(file, folder).href)) as Exports,
        ],
      ),
  );
}
