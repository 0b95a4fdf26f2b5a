// What there is to compile: one host module for each variant of each scheme in the schemes folder, timed and counting, with every file of
// the flows folder, and one module for each other file of targets/. The folders are the only registry.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf } from './code_of.ts';
import { chosenFlows, type MachineFlow, readFlows } from './flow_table.ts';
import { readSchemeHeader, type SchemeHeader, variantConstants } from './scheme_header.ts';

/** Folder of the machine's sources below a root. */
export const MACHINE_SOURCES = 'src/machine';
const TARGETS = `${MACHINE_SOURCES}/targets`;
/** The simulator of memories (src/cost), which has a memory of its own. */
export const SIMULATOR = { name: 'cost', entry: 'src/cost/core/simulator.ts' } as const;
const HOST_ENTRY = `${TARGETS}/host.ts`;
/** The files that say which scheme a host module is compiled with, and which flows it runs. */
const CHOSEN_SCHEME = `${MACHINE_SOURCES}/chosen_scheme.ts`;
const CHOSEN_FLOWS = `${MACHINE_SOURCES}/chosen_flows.ts`;

/** One module to compile. */
export interface Target {
  /** Name of the module: `host.page@6.17.counting`, `device`. */
  name: string;
  /** Entry file, relative to the root. */
  entry: string;
  /** Texts that replace files or exist nowhere else, by path relative to the root. */
  overlay: Readonly<Record<string, string>>;
  /** The build with exact counters and assertions. */
  counting: boolean;
  /** Compile-time constants (asc's --use). */
  constants: Readonly<Record<string, number>>;
}

/** The schemes there are, by name. @param root holds src/machine */
export function readSchemes(root: string): SchemeHeader[] {
  const folder = join(root, MACHINE_SOURCES, 'schemes');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => readSchemeHeader(basename(file, '.ts'), readFileSync(join(folder, file), 'utf8')));
}

/** The flows there are. @param root holds src/machine */
export function flowsOf(root: string): MachineFlow[] {
  return readFlows(join(root, MACHINE_SOURCES, 'flows'));
}

/**
 * Every module of the machine.
 * @param slots variants that a machine has room for (SCHEME_SLOTS)
 * @throws Error where there are more
 */
export function planTargets(root: string, schemes: readonly SchemeHeader[], slots: number): Target[] {
  const variants = schemes.flatMap((scheme) => scheme.variants.map((variant) => ({ scheme, variant })));
  if (variants.length > slots) throw new Error(`${variants.length} scheme variants, but SCHEME_SLOTS is ${slots}`);
  const flows = flowsOf(root);
  const hosts = variants.flatMap(({ scheme, variant }, slot) =>
    [false, true].map((counting): Target => {
      const name = `host.${variant.name}`;
      return {
        name: counting ? `${name}.counting` : name,
        entry: HOST_ENTRY,
        overlay: {
          [CHOSEN_SCHEME]: `export { Scheme } from "./schemes/${scheme.name}";\n`,
          [CHOSEN_FLOWS]: chosenFlows(flows.filter((flow) => counting || !flow.counting)),
        },
        counting,
        constants: { SCHEME_SLOT: slot, ...variantConstants(scheme, variant) },
      };
    }),
  );
  return [...hosts, ...fixedTargets(root)];
}

/** The modules that know no scheme. */
function fixedTargets(root: string): Target[] {
  return readdirSync(join(root, TARGETS))
    .map((file): { name: string; entry: string } => ({ name: basename(file, '.ts'), entry: `${TARGETS}/${file}` }))
    .concat(SIMULATOR)
    .filter(({ entry }) => entry !== HOST_ENTRY)
    .map((each) => ({ ...each, overlay: {}, counting: false, constants: {} }));
}

/** Texts of the files that targets are made of, each read once. */
export class SourceTexts {
  readonly #root: string;
  readonly #texts = new Map<string, string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** @param path relative to the root */
  text(path: string, { overlay }: Pick<Target, 'overlay'>): string {
    const replaced = overlay[path];
    if (replaced !== undefined) return replaced;
    let text = this.#texts.get(path);
    if (text === undefined) {
      text = readFileSync(join(this.#root, path), 'utf8');
      this.#texts.set(path, text);
    }
    return text;
  }
}

/** Digest of everything that a module's code depends on, comments left out: 20 hexadecimal digits. @param compiler its version and flags */
export function moduleKey(target: Target, sources: SourceTexts, compiler: string): string {
  return keyOf(target, sources, compiler, codeOf);
}

/** The same of all text: where its lines are matters. */
export function textKey(target: Target, sources: SourceTexts, compiler: string): string {
  return keyOf(target, sources, compiler, (text) => text);
}

function keyOf(target: Target, sources: SourceTexts, compiler: string, reading: (text: string) => string): string {
  const sum = createHash('sha256')
    .update(compiler)
    .update(JSON.stringify([target.counting, target.constants]));
  const seen = new Set<string>();
  const waiting = [target.entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const text = sources.text(path, target);
    const read = reading(text);
    sum.update(`\n${path} ${read.length}\n`).update(read);
    for (const [, imported] of codeOf(text).matchAll(/\bfrom "(\.{1,2}\/[^"]+)"/g)) {
      waiting.push(`${join(dirname(path), imported as string)}.ts`);
    }
  }
  return sum.digest('hex').slice(0, 20);
}
