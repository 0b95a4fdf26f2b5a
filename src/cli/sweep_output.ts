// What a sweep and a merge print at their end: the points' figures, and where the report is in the last line.
import { join } from 'node:path';
import { terminalText } from '../base/escape.ts';
import { paintOf } from '../report/formats/summary.ts';
import { terminalSweep } from '../report/formats/sweep_terminal.ts';
import type { RunFolder } from '../report/formats/write.ts';
import type { Result } from '../result/schema.ts';
import { hasColour } from './colour.ts';

/** @param counted behind the number of points in each state */
export function printSweep(result: Result, { dir, files }: RunFolder, counted = ''): void {
  process.stdout.write(terminalText(terminalSweep(result, paintOf(hasColour(process.stdout)), counted)));
  process.stdout.write(terminalText(`${files.length} files in ${dir}\n${join(dir, 'report.html')}\n`));
}
