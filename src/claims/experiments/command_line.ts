// An experiment's options as the command line that repeats it.
import { commandWords } from '../../options/options_object.ts';
import type { OptionsObject } from '../../sweep/options.ts';

/** `p2plab run --scheme=page,dma_vec ...`; options of fio go through --set. @param more words behind them */
export function commandLine(command: string, options: OptionsObject, more: readonly string[] = []): string {
  const { jobFile, words } = commandWords(options, 'claim');
  return ['p2plab', command, ...(jobFile === undefined ? [] : [jobFile]), ...words, ...more].join(' ');
}
