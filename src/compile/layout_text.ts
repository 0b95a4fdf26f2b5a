// Text of build/layout.ts: byte offsets of every field of every struct in src/machine/layout, as the AssemblyScript compiler lays them
// out, and its constants.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { compileTarget } from './compile.ts';
import { MACHINE_SOURCES } from './targets.ts';

/** The text, and the number of scheme variants that a machine has room for. */
export async function layoutText(root: string): Promise<{ text: string; slots: number }> {
  const folder = join(root, MACHINE_SOURCES, 'layout');
  const texts = readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
  const structs = texts.flatMap(({ file, text }) => structsOf(text).map((struct) => ({ ...struct, file })));
  const constants = texts.flatMap(({ file, text }) =>
    [...text.matchAll(/^export const (\w+): (\w+) =/gm)].map((match) => ({ name: match[1] as string, file })),
  );
  const from = (file: string): string => `"./layout/${basename(file, '.ts')}"`;
  const source = [
    ...structs.map((s, i) => `import { ${s.name} as S${i} } from ${from(s.file)};`),
    ...constants.map((c, i) => `import { ${c.name} as C${i} } from ${from(c.file)};`),
    ...structs.flatMap((s, i) => [
      `export const S${i}_size: u32 = <u32>offsetof<S${i}>();`,
      ...s.fields.map((field) => `export const S${i}__${field}: u32 = <u32>offsetof<S${i}>("${field}");`),
    ]),
    ...constants.map((_, i) => `export const K${i}: f64 = <f64>C${i};`),
  ].join('\n');
  const entry = `${MACHINE_SOURCES}/offsets.ts`;
  const bytes = await compileTarget(root, {
    name: 'layout',
    entry,
    overlay: { [entry]: source },
    counting: true,
    constants: {},
  });
  const values = await exportedNumbers(bytes);
  const structLines = structs.map((s, i) => {
    const fields = s.fields.map((field) => `  ${field}: ${values.get(`S${i}__${field}`)},`).join('\n');
    return `/** ${s.file} */\nexport const ${s.name} = {\n  bytes: ${values.get(`S${i}_size`)},\n${fields}\n} as const;`;
  });
  const constantLines = constants.map((c, i) => `export const ${c.name} = ${values.get(`K${i}`)};`);
  return {
    text: `${[...structLines, ...constantLines].join('\n')}\n`,
    slots: values.get(`K${constants.findIndex(({ name }) => name === 'SCHEME_SLOTS')}`) ?? 0,
  };
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

async function exportedNumbers(bytes: Uint8Array): Promise<Map<string, number>> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65536, shared: true });
  const { instance } = await WebAssembly.instantiate(new Uint8Array(bytes), { env: { memory, abort: () => {} } });
  return new Map(
    Object.entries(instance.exports).flatMap(([name, value]) =>
      value instanceof WebAssembly.Global ? [[name, Number(value.value)] as const] : [],
    ),
  );
}
