// npm run instructions: how many machine instructions the host's side of an I/O takes in the lab and in C, found by stepping through
// both programs. No time is measured: the figures are the same on every x86-64 with the same compilers. About two minutes.
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from '../../src/base/errors.ts';
import { textTable } from '../../src/report/tables/table.ts';
import { compileTwin } from '../support.ts';
import { functionsOfListing, functionsOfSymbols, instructionsPerIo, type Side } from './count.ts';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const IODEPTH = 256;
/** Some turns of all I/Os in flight. */
const LAB_STEPS = 700_000;
const TWIN_STEPS = 320_000;

const PATHS = [
  { name: 'no struct page (dma_vec/fixed; bus addresses)', lab: ['dma_vec', 'fixed'], twin: 0 },
  { name: 'one struct page, pinned (page/user)', lab: ['page', 'user'], twin: 1 },
] as const;

const LAB: Side = {
  turn: /chosen_flows\/run$/,
  functions: /^(?!.*(nvme\/controller|targets\/device|agents\/device)).*\/(machine|targets)\//,
  iosPerTurn: IODEPTH,
};
const TWIN: Side = {
  turn: /^host_turn$/,
  functions: /^(host_turn|reap|end_bio|fill_bio|submit_bio|merged|tag_get|flush_plug|map_data)(\.|$)/,
  iosPerTurn: IODEPTH,
};

/** @throws LabError without a C compiler, or where programs may not be traced */
export function prepare(): { step: string; twin: string; folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'p2plab-step-'));
  try {
    return { ...compileTools(folder), folder };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function compileTools(folder: string): { step: string; twin: string } {
  const step = join(folder, 'step');
  // Not position-independent: it runs at the addresses of its symbol table.
  const twin = compileTwin(folder, '-no-pie');
  if ('missing' in twin) throw new LabError(`${twin.missing}.`);
  try {
    execFileSync('cc', ['-O2', join(HERE, 'step.c'), '-o', step], { stdio: 'pipe' });
  } catch (error) {
    const [first] = (error as Error).message.split('\n');
    throw new LabError(
      `no program to step with: ${first} (install a C compiler: gcc; the processor must be an x86-64)`,
    );
  }
  return { step, twin: twin.binary };
}

export type Tools = ReturnType<typeof prepare>;

export function labInstructions(tools: Tools, [host, buffers]: readonly [string, string], steps: number): number {
  const listing = join(tools.folder, `${host}.code`);
  const out = openSync(listing, 'w');
  const program = [process.execPath, '--no-liftoff', '--print-wasm-code', join(HERE, 'lab_child.ts'), host, buffers];
  const trace = stepThrough(tools, program, steps, { stdio: ['ignore', out, 'pipe'] });
  closeSync(out);
  return instructionsPerIo(trace, functionsOfListing(readFileSync(listing, 'utf8')), LAB);
}

export function twinInstructions(tools: Tools, userPages: number, steps: number): number {
  const path = `path ${userPages} 1 300000 1 1 0\n`;
  const trace = stepThrough(tools, [tools.twin], steps, { input: `${path}mark\n${path}${path}`, stdio: 'pipe' });
  const symbols = execFileSync('nm', ['-S', tools.twin], { encoding: 'utf8' });
  return instructionsPerIo(trace, functionsOfSymbols(symbols), TWIN);
}

function stepThrough(
  { step, folder }: Tools,
  program: readonly string[],
  steps: number,
  options: Parameters<typeof execFileSync>[2],
): BigUint64Array {
  const out = join(folder, 'trace');
  try {
    execFileSync(step, [out, String(steps), ...program], options);
  } catch (error) {
    const said = String((error as { stderr?: Buffer }).stderr ?? (error as Error).message).trim();
    throw new LabError(
      `${said || 'step failed'}. Stepping needs ptrace: not in every container, not with a seccomp filter.`,
    );
  }
  const bytes = readFileSync(out);
  return new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
}

function main(): void {
  const tools = prepare();
  try {
    const rows = PATHS.map(({ name, lab, twin }) => {
      const [ours, native] = [labInstructions(tools, lab, LAB_STEPS), twinInstructions(tools, twin, TWIN_STEPS)];
      return { cells: [name, ours.toFixed(0), native.toFixed(0), (ours / native).toFixed(2)] };
    });
    const right = (title: string) => ({ title, align: 'right' as const });
    const columns = [{ title: 'path', align: 'left' as const }, right('lab'), right('C'), right('lab / C')];
    process.stdout.write(
      `Instructions on the host's side of a 4 KiB read\n\n${textTable({ columns, rows }).join('\n')}\n`,
    );
  } finally {
    rmSync(tools.folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
