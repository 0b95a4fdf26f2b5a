// The whole command line as a function: from words to an exit code. One file per command in this folder; this one only wires them up
// and turns errors into exit codes.
import { Command, CommanderError } from 'commander';
import { EXIT, LabError } from '../base/errors.ts';

/** Each command file of this folder adds itself to the program. */
const COMMANDS: readonly (() => Promise<{ register(program: Command): void }>)[] = [
  () => import('./run.ts'),
  () => import('./sweep.ts'),
  () => import('./merge.ts'),
  () => import('./report.ts'),
  () => import('./topology.ts'),
  () => import('./memory.ts'),
  () => import('./layout.ts'),
  () => import('./doctor.ts'),
  () => import('./gate.ts'),
];

/** Runs one command. Sets `process.exitCode`. @param argv as `process.argv`: the interpreter and the script come first */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command('p2plab')
    .description('Measures what a struct page costs Linux peer-to-peer DMA, and what the alternatives cost instead.')
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const load of COMMANDS) (await load()).register(program);
  program.commands.forEach((command) => {
    command.exitOverride().configureOutput({ outputError: () => {} });
  });
  try {
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** Says what went wrong on stderr and gives the exit code: a message for users' errors, a stack for bugs. */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    process.stderr.write(`p2plab: ${error.message.replace(/^error: /, '')}\n`);
    return EXIT.usage;
  }
  if (error instanceof LabError) {
    process.stderr.write(`p2plab: ${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`p2plab: unexpected error, please report it\n${(error as Error)?.stack ?? String(error)}\n`);
  return EXIT.runFailed;
}
