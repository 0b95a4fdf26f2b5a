// The flows that a host module can run: every file of flows/, numbered in the order of names from 1 on. The build makes of them the text
// of chosen_flows.ts, which runs a queue's flow by its number, and that of build/flows.ts, by which the lab knows numbers and names.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One file of src/machine/flows. */
export interface MachineFlow {
  name: string;
  /** What a lane's I/O does: the line `// @summary ...` of its opening comment. */
  summary: string;
  /** HostQueue.flow of a lane's front queue. */
  code: number;
  /** Of the counting build only: its opening comment has a line `// @build counting`. */
  counting: boolean;
}

/** @param folder src/machine/flows @throws Error for a file without a run function or a summary */
export function readFlows(folder: string): MachineFlow[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file, index) => {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!/^export function run<S>\(\w+: HostQueue, \w+: u32, \w+: u32\): u32 \{$/m.test(text))
        throw new Error(
          `src/machine/flows/${file}: expected 'export function run<S>(queue: HostQueue, budget: u32, idleTurns: u32): u32 {'`,
        );
      const summary = /^\/\/ @summary (.+)$/m.exec(text)?.[1];
      if (summary === undefined)
        throw new Error(`src/machine/flows/${file}: opening comment has no '// @summary ...' line`);
      return { name: basename(file, '.ts'), summary, code: index + 1, counting: /^\/\/ @build counting$/m.test(text) };
    });
}

/**
 * Text of src/machine/chosen_flows.ts. Each flow is an export of the module, so that the optimiser does not make one function of all
 * their loops.
 */
export function chosenFlows(flows: readonly MachineFlow[]): string {
  return [
    'import { Scheme } from "./chosen_scheme";',
    'import { HostQueue } from "./layout/queue";',
    ...flows.map(({ name, code }) => `import { run as run${code} } from "./flows/${name}";`),
    ...flows.flatMap(({ name, code }) => [
      `/** Flow ${name}, for a queue that is its front; as run. */`,
      `export function ${exportName(name)}(at: usize, budget: u32, idleTurns: u32): u32 {`,
      `  return run${code}<Scheme>(changetype<HostQueue>(at), budget, idleTurns);`,
      '}',
    ]),
    "/** Works for one host queue in its lane's flow until its completion mark, its budget of I/Os, or idleness; I/Os completed. */",
    'export function run(at: usize, budget: u32, idleTurns: u32): u32 {',
    '  switch (changetype<HostQueue>(at).flow) {',
    ...flows.map(({ name, code }) => `    case ${code}: return ${exportName(name)}(at, budget, idleTurns);`),
    '  }',
    '  return unreachable();',
    '}',
    '',
  ].join('\n');
}

/** Flow `direct` is runDirect. */
function exportName(flow: string): string {
  return `run${flow.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** Text of build/flows.ts. */
export function flowsText(flows: readonly MachineFlow[]): string {
  const list = (counting: boolean): string =>
    `[${flows.flatMap((flow) => (flow.counting === counting ? [`'${flow.name}'`] : [])).join(', ')}]`;
  return [
    '/** Flows that a run may choose. */',
    `export const FLOWS = ${list(false)} as const;`,
    '/** Those that only counting builds have, for tests. */',
    `export const COUNTING_FLOWS = ${list(true)} as const;`,
    'export type Flow = (typeof FLOWS)[number] | (typeof COUNTING_FLOWS)[number];',
    "/** What a lane's I/O does. */",
    'export const FLOW_SUMMARY: Readonly<Record<Flow, string>> = {',
    ...flows.map(({ name, summary }) => `  ${name}: ${JSON.stringify(summary)},`),
    '};',
    '/** HostQueue.flow. */',
    'export const FLOW_CODE: Readonly<Record<Flow, number>> = {',
    ...flows.map(({ name, code }) => `  ${name}: ${code},`),
    '};',
    '',
  ].join('\n');
}
