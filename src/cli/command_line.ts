// The whole command line as a function: from words to an exit code.
import { Command, CommanderError } from 'commander';
import { EXIT, LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { version } from '../base/version.ts';
import { addCommands } from './commands.ts';

/** Runs one command. Sets `process.exitCode`. @param argv as `process.argv`: the interpreter and the script come first */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  const program = new Command('p2plab')
    .description('Measures what a struct page costs Linux peer-to-peer DMA, and what the alternatives cost instead.')
    .version(version())
    .addHelpText(
      'after',
      '\nExit codes: 0 done, 1 gate failed, 2 bad usage or input, 3 inconclusive gate, 4 run failed, 130 interrupted.',
    )
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .configureHelp({ subcommandTerm });
  try {
    await addCommands(program, argv.slice(2));
    for (const command of program.commands) command.exitOverride().configureOutput({ outputError: () => {} });
    if (argv.length <= 2) program.outputHelp();
    else await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

/** A command as help lists it; every command has options, though only the asked one's are known. */
function subcommandTerm(command: Command): string {
  const words = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...(command.name() === 'help' ? [] : ['[options]']), ...words].join(' ');
}

/** Says what went wrong on stderr and gives the exit code: a message for users' errors, a stack for bugs. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    process.stderr.write(terminalText(`p2plab: ${error.message.replace(/^error: /, '')}\n`));
    return EXIT.usage;
  }
  if (error instanceof LabError) {
    process.stderr.write(terminalText(`p2plab: ${error.message}\n`));
    return error.exitCode;
  }
  process.stderr.write(
    terminalText(`p2plab: unexpected error, please report it\n${(error as Error)?.stack ?? String(error)}\n`),
  );
  return EXIT.runFailed;
}
