// The planted slow-down still fits the scheme it is planted into, and changes nothing but time.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { compileTarget } from '../../src/compile/compile.ts';
import { planTargets, readSchemes } from '../../src/compile/targets.ts';
import { hostModuleFrom } from '../../src/lab/machine/modules.ts';
import { scratchFolder } from '../../test/support/scratch.ts';
import { smallMachine } from '../../test/support/small_machine.ts';
import { DELAYED, turnsFor, UNDELAYED, withLoop } from './planted.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const source = readFileSync(join(ROOT, 'src/machine/schemes/dma_vec.ts'), 'utf8');

it('is the same code with and without it: only a number differs', () => {
  const [without, slowed] = [withLoop(source, UNDELAYED, 0), withLoop(source, DELAYED, 70)];
  const lines = slowed.split('\n').filter((line, i) => line !== without.split('\n')[i]);
  expect(lines.map((line) => line.trim())).toEqual([`// @title ${DELAYED}`, 'this.plantedTurns = 70;']);
  expect(() => withLoop('class Other {}', UNDELAYED, 0)).toThrow('does not fit');
});

it('takes more turns the slower it is to be', () => {
  const [less, more] = [turnsFor(0.5), turnsFor(5)];
  expect(less).toBeGreaterThan(1);
  expect(more).toBeGreaterThan(3 * less);
});

it('compiles, and does what dma_vec does', async () => {
  const folder = scratchFolder('planted');
  try {
    cpSync(join(ROOT, 'src/machine'), join(folder, 'src/machine'), { recursive: true });
    writeFileSync(join(folder, 'src/machine/schemes', `${DELAYED}.ts`), withLoop(source, DELAYED, 5));
    const target = planTargets(folder, readSchemes(folder), 64).find(({ name }) => name === `host.${DELAYED}.counting`);
    if (target === undefined) throw new Error('the build plans no module for it');
    const wasm = new Uint8Array(await compileTarget(folder, target));
    const small = smallMachine({ payload: 'verify' });
    small.stream(Array.from({ length: 32 }, (_, i) => ({ op: 'read', lba: i * 8, bytes: 4096, buffer: i * 4096 })));
    const usual = { ...small.run('dma_vec', 'fixed', 600), counts: small.counters() };
    small.adopt(DELAYED, hostModuleFrom(wasm, small.memory));
    const delayed = { ...small.run(DELAYED, 'fixed', 600), counts: small.counters() };
    expect(delayed).toMatchObject({ ios: 600, errors: 0, verifyErrors: 0 });
    expect(delayed.counts).toEqual(usual.counts);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
