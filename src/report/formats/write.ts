// The folder of a run: result, raw rounds, and the report of them (summary, page, tables, charts).
import { join } from 'node:path';
import { plainStrings } from '../../base/escape.ts';
import { makeFolder, writeAtomically } from '../../base/files.ts';
import type { RawSample, Result } from '../../result/schema.ts';
import { loadCharts } from '../drawing/charts.ts';
import { viewOf } from '../drawing/look.ts';
import { leadingKeys } from '../findings/sweep_words.ts';
import { cellsTable } from '../tables/cells_table.ts';
import { comparisonsTable } from '../tables/comparisons_table.ts';
import { csvText } from '../tables/csv.ts';
import { htmlReport, readPageParts } from './html.ts';
import { type ChartLink, markdownSummary } from './summary_markdown.ts';
import { sweepSummary } from './sweep_markdown.ts';

/** One line of rounds.jsonl: a timed slice of a cell, with whatever else the run recorded about it. */
export interface RoundRecord extends RawSample {
  /** Id of the cell. */
  cell: string;
  [extra: string]: unknown;
}

export interface RunFolder {
  dir: string;
  /** Names of the files that were written, in that order. */
  files: string[];
}

/** The raw samples of all cells as lines for rounds.jsonl. */
export function roundRecords(result: Result): RoundRecord[] {
  return result.cells.flatMap(({ id, rounds }) => rounds.map((sample) => ({ cell: id, ...sample })));
}

/**
 * Writes result.json, rounds.jsonl and the report, in this order: what costs most to lose first.
 * @param dir created if missing
 * @throws LabError when the folder or a file cannot be written
 */
export async function writeRunFolder(
  dir: string,
  result: Result,
  rounds: readonly RoundRecord[] = roundRecords(result),
): Promise<RunFolder> {
  await makeFolder(dir);
  await writeAtomically(join(dir, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  await writeAtomically(join(dir, 'rounds.jsonl'), rounds.map((record) => `${JSON.stringify(record)}\n`).join(''));
  // Whoever ends a run does not wait for charts; `p2plab report` draws them.
  const report = await writeReport(dir, result, { images: result.run.interrupted !== true });
  return { dir, files: ['result.json', 'rounds.jsonl', ...report.files] };
}

/**
 * Writes everything that is made of a result: summary.md, report.html, the tables as CSV, and the charts it has data for.
 * @param dir created if missing
 * @param images whether to draw the charts as PNG too: the one part that takes seconds
 * @throws LabError when the folder or a file cannot be written
 */
export async function writeReport(dir: string, result: Result, { images = true } = {}): Promise<RunFolder> {
  await makeFolder(dir);
  const files: string[] = [];
  const write = async (name: string, content: string | Buffer): Promise<void> => {
    await writeAtomically(join(dir, name), content);
    files.push(name);
  };
  const drawn = plainStrings(result);
  const view = viewOf(drawn);
  const charts = (images ? await loadCharts() : []).flatMap(({ name, title, build }) => {
    const spec = build(drawn, view);
    return spec === undefined ? [] : [{ link: { file: `${name}.png`, title } satisfies ChartLink, spec }];
  });
  const links = charts.map(({ link }) => link);
  await write('summary.md', result.sweep === undefined ? markdownSummary(result, links) : sweepSummary(result));
  await write('report.html', await htmlReport(result, await readPageParts()));
  await write('cells.csv', csvText(cellsTable(result, result.sweep === undefined ? undefined : leadingKeys(result))));
  await write('comparisons.csv', csvText(comparisonsTable(result)));
  if (charts.length > 0) {
    // The canvas takes long to load: only where something is drawn.
    const { renderPng } = await import('../drawing/render_png.ts');
    for (const { link, spec } of charts) await write(link.file, await renderPng(spec));
  }
  return { dir, files };
}
