// The expectations of all schemes: the files of test/schemes, which nothing lists.
import { folderParts } from '../../src/base/folder_parts.ts';
import type { RemovalExpectation, SchemeExpectation, Source, VariantExpectation } from './expectation.ts';

const parts = await folderParts<{ expected?: SchemeExpectation }>(new URL('../schemes/', import.meta.url));

/** Every variant's expectation, by its name. */
export const EXPECTED: Readonly<Record<string, VariantExpectation>> = Object.assign(
  {},
  ...parts.map(([name, { expected }]) => {
    if (expected === undefined) throw new Error(`test/schemes/${name}.ts exports no 'expected'`);
    return expected;
  }),
);

/** @throws Error where no file of test/schemes has it */
export function expectedOf(scheme: string): VariantExpectation {
  const found = EXPECTED[scheme];
  if (found !== undefined) return found;
  throw new Error(`no expectation of ${scheme}: test/schemes/${scheme.replace(/@.*$/, '')}.ts has none`);
}

/** Every scheme and buffer source whose removal is expected to be like this. */
export function armsRemoved(test: (removal: RemovalExpectation) => boolean): [string, Source, RemovalExpectation][] {
  return Object.entries(EXPECTED).flatMap(([scheme, { removal }]) =>
    (Object.entries(removal) as [Source, RemovalExpectation][]).flatMap(
      ([buffers, each]): [string, Source, RemovalExpectation][] => (test(each) ? [[scheme, buffers, each]] : []),
    ),
  );
}
