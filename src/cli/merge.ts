// p2plab merge DIR...: the folders of a sweep's shards as the one folder that an undivided sweep would have left.
import { EXIT, LabError } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { checkWritable } from '../base/files.ts';
import { writeSweepFolder } from '../report/formats/write_sweep.ts';
import { copyPoint, prepareFolder, writeSweep } from '../sweep/folder.ts';
import { lockFolder } from '../sweep/lock.ts';
import { mergeFolders } from '../sweep/merge_folders.ts';
import type { MergeOptions } from './commands/merge.ts';
import { printSweep } from './sweep_output.ts';

export async function mergeCommand(dirs: string[], { out }: MergeOptions): Promise<void> {
  const { sweep, documents, result, missing } = await mergeFolders([...new Set(dirs)]);
  await checkWritable(out);
  const lock = await lockFolder(out, undefined, { what: 'a merge' });
  try {
    await prepareFolder(out, true);
    for (const { hash, path, result: point } of documents) await copyPoint(out, hash, { path, result: point });
    await writeSweep(out, sweep);
    const folder = await writeSweepFolder(out, result);
    const [warning] = result.environments === undefined ? [] : result.environment.warnings;
    if (warning !== undefined) process.stderr.write(terminalText(`p2plab: ${warning}\n`));
    printSweep(result, folder);
  } finally {
    await lock.release();
  }
  if (missing.length > 0) throw new LabError(missing.join('\n'), EXIT.runFailed);
}
