// Compiles the machine: AssemblyScript to WebAssembly, one host module for each variant of each scheme in the schemes
// folder, one module for each file of targets/, and the struct offsets for the lab. The folder is the only registry.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { Worker } from 'node:worker_threads';
import asc from 'assemblyscript/asc';
import { readSchemeHeader, type SchemeHeader, variantConstants } from './scheme_header.ts';

const FLAGS = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ...['--enable', 'threads', '--enable', 'bulk-memory', '--enable', 'simd', '--noAssert', '--debug'],
];
/** Where the sources are and where the output goes. */
export interface BuildPaths {
  /** Holds src/machine. */
  root: string;
  machine: string;
  out: string;
}

/** One module to compile. */
export interface Target {
  /** File name of the module without extension. */
  name: string;
  /** Entry file, relative to the root. */
  entry: string;
  /** Text of a generated entry file, which exists nowhere else. */
  generated?: string;
  counting: boolean;
  constants: Record<string, number>;
}

export function buildPaths(root: string, out: string): BuildPaths {
  return { root, machine: join(root, 'src/machine'), out };
}

/** The schemes there are, by name. */
export function readSchemes(paths: BuildPaths): SchemeHeader[] {
  const folder = join(paths.machine, 'schemes');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => readSchemeHeader(basename(file, '.ts'), readFileSync(join(folder, file), 'utf8')));
}

/** Every module to compile; `slots` variants have room in a machine. */
export function planTargets(paths: BuildPaths, schemes: readonly SchemeHeader[], slots: number): Target[] {
  const variants = schemes.flatMap((scheme) => scheme.variants.map((variant) => ({ scheme, variant })));
  if (variants.length > slots) throw new Error(`${variants.length} scheme variants, but SCHEME_SLOTS is ${slots}`);
  const hosts = variants.flatMap(({ scheme, variant }, slot): Target[] => {
    const name = `host.${variant.name}`;
    const entry = `build/targets/${name}.ts`;
    const generated = hostSource(scheme.name, slot);
    const constants = variantConstants(scheme, variant);
    return [false, true].map((counting) => ({
      name: counting ? `${name}.counting` : name,
      entry,
      generated,
      counting,
      constants,
    }));
  });
  return [...hosts, ...fixedTargets(paths)];
}

