// What there is to compile, when it is compiled anew, and what the lab is told of it.
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HostModule } from '../../build/exports.ts';
import { COUNTING_FLOWS } from '../../build/flows.ts';
import { hostModule, readManifest } from '../lab/machine/modules.ts';
import { codeOf } from './code_of.ts';
import { exportTypes, interfaceOf } from './export_types.ts';
import { moduleKey, planTargets, readSchemes, SourceTexts, type Target } from './targets.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const SLOTS = 64;
const schemes = readSchemes(ROOT);
const targets = planTargets(ROOT, schemes, SLOTS);
const sources = new SourceTexts(ROOT);

/** Names of the modules that are compiled anew when a file reads otherwise. */
function changedBy(
  file: string,
  edited = (text: string): string => `${text}\nexport const EDITED: u32 = 1;`,
): string[] {
  const changed = (target: Target): boolean => {
    const overlay = { ...target.overlay, [file]: edited(sources.text(file, target)) };
    return moduleKey({ ...target, overlay }, sources, '') !== moduleKey(target, sources, '');
  };
  return targets.filter(changed).map(({ name }) => name);
}

describe('the digest of a module', () => {
  it('is that of the files it is made of', () => {
    expect(changedBy('src/machine/schemes/vma.ts')).toEqual(['host.vma', 'host.vma.counting']);
    expect(changedBy('src/machine/agents/rnic.ts')).toEqual(['rnic']);
    expect(changedBy('src/machine/nvme/prp.ts')).toEqual(
      targets.map(({ name }) => name).filter((name) => /^(host\.(?!ring)|stages)/.test(name)),
    );
  });

  it('is that of their code: comments may be worded otherwise', () => {
    const reworded = (text: string): string => text.replace(/(\/\/|\/\*\*).*?(?=( \*\/)?$)/gm, '$1 something else');
    expect(changedBy('src/machine/nvme/prp.ts', reworded)).toEqual([]);
    expect(codeOf('a = "//x" /* y */ + 1; // z\n/**\n * b\n */\nc')).toBe('a = "//x"         + 1;\n\n\n\nc');
    expect(codeOf("`/*a*/` + '//' // x")).toBe("`/*a*/` + '//'");
  });

  it('differs between variants, builds and compilers', () => {
    const keys = targets.map((target) => moduleKey(target, sources, 'a'));
    expect(new Set(keys).size).toBe(targets.length);
    expect(targets.map((target) => moduleKey(target, sources, 'b')).filter((key) => keys.includes(key))).toEqual([]);
  });

  it('is what the manifest names, for every module', () => {
    expect(Object.keys(readManifest().modules)).toEqual(targets.map(({ name }) => name));
  });
});

describe('the plan', () => {
  it('refuses more variants than a machine has room for', () => {
    expect(() => planTargets(ROOT, schemes, 3)).toThrow('SCHEME_SLOTS is 3');
  });
});

describe('types of exports', () => {
  it('name each function of the entry file with its comment, and 64-bit integers as bigint', () => {
    const source =
      '/** Owner. */\nexport function owner(at: usize, phys: u64): bool {\n}\nexport function done(): void {\n}\n';
    expect(interfaceOf('lookups', source).split('\n')).toEqual([
      '/** targets/lookups.ts */',
      'export interface LookupsModule {',
      '  /** Owner. */',
      '  owner(at: number, phys: bigint): number;',
      '  done(): void;',
      '}',
    ]);
  });

  it('refuse what cannot pass the boundary, with its place', () => {
    expect(() => interfaceOf('host', 'export function at(page: Page): void {\n}')).toThrow(
      "targets/host.ts: parameter 'page: Page'",
    );
    expect(() => interfaceOf('host', 'export function at(): Page {\n}')).toThrow('targets/host.ts: at');
  });

  it('are those that a compiled module has', () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
    const module: HostModule = hostModule('page', memory, true);
    const countingRuns = COUNTING_FLOWS.map((flow) => `run${flow.charAt(0).toUpperCase()}${flow.slice(1)}`);
    const names = [...exportTypes(ROOT).matchAll(/interface HostModule \{([\s\S]*?)\n\}/g)].flatMap(([, body]) =>
      [...(body as string).matchAll(/^ {2}(\w+)\(/gm)].map(([, name]) => name),
    );
    expect(
      Object.keys(module)
        .filter((name) => name !== 'memory' && !countingRuns.includes(name))
        .sort(),
    ).toEqual(names.sort());
  });
});
