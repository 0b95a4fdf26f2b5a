// Adding a scheme is one file: the one that the schemes' README shows is put beside the others in a copy of the machine,
// built by the build's own functions, and held to what every scheme must do.
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { KIB } from '../../src/base/units.ts';
import { compileTarget } from '../../src/compile/compile.ts';
import { planTargets, readSchemes } from '../../src/compile/targets.ts';
import { hostModuleFrom, listSchemes } from '../../src/lab/machine/modules.ts';
import type { Buffers } from '../../src/plan/machine_spec.ts';
import { scratchFolder } from '../support/scratch.ts';
import { type SmallMachine, type SmallSpec, smallMachine, type TestIo } from '../support/small_machine.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const README = join(ROOT, 'src/machine/schemes/README.md');
const SLOTS = 64;

let folder: string;
let wasm: Uint8Array<ArrayBuffer>;
let plannedNames: string[];

beforeAll(async () => {
  folder = scratchFolder('scheme');
  cpSync(join(ROOT, 'src/machine'), join(folder, 'src/machine'), { recursive: true });
  const [, code] = /^```ts\n([\s\S]*?)^```$/m.exec(readFileSync(README, 'utf8')) ?? [];
  writeFileSync(join(folder, 'src/machine/schemes/token.ts'), code ?? '');
  const targets = planTargets(folder, readSchemes(folder), SLOTS);
  plannedNames = targets.map(({ name }) => name);
  const target = targets.find(({ name }) => name === 'host.token.counting');
  if (target === undefined) throw new Error('the build plans no module for the new file');
  wasm = new Uint8Array(await compileTarget(folder, target));
}, 60_000);

function machineWithToken(spec: SmallSpec): SmallMachine {
  const small = smallMachine(spec);
  small.adopt('token', hostModuleFrom(wasm, small.memory));
  return small;
}

const ios = (inRam: boolean): TestIo[] =>
  Array.from({ length: 32 }, (_, i) => ({
    op: i % 3 ? 'read' : 'write',
    lba: i * 512,
    bytes: [512, 4 * KIB, 128 * KIB, 12 * KIB][i % 4] as number,
    buffer: i * 128 * KIB,
    inRam,
  }));

describe('a new file in the schemes folder', () => {
  it('is all that a scheme needs: the build lists it with its header and plans its modules', () => {
    const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name).sort();
    const there = readSchemes(folder);
    expect(names(there)).toEqual(names([...listSchemes(), { name: 'token' }]));
    expect(there.find(({ name }) => name === 'token')).toMatchObject({
      title: 'token',
      carries: ['pool', 'fixed'],
      refusals: [{ errno: 'EFAULT', buffers: ['user'] }, { errno: 'EINVAL' }, { errno: 'ENOMEM' }],
      variants: [{ name: 'token', options: {} }],
    });
    expect(plannedNames).toEqual(expect.arrayContaining(['host.token', 'host.token.counting']));
    expect(readdirSync(join(ROOT, 'src/machine/schemes'))).not.toContain('token.ts');
  });

  it('lands P2P and host RAM data where they should, in any interleaving, and gives everything back', () => {
    for (const buffers of ['pool', 'fixed'] as const) {
      for (const inRam of [false, true]) {
        for (const seed of [undefined, 1, 2]) {
          const small = machineWithToken({ payload: 'verify', iodepth: 16, batch: 4 });
          small.stream(ios(inRam));
          expect(small.run('token', buffers, 256, seed)).toMatchObject({ errors: 0, verifyErrors: 0, unclaimed: 0 });
          expect(small.leftovers()).toEqual([]);
        }
      }
    }
  });

  it('touches no struct page for P2P memory', () => {
    const small = machineWithToken({});
    small.stream(ios(false));
    expect(small.run('token', 'fixed', 64)).toMatchObject({ errors: 0 });
    expect(small.counters()).toMatchObject({ ios: 64, pageLines: 0, pageAtomics: 0, mapCalls: 0 });
  });

  it('refuses what its header says', () => {
    const refused = (spec: SmallSpec, buffers: Buffers): string | undefined => {
      const small = machineWithToken({ iodepth: 4, batch: 4, ...spec });
      small.stream(ios(false));
      const result = small.run('token', buffers, 8);
      expect(small.leftovers()).toEqual([]);
      return result.refused;
    };
    expect(refused({}, 'user')).toBe('EFAULT');
    expect(refused({ p2pQueue: false }, 'fixed')).toBe('EINVAL');
  });
});
