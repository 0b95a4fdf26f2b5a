// Builds the machine: AssemblyScript to WebAssembly, one host module for each scheme, and the struct offsets for the lab.
// Output, all under build/ (never committed): machine/*.wasm, machine/manifest.json, layout.ts.
// Usage: npm run build   (npm ci runs it; it does nothing when no source has changed)
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { readSchemeHeader, type SchemeHeader } from './scheme_header.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MACHINE = join(ROOT, 'src/machine');
const OUT = join(ROOT, 'build');
const FLAGS = [
  ...['--runtime', 'stub', '--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
  ...['--enable', 'threads', '--enable', 'bulk-memory', '--enable', 'simd', '-O3', '--noAssert', '--debug'],
];

interface Target {
  /** File name of the module without extension. */
  name: string;
  source: string;
  counting: boolean;
}

const hash = hashOf([...listFiles(MACHINE), ...listFiles(join(ROOT, 'scripts')), join(ROOT, 'package-lock.json')]);
const manifestPath = join(OUT, 'machine/manifest.json');
if (existsSync(manifestPath) && JSON.parse(readFileSync(manifestPath, 'utf8')).hash === hash) {
  console.log('machine: up to date');
} else {
  await buildAll();
}

async function buildAll(): Promise<void> {
  const started = performance.now();
  rmSync(OUT, { recursive: true, force: true });
  mkdirSync(join(OUT, 'machine'), { recursive: true });
  mkdirSync(join(OUT, 'targets'), { recursive: true });
  await writeLayout();
  const schemes = readdirSync(join(MACHINE, 'schemes'))
    .filter((file) => file.endsWith('.ts'))
    .map(
      (file): SchemeHeader =>
        readSchemeHeader(basename(file, '.ts'), readFileSync(join(MACHINE, 'schemes', file), 'utf8')),
    );
  const targets = [...schemes.flatMap(hostTargets), ...fixedTargets()];
  for (const target of targets) await compile(target);
  writeFileSync(manifestPath, `${JSON.stringify({ hash, schemes }, null, 2)}\n`);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`machine: ${targets.length} modules, ${schemes.length} schemes in ${seconds} s`);
}

/** A scheme's host module, timed and counting: the one generic host agent with the scheme as its type parameter. */
function hostTargets(scheme: SchemeHeader): Target[] {
  const source = join(OUT, 'targets', `host.${scheme.name}.ts`);
  writeFileSync(
    source,
    `import { runHost } from "../../src/machine/agents/host";
import { Machine } from "../../src/machine/layout/machine";
import { HostQueue } from "../../src/machine/layout/queue";
import { Scheme } from "../../src/machine/schemes/${scheme.name}";

export function run(queue: usize, budget: u32, idleTurns: u32): u32 {
  return runHost<Scheme>(changetype<HostQueue>(queue), budget, idleTurns);
}
export function setup(machine: usize): void {
  Scheme.setup(changetype<Machine>(machine));
}
export function memmapBytes(barBytes: f64): f64 {
  return Scheme.memmapBytes(barBytes);
}
export function mapStateBytes(): f64 {
  return Scheme.mapStateBytes();
}
`,
  );
  return [
    { name: `host.${scheme.name}`, source, counting: false },
    { name: `host.${scheme.name}.counting`, source, counting: true },
  ];
}

/** The modules that know no scheme: one for each file of src/machine/targets. */
function fixedTargets(): Target[] {
  return readdirSync(join(MACHINE, 'targets')).map((file) => ({
    name: basename(file, '.ts'),
    source: join(MACHINE, 'targets', file),
    counting: false,
  }));
}

async function compile(target: Target): Promise<void> {
  const { error, stderr } = await asc.main([
    relative(ROOT, target.source),
    ...FLAGS,
    '--use',
    `COUNTING=${target.counting ? 1 : 0}`,
    ...['--baseDir', ROOT, '--outFile', `build/machine/${target.name}.wasm`],
    ...(process.env.P2PLAB_WAT === '1' ? ['--textFile', `build/machine/${target.name}.wat`] : []),
  ]);
  if (error) throw new Error(`${target.name}: ${error.message}\n${stderr.toString()}`);
}

/** Generates build/layout.ts: byte offsets of every field of every struct in layout/, as the AssemblyScript compiler lays them out. */
async function writeLayout(): Promise<void> {
  const structs = readdirSync(join(MACHINE, 'layout')).flatMap((file) =>
    structsOf(readFileSync(join(MACHINE, 'layout', file), 'utf8')).map((struct) => ({ ...struct, file })),
  );
  const constants = readdirSync(join(MACHINE, 'layout')).flatMap((file) =>
    [...readFileSync(join(MACHINE, 'layout', file), 'utf8').matchAll(/^export const (\w+): (\w+) =/gm)].map(
      (match) => ({
        name: match[1] as string,
        file,
      }),
    ),
  );
  const source = join(OUT, 'targets/layout.ts');
  writeFileSync(
    source,
    [
      ...structs.map(
        (s, i) => `import { ${s.name} as S${i} } from "../../src/machine/layout/${basename(s.file, '.ts')}";`,
      ),
      ...constants.map(
        (c, i) => `import { ${c.name} as C${i} } from "../../src/machine/layout/${basename(c.file, '.ts')}";`,
      ),
      ...structs.flatMap((s, i) => [
        `export const S${i}_size: u32 = <u32>offsetof<S${i}>();`,
        ...s.fields.map((field) => `export const S${i}__${field}: u32 = <u32>offsetof<S${i}>("${field}");`),
      ]),
      ...constants.map((_, i) => `export const K${i}: f64 = <f64>C${i};`),
    ].join('\n'),
  );
  await compile({ name: 'layout', source, counting: false });
  const values = await exportedNumbers(join(OUT, 'machine/layout.wasm'));
  const structLines = structs.map((s, i) => {
    const fields = s.fields.map((field) => `  ${field}: ${values.get(`S${i}__${field}`)},`).join('\n');
    return `/** ${s.file} */\nexport const ${s.name} = {\n  bytes: ${values.get(`S${i}_size`)},\n${fields}\n} as const;`;
  });
  const constantLines = constants.map((c, i) => `export const ${c.name} = ${values.get(`K${i}`)};`);
  writeFileSync(
    join(OUT, 'layout.ts'),
    `// Generated by scripts/build.ts from src/machine/layout: do not edit.\n${[...structLines, ...constantLines].join('\n')}\n`,
  );
}

/** Names and field names of the @unmanaged classes in a layout file. */
function structsOf(text: string): { name: string; fields: string[] }[] {
  return [...text.matchAll(/@unmanaged\s+export class (\w+) \{([\s\S]*?)\n\}/g)].map((match) => ({
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

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

function hashOf(files: string[]): string {
  const sum = createHash('sha256');
  for (const file of files) sum.update(relative(ROOT, file)).update(readFileSync(file));
  return sum.digest('hex').slice(0, 16);
}
