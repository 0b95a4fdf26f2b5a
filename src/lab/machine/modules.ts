// The machine's compiled modules: read once, compiled once in each thread, instantiated over a shared memory.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type {
  CostModule,
  DeviceModule,
  HostModule,
  IommuModule,
  LookupsModule,
  MachineModules,
  ProbesModule,
  SetupModule,
  StagesModule,
} from '../../../build/exports.ts';
import { LabError, suggestion } from '../../base/errors.ts';
import {
  compileModulesNow,
  type MachineManifest,
  missingModules,
  moduleFile,
  moduleTarget,
  readMachineFolder,
} from '../../compile/machine_folder.ts';
import type { SchemeHeader } from '../../compile/scheme_header.ts';
import type { DeviceKind } from './lanes.ts';

/** P2PLAB_MACHINE names another machine than the build's: a folder with a manifest and modules (bench/calibration). */
const FOLDER = process.env.P2PLAB_MACHINE ?? fileURLToPath(new URL('../../../build/machine', import.meta.url));

/** Chosen values of the schemes' options: `era`, `quirk`, `phys-lookup`. A scheme takes those that it knows. */
export type SchemeOptions = Record<string, readonly string[]>;

/** Name of the module that runs a kind of device, in src/machine/targets. */
const DEVICE_TARGET: Record<DeviceKind, string> = { nvme: 'device', rnic: 'rnic' };

let manifest: MachineManifest | undefined;
const compiled = new Map<string, WebAssembly.Module>();

/** What the build left. @throws LabError when the machine has not been built */
export function readManifest(): MachineManifest {
  manifest ??= readMachineFolder(FOLDER);
  return manifest;
}

/** Modules that somebody will ask for: compiled together with the first one that is missing. */
const expected = new Set<string>();

/**
 * Says which host modules a run is going to need, so that they are compiled at once on all cores and not one after the other.
 * @param hosts names of schemes or of their variants
 */
export function expectHosts(hosts: readonly string[]): void {
  for (const name of modulesFor(hosts)) expected.add(name);
}

function modulesFor(hosts: readonly string[]): string[] {
  const ofHosts = hosts.flatMap((name) => [`host.${name}`, `host.${name}.counting`]);
  return ['setup', 'probes', 'stages', ...Object.values(DEVICE_TARGET), ...ofHosts];
}

/** Compiles what a run of these host modules is going to need and nobody has compiled yet. @throws LabError */
export function compileNow(hosts: readonly string[]): void {
  if (hosts.length > 0) compileMissing(modulesFor(hosts));
}

function compileMissing(names: readonly string[]): void {
  const missing = missingModules(FOLDER, readManifest(), names);
  if (missing.length > 0) compileModulesNow(FOLDER, missing);
}

/**
 * Compiles what is missing of these now, before several threads ask for it: each of them would compile it for itself.
 * @param hosts names of schemes or of their variants
 */
export function compileForThreads(hosts: readonly string[], kinds: readonly DeviceKind[]): void {
  const { modules } = readManifest();
  const names = [...hosts.map((name) => `host.${name}`), ...kinds.map((kind) => DEVICE_TARGET[kind])];
  const known = names.filter((name) => modules[name] !== undefined);
  compileMissing(known);
}

/** The schemes there are: one for each file in src/machine/schemes. */
export function listSchemes(): SchemeHeader[] {
  return readManifest().schemes;
}

/**
 * A scheme by its name, or one variant of it by NAME@VALUE.
 * @throws LabError for a name that is neither
 */
export function findScheme(name: string): SchemeHeader {
  const schemes = listSchemes();
  const found = schemes.find(({ variants }) => variants.some((variant) => variant.name === name));
  if (found !== undefined) {
    return name === found.name
      ? found
      : { ...found, name, title: `${found.title}, ${name.slice(found.name.length + 1)}` };
  }
  const names = schemes.flatMap(({ variants }) => variants.map((variant) => variant.name));
  throw new LabError(
    `--scheme: unknown scheme '${name}'${suggestion(name, names) || '.'} There are: ${names.join(', ')}, all.`,
  );
}

/** Why a scheme refuses with this errno, in its own words. */
export function refusalReason(scheme: string, errno: string, buffers: string): string | undefined {
  return findScheme(scheme).refusals.find(
    (refusal) => refusal.errno === errno && (refusal.buffers === undefined || refusal.buffers.includes(buffers)),
  )?.reason;
}

/**
 * The variant that a scheme runs as: of each of its options the chosen value that it knows, else its default.
 * @throws LabError where it has no variant with these values together
 */
