// The variants of schemes that keep their rules: all but the deliberate faults.
import { listSchemes } from '../../src/lab/machine/modules.ts';

/** Names of every scheme and variant without a quirk: words of --scheme. */
export function soundVariants(): string[] {
  return listSchemes().flatMap(({ variants }) =>
    variants.filter(({ options }) => (options.quirk ?? 'none') === 'none').map(({ name }) => name),
  );
}
