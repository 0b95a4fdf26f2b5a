// Who compiles, and who waits.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { thisOwner } from '../base/owner.ts';
import { whileOthersWait } from './compile_lock.ts';

/** Two processes in turn: here, two calls whose compiling waits for a word. */
function compiler() {
  let finish = (): void => {};
  const state = { compiled: 0, done: false };
  const compile = async (): Promise<void> => {
    state.compiled += 1;
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    state.done = true;
  };
  return { state, compile, finish: () => finish() };
}

describe('compiling into a folder', () => {
  it('is done by one; who wants the same waits and finds it done', async () => {
    const folder = scratchFolder('lock');
    const { state, compile, finish } = compiler();
    const both = [
      whileOthersWait(folder, () => state.done, compile),
      whileOthersWait(folder, () => state.done, compile),
    ];
    expect(existsSync(join(folder, 'compiling.json'))).toBe(true);
    finish();
    await Promise.all(both);
    expect(state.compiled).toBe(1);
    expect(existsSync(join(folder, 'compiling.json'))).toBe(false);
  });

  it('is given up where it fails, so that others try', async () => {
    const folder = scratchFolder('lock');
    const fail = (): Promise<void> => Promise.reject(new Error('does not compile'));
    await expect(whileOthersWait(folder, () => false, fail)).rejects.toThrow('does not compile');
    await expect(whileOthersWait(folder, () => false, fail)).rejects.toThrow('does not compile');
  });

  it.each([
    ['a killed process', JSON.stringify({ ...thisOwner(), pid: 2 ** 22 + 1 })],
    ['a process that cannot be seen from here', JSON.stringify({ ...thisOwner(), place: 'elsewhere' })],
    ['nobody', '{'],
  ])('goes on over the lock of %s', async (_, text) => {
    const folder = scratchFolder('lock');
    writeFileSync(join(folder, 'compiling.json'), text);
    let compiled = 0;
    await whileOthersWait(
      folder,
      () => compiled > 0,
      async () => {
        compiled += 1;
      },
    );
    expect(compiled).toBe(1);
  });
});
