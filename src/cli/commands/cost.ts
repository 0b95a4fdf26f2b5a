// Options of `p2plab cost`: those of a run, and what belongs to a simulation.
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { RunOptions } from '../../catalogue/options/catalogue.ts';
import { addRunOptions } from '../../options/run_options.ts';

export interface CostCommandOptions extends Omit<RunOptions, 'cpu'> {
  /** Processors to simulate, and at most one word of `run`'s --cpu (vendor:family, host). */
  cpu: readonly string[];
  pages: 'kernel' | '4k' | '2m';
  prefetch: readonly ('none' | 'next-line')[];
  seeds: number;
  lines: boolean;
  markdown?: string | true;
  csv?: string | true;
  callgrind?: string;
  diff?: readonly [string, string];
  top: number;
}

const MOST_SEEDS = 64;

export function define(command: Command): void {
  addRunOptions(command, ['cpu'])
    .addOption(
      new Option(
        '--cpu <names>',
        'processors to simulate: milan, genoa, turin, spr, graviton4, or FILE.yaml; several with commas; vendor:family or host among them is what --cpu is to run',
      )
        .argParser(words)
        .default(['genoa'], 'genoa'),
    )
    .addOption(
      new Option(
        '--pages <how>',
        'page sizes: kernel (direct map and memmap 2 MiB, what a user has mapped 4 KiB), or all of one size',
      )
        .choices(['kernel', '4k', '2m'])
        .default('kernel'),
    )
    .addOption(
      new Option('--prefetch <kinds>', 'none, next-line, or both with a comma')
        .argParser(prefetchers)
        .default(['none'], 'none'),
    )
    .addOption(
      new Option('--seeds <n>', 'physical placements over which misses are averaged').argParser(seedCount).default(8),
    )
    .addOption(new Option('--no-lines', 'leave out functions and lines of the source'))
    .addOption(
      new Option('--top <n>', 'structures, fields and lines that are listed of each arm')
        .argParser(topCount)
        .default(8),
    )
    .addOption(
      new Option(
        '--diff <a,b>',
        'show what a costs more than b: two of SCHEME/BUFFERS, such as page/fixed,dma_vec/fixed',
      ).argParser(pair),
    )
    .addOption(new Option('--markdown [file]', 'the tables in Markdown to a file, or to stdout'))
    .addOption(new Option('--csv [file]', 'a row for each arm to a file, or to stdout'))
    .addOption(
      new Option('--callgrind <file>', 'instructions and accesses by line for callgrind_annotate and KCachegrind'),
    )
    .action(async (jobFile: string | undefined, options: CostCommandOptions) =>
      (await import('../cost.ts')).costCommand(jobFile, options),
    );
}

function words(text: string): string[] {
  const found = text.split(',').map((word) => word.trim());
  if (found.includes('')) throw new InvalidArgumentError('expected names with commas between them.');
  return [...new Set(found)];
}

function prefetchers(text: string): string[] {
  const found = words(text);
  const wrong = found.find((word) => word !== 'none' && word !== 'next-line');
  if (wrong !== undefined) throw new InvalidArgumentError(`'${wrong}': there are none and next-line.`);
  return found;
}

function wholeNumber(text: string, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || value > most)
    throw new InvalidArgumentError(`expected a whole number from 1 to ${most}.`);
  return value;
}

function seedCount(text: string): number {
  return wholeNumber(text, MOST_SEEDS);
}

function topCount(text: string): number {
  return wholeNumber(text, 1000);
}

function pair(text: string): [string, string] {
  const found = text.split(',').map((word) => word.trim());
  const [a, b] = found;
  if (found.length !== 2 || !a || !b) throw new InvalidArgumentError('expected two arms with a comma between them.');
  return [a, b];
}