export function variantOf(scheme: string, chosen: SchemeOptions): { name: string; options: Record<string, string> } {
  const { variants } = findScheme(scheme);
  const named = variants.find(({ name }) => name === scheme && name.includes('@'));
  if (named !== undefined) return named;
  const usual = variants[0]?.options ?? {};
  const keys = new Set(variants.flatMap(({ options }) => Object.keys(options)));
  const wanted = new Map(
    [...keys].map((key) => {
      const known = new Set(variants.map(({ options }) => options[key]));
      return [key, chosen[key]?.find((value) => known.has(value)) ?? usual[key]] as const;
    }),
  );
  const found = variants.find(({ options }) => [...wanted].every(([key, value]) => options[key] === value));
  if (found !== undefined) return found;
  const asked = [...wanted].map(([key, value]) => `--${key} ${value}`).join(' ');
  throw new LabError(`${scheme} has no variant with ${asked}. It has: ${variants.map(({ name }) => name).join(', ')}.`);
}

/** Whether a scheme keeps a gen_pool over the BAR. */
export function usesPool({ carries }: SchemeHeader): boolean {
  return carries.includes('pool');
}

/** Bytes of a module as it was built, for whoever instruments it; compiled now where nobody has asked for it before. */
export function moduleBytes(name: string): Uint8Array<ArrayBuffer> {
  const file = moduleFile(FOLDER, readManifest(), name);
  if (!existsSync(file)) compileMissing([name, ...expected]);
  return new Uint8Array(readFileSync(file));
}

/** How a module is compiled, and where its sources are and what is made of them besides may be kept. */
export function moduleSources(name: string) {
  return { ...moduleTarget(FOLDER, readManifest(), name), folder: FOLDER };
}

/** Instance of a module over `memory`. */
function instantiate<T extends keyof MachineModules>(name: string, memory: WebAssembly.Memory): MachineModules[T] {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(moduleBytes(name));
    compiled.set(name, module);
  }
  return instanceOf<T>(module, memory);
}

/**
 * Digest of the machine's code as these host modules run it: what they, timed and counting, and every module that knows no scheme
 * are compiled from. @param hosts names of schemes or of their variants
 */
export function codeHash(hosts: readonly string[]): string {
  const words = hosts.join(' ');
  const found = codeHashes.get(words) ?? hashOf(hosts);
  codeHashes.set(words, found);
  return found;
}

const codeHashes = new Map<string, string>();

function hashOf(hosts: readonly string[]): string {
  const wanted = new Set(hosts.flatMap((name) => [`host.${name}`, `host.${name}.counting`]));
  const used = Object.entries(readManifest().modules).filter(
    ([name]) => name !== 'cost' && (!name.startsWith('host.') || wanted.has(name)),
  );
  const hash = createHash('sha256');
  for (const [name, key] of used.sort(([a], [b]) => (a < b ? -1 : 1))) hash.update(`${name} ${key}\n`);
  return hash.digest('hex');
}

/** Instance of a host module that is not of this build. */
export function hostModuleFrom(wasm: BufferSource, memory: WebAssembly.Memory): HostModule {
  return instanceOf<'host'>(new WebAssembly.Module(wasm), memory);
}

function instanceOf<T extends keyof MachineModules>(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): MachineModules[T] {
  const imports = { env: { memory, abort: trap }, lab: { now: () => performance.now() } };
  // The build reads these types from the sources that it compiles (src/compile/export_types.ts).
  return new WebAssembly.Instance(module, imports).exports as unknown as MachineModules[T];
}

function trap(): never {
  throw new Error('the machine aborted');
}

/**
 * @param scheme a scheme's name, for its default variant, or NAME@VALUE
 * @param counting the build with exact counters and assertions instead of the timed one
 */
export function hostModule(scheme: string, memory: WebAssembly.Memory, counting = false): HostModule {
  return instantiate<'host'>(counting ? `host.${scheme}.counting` : `host.${scheme}`, memory);
}

/** @param controller another controller than the NVMe one, for benches (module device.NAME) */
export function deviceModule(kind: DeviceKind, memory: WebAssembly.Memory, controller?: string): DeviceModule {
  const name = kind === 'nvme' && controller !== undefined ? `device.${controller}` : DEVICE_TARGET[kind];
  return instantiate<'device'>(name, memory);
}

export function setupModule(memory: WebAssembly.Memory): SetupModule {
  return instantiate<'setup'>('setup', memory);
}

export function stagesModule(memory: WebAssembly.Memory): StagesModule {
  return instantiate<'stages'>('stages', memory);
}

export function lookupsModule(memory: WebAssembly.Memory): LookupsModule {
  return instantiate<'lookups'>('lookups', memory);
}

export function iommuModule(memory: WebAssembly.Memory): IommuModule {
  return instantiate<'iommu'>('iommu', memory);
}

/** The simulator of memories; its memory is its own. */
export function costModule(memory: WebAssembly.Memory): CostModule {
  return instantiate<'cost'>('cost', memory);
}

export function probesModule(memory: WebAssembly.Memory): ProbesModule {
  return instantiate<'probes'>('probes', memory);
}
