// Instances of instrumented modules: the machine's own modules, rewritten once, over a machine's memory and any hooks.
import type { MachineModules } from '../../build/exports.ts';
import { moduleBytes } from '../lab/machine/modules.ts';
import { HOOKS, type Rewritten, rewrite } from './rewrite.ts';

/** What an instrumented module calls: functions of another WebAssembly module, or of JavaScript in tests. */
export interface Hooks {
  /** @param site id, kind and width as rewrite.ts packs them; `ops`: instructions of this module so far */
  access(address: number, site: number, ops: bigint): void;
  range(address: number, site: number, bytes: number, ops: bigint): void;
}

export interface Instrumented extends Rewritten {
  /** The machine's name of the module: `host.page`. */
  name: string;
  module: WebAssembly.Module;
  /** Its bytes as they are run elsewhere. */
  original: Uint8Array;
}

/** A module of the machine, instrumented. @param firstSite id of its first site */
export function instrument(name: string, firstSite = 0): Instrumented {
  const original = moduleBytes(name);
  const rewritten = rewrite(original, firstSite);
  return { ...rewritten, name, original, module: new WebAssembly.Module(rewritten.bytes) };
}

/** @param now the machine's clock, in milliseconds */
export function instantiateInstrumented<T extends keyof MachineModules>(
  { module }: Instrumented,
  memory: WebAssembly.Memory,
  hooks: Hooks,
  now: () => number,
): { exports: MachineModules[T]; raw: WebAssembly.Exports } {
  const abort = (): never => {
    throw new Error('the machine aborted');
  };
  const imports = { env: { memory, abort }, lab: { now }, [HOOKS.module]: { ...hooks } };
  const raw = new WebAssembly.Instance(module, imports as unknown as WebAssembly.Imports).exports;
  return { exports: raw as unknown as MachineModules[T], raw };
}
