// The machine's compiled modules: read once, compiled once in each thread, instantiated over a shared memory.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LabError, suggestion } from '../base/errors.ts';
import type { DeviceKind } from './lanes.ts';
import type { SetupModule } from './machine.ts';

/** P2PLAB_MACHINE names other compiled modules than the build's: a folder with the same files (bench/calibration). */
const FOLDER =
  process.env.P2PLAB_MACHINE === undefined
    ? new URL('../../build/machine/', import.meta.url)
    : pathToFileURL(join(process.env.P2PLAB_MACHINE, '/'));

/** A scheme as its own file describes it (src/machine/schemes). */
export interface SchemeInfo {
  name: string;
  title: string;
  summary: string;
  /** `buffers`: a reason that is about these sources only. */
  refusals: { errno: string; buffers?: string[]; reason: string }[];
  /** What it can be built as; the first, with the scheme's own name, is the default. */
  variants: { name: string; options: Record<string, string> }[];
}

/** Chosen values of the schemes' options: `era`, `quirk`, `phys-lookup`. A scheme takes those that it knows. */
export type SchemeOptions = Record<string, readonly string[]>;

/** Functions of a scheme's host module. */
export interface HostModule {
  /** Works for one host queue until its completion mark, its budget of I/Os, or idleness; I/Os completed. */
  run(queue: number, budget: number, idleTurns: number): number;
  /** Writes the scheme's metadata (the memmap). */
  setup(machine: number): void;
  /**
   * The stages of submission up to `stage` for groups of I/Os, each a plug; `hold` keeps what is left to do. `inTurn` (1 or 0): no
   * I/O begins before the struct page of the one before has arrived.
   */
  submitStages(queue: number, stage: number, groups: number, perGroup: number, hold: number, inTurn: number): void;
  /** Whatever of submission comes after `stage`, for all groups. */
  submitOthers(queue: number, stage: number, groups: number, hold: number): void;
  /** The PRPs of what submitStages mapped, written once more: requests of one segment. */
  writePrpsAgain(queue: number, groups: number, hold: number): void;
  /** The stages of completion up to `stage` for everything posted; how many requests that were. */
  completeStages(queue: number, stage: number, hold: number): number;
  completeOthers(queue: number, stage: number, count: number, hold: number): void;
  /** Bytes that setup takes for the scheme's own structures and one client, alignment not counted. */
  stateBytes(barBytes: number): number;
  /** References and mappings that the scheme holds now: none when no I/O is in flight. */
  held(machine: number): number;
  memmapBytes(barBytes: number): number;
  /** Bytes of the scheme's other structures for one BAR and one client, and what each further client adds. */
  mapStateBytes(barBytes: number): number;
  attachBytes(barBytes: number): number;
  /** RULE_* of this scheme for the machine's buffers. */
  removalRule(machine: number): number;
  /** One step of the provider's removal; REMOVAL_* after it. `quiesced` as removeStep has it. */
  remove(machine: number, unmapBytes: number, quiesced: boolean): number;
  /** Takes the provider's windows out of one controller's routing table. */
  takeWindows(machine: number, deviceQueue: number): void;
  /** The provider is plugged in anew, mapped by a process where user buffers have pages. */
  plugIn(machine: number): void;
  /** References of long-lived users on the provider's memory: taken (positive), given back. */
  hold(machine: number, count: number): void;
  /** References that keep the provider now. */
  references(machine: number): number;
}

/** Functions of a device's module: device.wasm for NVMe controllers. */
export interface DeviceModule {
  /** Works for one device agent until its budget of commands, or idleness; commands served. */
  run(queue: number, budget: number, idleTurns: number): number;
}

/** Functions of stages.wasm: single stages of the path, for tests and benches. */
export interface StagesModule {
  /** Writes the PRPs of one segment into the command of request `tag`; the command's wasm address. */
  writePrps(hostQueue: number, tag: number, address: number, bytes: number): number;
  freePrps(hostQueue: number, tag: number): void;
  /** wasm address behind a bus address for this controller, 0 when no window claims it. */
  route(deviceQueue: number, busAddress: number, bytes: number): number;
  mapTypeOf(machine: number, key: number): number;
}

/** Functions of probes.wasm: what the memory can do without an I/O path. */
export interface ProbesModule {
  /** `count` dependent loads over `pages` struct pages at `memmap`, each holding `flags` in its low word. */
  dependentLoads(memmap: number, pages: number, flags: number, count: number, seed: number): number;
  /** Bare memory.copy of `count` I/Os of a stream from position `from`, medium to buffer. */
  copies(
    stream: number,
    streamMask: number,
    from: number,
    count: number,
    media: number,
    mediaMask: number,
    window: number,
    windowMask: number,
    bytes: number,
  ): void;
  /** `steps` dependent multiplications, without any memory. */
  spin(steps: number): number;
  spinWide(steps: number): number;
}

/** Functions of lookups.wasm: structures behind page-less schemes, for tests. Physical addresses are 64 bit. */
export interface LookupsModule {
  buildHash(machine: number): number;
  buildTree(machine: number): number;
  buildRadix(machine: number): number;
  /** Number of the provider at an address, 0 for none. */
  ownerByHash(at: number, phys: bigint): number;
  ownerInTree(at: number, phys: bigint): number;
  ownerInRadix(at: number, phys: bigint): number;
  newArray(machine: number, entries: number): number;
  arrayStore(array: number, index: number, value: number): number;
  arrayLoad(array: number, index: number): number;
}

