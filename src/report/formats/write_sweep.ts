// What a merged sweep leaves in its folder: the result and the report of it. Images are left to `p2plab report`, so that the last point
// of a sweep is not followed by seconds of drawing.
import { join } from 'node:path';
import { checkWritable, writeAtomically } from '../../base/files.ts';
import type { Result } from '../../result/schema.ts';
import { type RunFolder, writeReport } from './write.ts';

/**
 * Writes result.json, then summary.md, report.html and the tables.
 * @throws LabError when the folder or a file cannot be written
 */
export async function writeSweepFolder(dir: string, result: Result): Promise<RunFolder> {
  await checkWritable(dir);
  await writeAtomically(join(dir, 'result.json'), `${JSON.stringify(result)}\n`);
  const { files } = await writeReport(dir, result, { images: false });
  return { dir, files: ['result.json', ...files] };
}