/** A scheme's host module: the one generic host agent with the scheme as its type parameter. */
function hostSource(scheme: string, slot: number): string {
  return `import { runCopy } from "../../src/machine/agents/copy";
import { runDirect } from "../../src/machine/agents/direct";
import { runMixed } from "../../src/machine/agents/mixed";
import { runNvmet } from "../../src/machine/agents/nvmet";
import { completeFirst, completeRest, rewritePrps, submitFirst, submitRest } from "../../src/machine/agents/path_stages";
import { plugIn as plugInTo, removalRule as ruleOf, removeStep, takeWindows as takeWindowsOf } from "../../src/machine/agents/removal";
import { Machine, WRITER_STRIDE } from "../../src/machine/layout/machine";
import { NvmetRdmaQueue } from "../../src/machine/layout/nvmet";
import { DeviceQueue, FLOW_COPY, FLOW_MIXED, FLOW_NVMET, HostQueue } from "../../src/machine/layout/queue";
import { holdP2pmem, p2pmemReferences } from "../../src/machine/pci/p2pmem";
import { newSchemeState, schemeState } from "../../src/machine/mm/scheme_state";
import { clientAt, clientIndex } from "../../src/machine/pci/dma_client";
import { Scheme } from "../../src/machine/schemes/${scheme}";

const SLOT: u32 = ${slot};

/** One instance of the scheme's fields for each client; what two queues write shares no line. */
const STRIDE: u32 = (<u32>offsetof<Scheme>() + WRITER_STRIDE - 1) & ~(WRITER_STRIDE - 1);

/** Its memory has struct pages. */
const HAS_PAGES: bool = Scheme.memmapBytes(4096) > 0;

function instanceFor(machine: Machine, client: u32): u32 {
  return schemeState(machine, SLOT) + client * STRIDE;
}

/** The queue with the scheme's instance for the client behind it. */
function queueAt(at: usize): HostQueue {
  const queue = changetype<HostQueue>(at);
  const machine = changetype<Machine>(<usize>queue.machine);
  queue.scheme = instanceFor(machine, clientIndex(machine, queue.client));
  return queue;
}

export function run(at: usize, budget: u32, idleTurns: u32): u32 {
  const queue = queueAt(at);
  if (queue.flow == FLOW_COPY) {
    queueAt(<usize>queue.next);
    return runCopy<Scheme>(queue, budget, idleTurns);
  }
  if (COUNTING) {
    if (queue.flow == FLOW_MIXED) return runMixed<Scheme>(queue, budget, idleTurns);
  }
  if (queue.flow == FLOW_NVMET) return nvmet(at, budget, idleTurns);
  return runDirect<Scheme>(queue, budget, idleTurns);
}
/** Exported so that the optimiser does not make it one function with the loop of the other flows. */
export function nvmet(at: usize, budget: u32, idleTurns: u32): u32 {
  const queue = changetype<HostQueue>(at);
  const target = changetype<NvmetRdmaQueue>(<usize>queue.nvmet);
  const machine = changetype<Machine>(<usize>queue.machine);
  target.scheme = instanceFor(machine, clientIndex(machine, target.client));
  return runNvmet<Scheme>(queue, budget, idleTurns);
}
/** The path cut into stages, flow direct: see path_stages. */
export function submitStages(at: usize, stage: u32, groups: u32, perGroup: u32, hold: usize, inTurn: bool): void {
  submitFirst<Scheme>(queueAt(at), stage, groups, perGroup, hold, inTurn);
}
export function submitOthers(at: usize, stage: u32, groups: u32, hold: usize): void {
  submitRest<Scheme>(queueAt(at), stage, groups, hold);
}
export function writePrpsAgain(at: usize, groups: u32, hold: usize): void {
  rewritePrps(queueAt(at), groups, hold);
}
export function completeStages(at: usize, stage: u32, hold: usize): u32 {
  return completeFirst<Scheme>(queueAt(at), stage, hold);
}
export function completeOthers(at: usize, stage: u32, count: u32, hold: usize): void {
  completeRest<Scheme>(queueAt(at), stage, count, hold);
}
export function setup(at: usize): void {
  const machine = changetype<Machine>(at);
  const first = newSchemeState(machine, SLOT, machine.clientCount * STRIDE);
  const scheme = changetype<Scheme>(first);
  if (isDefined(scheme.setup)) scheme.setup(machine);
  for (let client: u32 = 1; client < machine.clientCount; client++) {
    memory.copy(<usize>instanceFor(machine, client), first, offsetof<Scheme>());
  }
  for (let client: u32 = 0; client < machine.clientCount; client++) {
    const own = changetype<Scheme>(<usize>instanceFor(machine, client));
    if (isDefined(own.attach)) own.attach(machine, clientAt(machine, client));
  }
}
export function stateBytes(barBytes: f64): f64 {
  return <f64>STRIDE + (isDefined(Scheme.stateBytes) ? Scheme.stateBytes(barBytes) : 0);
}
/** References and mappings that the scheme holds: none when no I/O is in flight. */
export function held(at: usize): f64 {
  const machine = changetype<Machine>(at);
  let sum: f64 = 0;
  for (let client: u32 = 0; client < machine.clientCount; client++) {
    const scheme = changetype<Scheme>(<usize>instanceFor(machine, client));
    if (isDefined(scheme.held)) sum += scheme.held(machine);
  }
  return sum;
}
/** What keeps the provider while I/O on the machine's buffers is under way: RULE_*. */
export function removalRule(at: usize): u32 {
  const machine = changetype<Machine>(at);
  return ruleOf<Scheme>(machine, changetype<Scheme>(0), HAS_PAGES);
}
export function remove(at: usize, unmapBytes: f64, quiesced: bool): u32 {
  const machine = changetype<Machine>(at);
  return removeStep<Scheme>(machine, instanceFor(machine, 0), STRIDE, removalRule(at), <u64>unmapBytes, quiesced);
}
export function takeWindows(at: usize, device: usize): void {
  takeWindowsOf(changetype<Machine>(at), changetype<DeviceQueue>(device));
}
export function plugIn(at: usize): void {
  const machine = changetype<Machine>(at);
  plugInTo<Scheme>(machine, instanceFor(machine, 0), STRIDE, HAS_PAGES, removalRule(at));
}
/** References of long-lived users on the provider's memory. */
export function hold(at: usize, count: i32): void {
  holdP2pmem(changetype<Machine>(at), <i64>count);
}
export function references(at: usize): f64 {
  return <f64>p2pmemReferences(changetype<Machine>(at));
}
export function memmapBytes(barBytes: f64): f64 {
  return Scheme.memmapBytes(barBytes);
}
export function mapStateBytes(barBytes: f64): f64 {
  return Scheme.mapStateBytes(barBytes);
}
/** What every client but the first adds to it. */
export function attachBytes(barBytes: f64): f64 {
  return isDefined(Scheme.attachBytes) ? Scheme.attachBytes(barBytes) : 0;
}
`;
}

/** The modules that know no scheme: one for each file of src/machine/targets. */
function fixedTargets(paths: BuildPaths): Target[] {
  return readdirSync(join(paths.machine, 'targets')).map((file) => ({
    name: basename(file, '.ts'),
    entry: relative(paths.root, join(paths.machine, 'targets', file)),
    counting: false,
    constants: {},
  }));
}

