// What a run is said to need is what its machines then have: the same sums, however the machine differs.
import { describe, expect, it } from 'vitest';
import { smallRun } from '../../test/support/small_run.ts';
import { GIB, MIB } from '../base/units.ts';
import { planGroups, type RunParams } from '../plan/run_plan.ts';
import { sharedMemory } from './machine/arena.ts';
import { keepMemmaps } from './machine/kept_memmap.ts';
import { buildGroupMachine } from './measure/group_machine.ts';
import { needsOf } from './needs.ts';

const CORES = 2;

/** Bytes of the memory in which the machines of a run were built, one over the other. */
function builtBytes(params: RunParams, keeps: boolean): number {
  const memory = sharedMemory();
  if (keeps) keepMemmaps(memory);
  for (const plan of planGroups(params)) buildGroupMachine(plan, params, memory, CORES);
  return memory.buffer.byteLength;
}

const WASM_PAGE = 65536;

describe('what a run needs of address space', () => {
  it.each<[string, readonly string[]]>([
    ['one scheme', ['--scheme', 'page']],
    ['three schemes', ['--scheme', 'page,dmabuf,vma']],
    ['payload that is verified', ['--payload', 'verify', '--set', 'bs=64k']],
    ['an IOMMU', ['--iommu', 'strict', '--topology', 'acs-on']],
    ['two clients', ['--flow', 'copy']],
    ['a target', ['--flow', 'nvmet']],
    ['several groups', ['--bar', '64MiB,256MiB', '--payload', 'none,move']],
    ['open loops', ['--set', 'rate_iops=1m', '--set', 'rate_process=poisson']],
  ])('of %s is what its machine has, to the page', async (_, words) => {
    const params = await smallRun(words);
    for (const keeps of [false, true]) {
      const { addressBytes } = needsOf(params, CORES, keeps);
      expect(builtBytes(params, keeps)).toBe(Math.ceil(addressBytes / WASM_PAGE) * WASM_PAGE);
    }
  });

  it('grows with the BAR by its memmap, and by nothing else', async () => {
    const small = needsOf(await smallRun(['--bar', '1GiB', '--scheme', 'page']), CORES, false);
    const large = needsOf(await smallRun(['--bar', '16GiB', '--scheme', 'page']), CORES, false);
    expect(large.touchedBytes - small.touchedBytes).toBeGreaterThanOrEqual((15 * GIB) / 64);
    expect(large.touchedBytes - small.touchedBytes).toBeLessThan((15 * GIB) / 64 + 16 * MIB);
  });

  it('is refused where one memory does not hold it, with what is largest', async () => {
    const params = await smallRun(['--bar', '512GiB', '--scheme', 'page']);
    expect(() => needsOf(params, CORES)).toThrow(/one WebAssembly memory holds 4 GiB.*memmap/s);
  });
});