/** Functions of iommu.wasm: parts of the IOMMU by themselves, for tests. `client`: a DmaClient behind one. */
export interface IommuModule {
  /** First page of a free range, 0 when there is none up to `limitPfn`. */
  alloc(client: number, cpu: number, pages: bigint, limitPfn: bigint, flushRcache: number): bigint;
  free(client: number, cpu: number, first: bigint, pages: bigint): void;
  ranges(client: number): number;
  cached(client: number): number;
  map(client: number, iova: bigint, phys: bigint, bytes: bigint): number;
  unmap(client: number, iova: bigint, bytes: bigint): void;
  /** Physical address by the tables; -1 (all ones) where nothing is mapped. */
  walk(client: number, iova: bigint): bigint;
  /** The same through a controller's IOTLB. */
  translate(deviceQueue: number, iova: bigint): bigint;
}

interface Manifest {
  /** Hash of every source that the machine's code is made of. */
  hash: string;
  schemes: SchemeInfo[];
}

let manifest: Manifest | undefined;
const compiled = new Map<string, WebAssembly.Module>();

/** What the build left. @throws LabError when the machine has not been built */
export function readManifest(): Manifest {
  try {
    manifest ??= JSON.parse(readFileSync(new URL('manifest.json', FOLDER), 'utf8')) as Manifest;
  } catch {
    throw new LabError(`the machine is not built (${fileURLToPath(FOLDER)} has no manifest). Run: npm run build`);
  }
  return manifest;
}

/** The schemes there are: one for each file in src/machine/schemes. */
export function listSchemes(): SchemeInfo[] {
  return readManifest().schemes;
}

/**
 * A scheme by its name, or one variant of it by NAME@VALUE.
 * @throws LabError for a name that is neither
 */
export function findScheme(name: string): SchemeInfo {
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

/** Whether a scheme keeps a gen_pool over the BAR: one that has none says so by what it refuses. */
export function usesPool({ refusals }: SchemeInfo): boolean {
  return !refusals.some(({ errno, buffers }) => errno === 'ENOMEM' && buffers?.includes('pool'));
}

/** Instance of a module over `memory`. The names are those of build/machine/*.wasm. */
function instantiate(name: string, memory: WebAssembly.Memory): WebAssembly.Exports {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(readFileSync(new URL(`${name}.wasm`, FOLDER)));
    compiled.set(name, module);
  }
  return instanceOf(module, memory);
}

const digests = new Map<string, string>();

/**
 * Digest of the machine's code as these host modules run it: their bytes, timed and counting, and those of every module that
 * knows no scheme. @param hosts names of schemes or of their variants
 */
export function codeHash(hosts: readonly string[]): string {
  const wanted = new Set(hosts.flatMap((name) => [`host.${name}.wasm`, `host.${name}.counting.wasm`]));
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.wasm'));
  const used = files.filter((file) => !file.startsWith('host.') || wanted.has(file)).sort();
  const hash = createHash('sha256');
  for (const file of used) {
    let digest = digests.get(file);
    if (digest === undefined) {
      digest = createHash('sha256')
        .update(readFileSync(new URL(file, FOLDER)))
        .digest('hex');
      digests.set(file, digest);
    }
    hash.update(`${file} ${digest}\n`);
  }
  return hash.digest('hex');
}

/** Instance of a module that is not of this build. */
export function instantiateFrom(wasm: BufferSource, memory: WebAssembly.Memory): WebAssembly.Exports {
  return instanceOf(new WebAssembly.Module(wasm), memory);
}

function instanceOf(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  const imports = { env: { memory, abort: trap }, lab: { now: () => performance.now() } };
  return new WebAssembly.Instance(module, imports).exports;
}

function trap(): never {
  throw new Error('the machine aborted');
}

/**
 * @param scheme a scheme's name, for its default variant, or NAME@VALUE
 * @param counting the build with exact counters and assertions instead of the timed one
 */
export function hostModule(scheme: string, memory: WebAssembly.Memory, counting = false): HostModule {
  return instantiate(counting ? `host.${scheme}.counting` : `host.${scheme}`, memory) as unknown as HostModule;
}

/** Name of the module that runs a kind of device, in src/machine/targets. */
const DEVICE_TARGET: Record<DeviceKind, string> = { nvme: 'device', rnic: 'rnic' };

/** @param controller another controller than the NVMe one, for benches (build/machine/device.NAME.wasm) */
export function deviceModule(kind: DeviceKind, memory: WebAssembly.Memory, controller?: string): DeviceModule {
  const name = kind === 'nvme' && controller !== undefined ? `device.${controller}` : DEVICE_TARGET[kind];
  return instantiate(name, memory) as unknown as DeviceModule;
}

export function setupModule(memory: WebAssembly.Memory): SetupModule {
  return instantiate('setup', memory) as unknown as SetupModule;
}

export function stagesModule(memory: WebAssembly.Memory): StagesModule {
  return instantiate('stages', memory) as unknown as StagesModule;
}

export function lookupsModule(memory: WebAssembly.Memory): LookupsModule {
  return instantiate('lookups', memory) as unknown as LookupsModule;
}

export function iommuModule(memory: WebAssembly.Memory): IommuModule {
  return instantiate('iommu', memory) as unknown as IommuModule;
}

export function probesModule(memory: WebAssembly.Memory): ProbesModule {
  return instantiate('probes', memory) as unknown as ProbesModule;
}
