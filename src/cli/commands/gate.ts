// Options of `p2plab gate`.
import { type Command, Option } from 'commander';
import { time } from '../../catalogue/options/kinds.ts';
import { ON_INCONCLUSIVE, type OnInconclusive, RULE_KINDS } from '../../gate/rule_words.ts';
import { commanderOption } from '../../options/run_options.ts';

export interface GateOptions {
  budget?: number;
  inconclusive?: OnInconclusive;
  only?: string[];
  against?: string;
  record?: boolean;
  updateBaselines?: boolean;
  json?: string;
  junit?: string;
  github?: boolean;
  quiet?: boolean;
}

export function define(command: Command): void {
  command
    .addOption(
      commanderOption(
        time('--budget <time>', 'for all timed rules together, as 90s or 3m (default: what the file says)', {}),
      ),
    )
    .addOption(
      new Option(
        '--inconclusive <as>',
        'what an inconclusive rule counts as: pass, fail, or 3, an exit code of its own (default: what the file says)',
      ).choices(ON_INCONCLUSIVE),
    )
    .addOption(
      new Option('--only <kind|name,...>', `only rules of these kinds (${RULE_KINDS.join(', ')}) or names`).argParser(
        (text: string) => text.split(',').map((word) => word.trim()),
      ),
    )
    .addOption(
      new Option(
        '--against <ref>',
        'build that commit beside this one: rules of kind against measure both in alternating processes, those of kind cost compare what both execute and touch, without a clock',
      ),
    )
    .option('--record', 'append the figures of history rules to their files (begins one that is not there)')
    .option(
      '--update-baselines',
      'write what rules of kind cost are held to anew, from this checkout; no other rule is asked',
    )
    .option('--json <file>', 'the verdicts as one document; - is stdout, instead of the table')
    .option('--junit <file>', 'the verdicts as JUnit XML, one test case for each rule')
    .option('--github', 'annotations for GitHub (default: where GITHUB_ACTIONS is true)')
    .option('--quiet', 'no progress on stderr')
    .action(async (path: string | undefined, options: GateOptions) =>
      (await import('../gate.ts')).gateCommand(path, options),
    );
}
