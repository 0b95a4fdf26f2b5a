// The catalogue's options for commander. What they add up to is resolve_run.ts's: this file is loaded for every help text and imports
// little.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { POINT_OPTIONS, RUN_OPTIONS, type RunOptions } from '../catalogue/options/catalogue.ts';
import { type OptionDefinition, type Options, UnfitWord } from '../catalogue/options/definition.ts';

/** Adds every option of a run to a command. @param own those that the command has in a way of its own */
export function addRunOptions(command: Command, own: readonly (keyof RunOptions)[] = []): Command {
  const shared = Object.entries(RUN_OPTIONS).filter(([name]) => !own.includes(name as keyof RunOptions));
  return addOptions(command, Object.fromEntries(shared));
}

/** The options that decide what is measured and how, without those about where the result goes. */
export function addMeasuringOptions(command: Command): Command {
  return addOptions(command, POINT_OPTIONS);
}

function addOptions(command: Command, options: Options): Command {
  for (const definition of Object.values(options)) command.addOption(commanderOption(definition));
  return command;
}

export function commanderOption({ flag, help, fallback, fallbackWords, parse }: OptionDefinition): Option {
  const option = new Option(flag, help);
  if (option.required) {
    option.argParser((word: string, previous: unknown) => {
      try {
        return parse(word, previous);
      } catch (error) {
        throw error instanceof UnfitWord ? new InvalidArgumentError(error.message) : error;
      }
    });
  }
  return fallback === undefined ? option : option.default(fallback, fallbackWords);
}
