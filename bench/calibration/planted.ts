// A slow-down that is really there: dma_vec with a busy loop for every so many I/Os, built beside the machine's modules into a
// folder of its own. Both copies run the same code; only a number in the scheme's memory, the turns of the loop, differs.
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileModules, writeMachineFolder } from '../../src/compile/machine_folder.ts';
import { sharedMemory } from '../../src/lab/machine/arena.ts';
import { probesModule, readManifest } from '../../src/lab/machine/modules.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Behind every scheme's name, so that the others keep their slots. */
export const UNDELAYED = 'without_delay';
export const DELAYED = 'with_delay';
/** I/Os from one loop to the next: a turn of it is finer than a thousandth of an I/O. */
const EVERY_IOS = 256;

/** Turns of the loop that cost `ns` for each I/O. */
export function turnsFor(ns: number): number {
  const probes = probesModule(sharedMemory());
  const steps = 20_000_000;
  const timed = (): number => {
    const began = performance.now();
    probes.spin(steps);
    return ((performance.now() - began) * 1e6) / steps;
  };
  timed();
  const nsPerTurn = Math.min(timed(), timed(), timed());
  return Math.max(1, Math.round((ns * EVERY_IOS) / nsPerTurn));
}

/**
 * Builds the two copies, once for each number of turns.
 * @returns the folder to name in P2PLAB_MACHINE
 */
export async function buildPlanted(turns: number): Promise<string> {
  const folder = join(ROOT, 'build/calibration', `${readManifest().hash}-${turns}`);
  const machine = join(folder, 'machine/');
  if (existsSync(join(machine, 'manifest.json'))) return machine;
  cpSync(join(ROOT, 'src/machine'), join(folder, 'src/machine'), { recursive: true });
  const original = readFileSync(join(ROOT, 'src/machine/schemes/dma_vec.ts'), 'utf8');
  for (const [name, count] of [
    [UNDELAYED, 0],
    [DELAYED, turns],
  ] as const) {
    writeFileSync(join(folder, 'src/machine/schemes', `${name}.ts`), withLoop(original, name, count));
  }
  cpSync(join(ROOT, 'build/machine/modules'), join(machine, 'modules'), { recursive: true });
  await writeMachineFolder(folder, machine);
  await compileModules(
    machine,
    [UNDELAYED, DELAYED].map((name) => `host.${name}`),
  );
  return machine;
}

/** dma_vec's source with the loop in its `add`, which every I/O passes once. */
export function withLoop(source: string, name: string, turns: number): string {
  const replace = (text: string, pattern: RegExp, by: string): string => {
    if (!pattern.test(text))
      throw new Error(`dma_vec.ts has no ${pattern}: the planted delay does not fit it any more`);
    return text.replace(pattern, by);
  };
  let text = replace(source, /^\/\/ @title .*$/m, `// @title ${name}`);
  text = text.replace(/^\/\/ @variant .*\n/gm, '').replace(/QUIRK_RFC_AS_POSTED/g, '0');
  text = replace(text, /(export class Scheme \{\n)/, '$1  plantedTurns: u32;\n  plantedState: u32;\n\n');
  text = replace(
    text,
    /(\n {2}attach\([^)]*\): void \{\n)/,
    `$1    this.plantedTurns = ${turns};\n    this.plantedState = 1;\n`,
  );
  return replace(
    text,
    /(\n {2}add\(queue: HostQueue, bio: Bio, dio: Dio\): i32 \{\n)/,
    `$1    if ((queue.issued & ${EVERY_IOS - 1}) == 0) {
      let state = this.plantedState;
      for (let turn: u32 = 0; turn < this.plantedTurns; turn++) state = state * 1664525 + 1013904223;
      this.plantedState = state;
    }
`,
  );
}
