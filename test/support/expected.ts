// The expectations of all schemes: the files of test/schemes, which nothing lists.
import { readdirSync } from 'node:fs';
import type { RemovalExpectation, SchemeExpectation, Source, VariantExpectation } from './expectation.ts';

const FOLDER = new URL('../schemes/', import.meta.url);

/** Every variant's expectation, by its name. */
export const EXPECTED: Readonly<Record<string, VariantExpectation>> = Object.assign(
  {},
  ...(await Promise.all(
    readdirSync(FOLDER)
      .filter((file) => /^[a-z0-9_]+\.ts$/.test(file))
      .sort()
      .map(async (file) => {
        const { expected } = (await import(new URL(file, FOLDER).href)) as { expected?: SchemeExpectation };
        if (expected === undefined) throw new Error(`test/schemes/${file} exports no 'expected'`);
        return expected;
      }),
  )),
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
