// Text of build/exports.ts: what each module of the machine exports, as TypeScript sees it, read from the entry files of targets/.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { chosenFlows } from './flow_table.ts';
import { flowsOf, MACHINE_SOURCES, SIMULATOR } from './targets.ts';

/** AssemblyScript's types at the boundary: 64-bit integers are bigint, a bool is taken as either and comes back as a number. */
const PARAMETER: Readonly<Record<string, string>> = {
  ...{ u32: 'number', i32: 'number', usize: 'number', f64: 'number' },
  ...{ u64: 'bigint', i64: 'bigint', bool: 'number | boolean' },
};
const RESULT: Readonly<Record<string, string>> = { ...PARAMETER, bool: 'number', void: 'void' };

/** @throws Error for an exported function whose signature cannot be read */
export function exportTypes(root: string): string {
  const folder = join(root, MACHINE_SOURCES, 'targets');
  const targets = readdirSync(folder)
    .sort()
    .map((file) => basename(file, '.ts'));
  const flows = chosenFlows(flowsOf(root).filter(({ counting }) => !counting));
  const interfaces = targets.map((target) => {
    const entry = readFileSync(join(folder, `${target}.ts`), 'utf8');
    return interfaceOf(target, target === 'host' ? flows + entry : entry);
  });
  const simulator = interfaceOf(SIMULATOR.name, readFileSync(join(root, SIMULATOR.entry), 'utf8'));
  const index = [...targets, SIMULATOR.name].map((target) => `  '${target}': ${interfaceName(target)};`);
  return [
    ...interfaces,
    simulator,
    '/** By the name of the module; every host.SCHEME is a host. */',
    ...['export interface MachineModules {', ...index, '}', ''],
  ].join('\n');
}

/** `device.ring` exports DeviceRingModule. */
function interfaceName(target: string): string {
  return `${target.replace(/(?:^|[._])(\w)/g, (_, letter: string) => letter.toUpperCase())}Module`;
}

/** One module's exports, from its entry file. */
export function interfaceOf(target: string, source: string): string {
  const functions = [...source.matchAll(/(\/\*\*(?:[^*]|\*(?!\/))*\*\/\n)?export function (\w+)([^{]*)\{/g)];
  const methods = functions.map(([, comment = '', called, rest]) => {
    const match = /^\(([^)]*)\): (\w+) $/.exec(rest as string);
    const result = match === null ? undefined : RESULT[match[2] as string];
    if (match === null || result === undefined)
      throw new Error(`targets/${target}.ts: ${called}: cannot read '${rest}'`);
    return `${comment.replace(/^(?=.)/gm, '  ')}  ${called}(${parametersOf(target, match[1] as string)}): ${result};`;
  });
  return `/** targets/${target}.ts */\nexport interface ${interfaceName(target)} {\n${methods.join('\n')}\n}`;
}

function parametersOf(target: string, text: string): string {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
    .map((each) => {
      const [, name, type] = /^(\w+): (\w+)$/.exec(each) ?? [];
      const known = PARAMETER[type ?? ''];
      if (known === undefined) throw new Error(`targets/${target}.ts: parameter '${each}' has no type of the boundary`);
      return `${name}: ${known}`;
    })
    .join(', ');
}
