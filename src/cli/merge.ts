// p2plab merge DIR...: the folders of a sweep's shards as the one folder that an undivided sweep would have left.

import { join } from 'node:path';
import { EXIT, LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { stateWords } from '../report/sweep_words.ts';
import { checkWritable } from '../report/write.ts';
import { writeSweepFolder } from '../report/write_sweep.ts';
import { cellsThere, copyCell, prepareFolder, writeSweep } from '../sweep/folder.ts';
import { mergeFolders } from '../sweep/merge_folders.ts';
import type { MergeOptions } from './commands/merge.ts';

export async function mergeCommand(dirs: string[], { out }: MergeOptions): Promise<void> {
  const unique = [...new Set(dirs)];
  const { sweep, result, missing } = await mergeFolders(unique);
  await checkWritable(out);
  await prepareFolder(out);
  for (const dir of unique) for (const hash of await cellsThere(dir)) await copyCell(dir, out, hash);
  await writeSweep(out, sweep);
  const { files } = await writeSweepFolder(out, result);
  process.stdout.write(terminalText(`${stateWords(result)}\n${files.map((name) => join(out, name)).join(', ')}\n`));
  const [warning] = result.environments === undefined ? [] : result.environment.warnings;
  if (warning !== undefined) process.stderr.write(terminalText(`p2plab: ${warning}\n`));
  if (missing.length > 0) throw new LabError(missing.join('\n'), EXIT.runFailed);
}
