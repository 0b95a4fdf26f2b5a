// Options of `p2plab claims`.
import { type Command, InvalidArgumentError, Option } from 'commander';

export interface ClaimsCommandOptions {
  readonly only?: readonly number[];
  readonly json?: string | true;
  readonly markdown?: string | true;
  readonly quiet?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(new Option('--only <numbers>', 'these claims, such as 7,13').argParser(numbers))
    .option('--json [file]', 'the verdicts as JSON to a file, or to stdout without a file or with -')
    .option('--markdown [file]', 'the verdicts as a table in Markdown to a file, or to stdout')
    .option('--quiet', 'show no progress')
    .action(async (options: ClaimsCommandOptions) => (await import('../claims.ts')).claimsCommand(options));
}

function numbers(text: string): number[] {
  const found = text.split(',').map((word) => word.trim());
  if (!found.every((word) => /^\d{1,3}$/.test(word))) {
    throw new InvalidArgumentError('expected numbers of claims with commas between them, such as 7,13.');
  }
  return found.map(Number);
}