/** @throws Error with the compiler's messages */
export async function compileTarget(paths: BuildPaths, target: Target): Promise<void> {
  const constants = { COUNTING: target.counting ? 1 : 0, ...target.constants };
  const args = [
    target.entry,
    ...FLAGS,
    // The counting build is asked how often, never how fast.
    target.counting ? '-O1' : '-O3',
    ...Object.entries(constants).flatMap(([name, value]) => ['--use', `${name}=${value}`]),
    ...['--outFile', `${target.name}.wasm`],
    ...(process.env.P2PLAB_WAT === '1' ? ['--textFile', `${target.name}.wat`] : []),
  ];
  const { error, stderr } = await asc.main(args, {
    readFile: (name) => {
      if (name === target.entry && target.generated !== undefined) return target.generated;
      const path = join(paths.root, name);
      return existsSync(path) ? readFileSync(path, 'utf8') : null;
    },
    writeFile: (name, contents) => writeFileSync(join(paths.out, 'machine', name), contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${target.name}: ${error.message}\n${stderr.toString()}`);
}

/** Compiles on `threads` threads: optimising is what takes the time. */
export async function compileAll(paths: BuildPaths, targets: readonly Target[], threads: number): Promise<void> {
  const waiting = [...targets];
  const runOne = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL('./compile_worker.ts', import.meta.url), { workerData: paths });
      const next = (): void => {
        const target = waiting.shift();
        worker.postMessage(target);
        if (target === undefined) resolve();
      };
      worker.on('error', reject);
      worker.on('message', (failure: string | undefined) => {
        if (failure === undefined) return next();
        reject(new Error(failure));
        waiting.length = 0;
        worker.postMessage(undefined);
      });
      next();
    });
  await Promise.all(Array.from({ length: Math.min(threads, targets.length) }, runOne));
}

/**
 * Generates layout.ts: byte offsets of every field of every struct in layout/, as the AssemblyScript compiler lays them
 * out, and its constants. Returns the number of scheme variants that a machine has room for.
 */
export async function writeLayout(paths: BuildPaths): Promise<number> {
  mkdirSync(join(paths.out, 'machine'), { recursive: true });
  const folder = join(paths.machine, 'layout');
  const texts = readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
  const structs = texts.flatMap(({ file, text }) => structsOf(text).map((struct) => ({ ...struct, file })));
  const constants = texts.flatMap(({ file, text }) =>
    [...text.matchAll(/^export const (\w+): (\w+) =/gm)].map((match) => ({ name: match[1] as string, file })),
  );
  const from = (file: string): string => `"../../src/machine/layout/${basename(file, '.ts')}"`;
  const generated = [
    ...structs.map((s, i) => `import { ${s.name} as S${i} } from ${from(s.file)};`),
    ...constants.map((c, i) => `import { ${c.name} as C${i} } from ${from(c.file)};`),
    ...structs.flatMap((s, i) => [
      `export const S${i}_size: u32 = <u32>offsetof<S${i}>();`,
      ...s.fields.map((field) => `export const S${i}__${field}: u32 = <u32>offsetof<S${i}>("${field}");`),
    ]),
    ...constants.map((_, i) => `export const K${i}: f64 = <f64>C${i};`),
  ].join('\n');
  const entry = 'build/targets/layout.ts';
  await compileTarget(paths, { name: 'layout', entry, generated, counting: false, constants: {} });
  const values = await exportedNumbers(join(paths.out, 'machine/layout.wasm'));
  const structLines = structs.map((s, i) => {
    const fields = s.fields.map((field) => `  ${field}: ${values.get(`S${i}__${field}`)},`).join('\n');
    return `/** ${s.file} */\nexport const ${s.name} = {\n  bytes: ${values.get(`S${i}_size`)},\n${fields}\n} as const;`;
  });
  const constantLines = constants.map((c, i) => `export const ${c.name} = ${values.get(`K${i}`)};`);
  writeFileSync(
    join(paths.out, 'layout.ts'),
    `// Generated by scripts/build.ts from src/machine/layout: do not edit.\n${[...structLines, ...constantLines].join('\n')}\n`,
  );
  return values.get(`K${constants.findIndex(({ name }) => name === 'SCHEME_SLOTS')}`) ?? 0;
}

/** Names and field names of the @unmanaged classes in a layout file. */
function structsOf(text: string): { name: string; fields: string[] }[] {
  return [...text.matchAll(/@unmanaged\s+export class (\w+)(?: extends \w+)? \{([\s\S]*?)\n\}/g)].map((match) => ({
    name: match[1] as string,
    fields: [...(match[2] as string).replace(/\/\*\*[\s\S]*?\*\/|\/\/.*$/gm, '').matchAll(/(\w+): \w+;/g)].map(
      (field) => field[1] as string,
    ),
  }));
}

async function exportedNumbers(path: string): Promise<Map<string, number>> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { instance } = await WebAssembly.instantiate(readFileSync(path), { env: { memory, abort: () => {} } });
  return new Map(
    Object.entries(instance.exports).flatMap(([name, value]) =>
      value instanceof WebAssembly.Global ? [[name, Number(value.value)] as const] : [],
    ),
  );
}
