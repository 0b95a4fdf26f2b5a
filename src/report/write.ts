// The folder of a run: result, raw rounds, and the report of them (summary, page, tables, charts). Every file is written beside its
// place and then renamed, so that a reader never sees half of one and an interruption leaves what was there before.
import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { EXIT, LabError } from '../base/errors.ts';
import { plainStrings } from '../base/escape.ts';
import { cellsTable } from './cells_table.ts';
import { loadCharts } from './charts.ts';
import { comparisonsTable } from './comparisons_table.ts';
import { csvText } from './csv.ts';
import { htmlReport, readPageParts } from './html.ts';
import { viewOf } from './look.ts';
import { renderPng } from './render_png.ts';
import type { RawSample, Result } from './result.ts';
import { type ChartLink, markdownSummary } from './summary_markdown.ts';
import { sweepSummary } from './sweep_markdown.ts';
import { leadingKeys } from './sweep_words.ts';

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
  await orExplain(dir, () => makeFolder(resolve(dir)));
  await writeAtomically(join(dir, 'result.json'), `${JSON.stringify(result, null, 1)}\n`);
  await writeAtomically(join(dir, 'rounds.jsonl'), rounds.map((record) => `${JSON.stringify(record)}\n`).join(''));
  const report = await writeReport(dir, result);
  return { dir, files: ['result.json', 'rounds.jsonl', ...report.files] };
}

/**
 * Writes everything that is made of a result: summary.md, report.html, the tables as CSV, and the charts it has data for.
 * @param dir created if missing
 * @param images whether to draw the charts as PNG too: the one part that takes seconds
 * @throws LabError when the folder or a file cannot be written
 */
export async function writeReport(dir: string, result: Result, { images = true } = {}): Promise<RunFolder> {
  await orExplain(dir, () => makeFolder(resolve(dir)));
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
  for (const { link, spec } of charts) await write(link.file, await renderPng(spec));
  return { dir, files };
}

/**
 * Makes a folder and those above it. Not by mkdir's `recursive`: where the folder above exists but takes no entries, as in /proc,
 * Node 24 tries for ever.
 */
async function makeFolder(dir: string): Promise<void> {
  try {
    await mkdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(dir)).isDirectory()) return;
    if (code !== 'ENOENT' || dirname(dir) === dir) throw error;
    await makeFolder(dirname(dir));
    await mkdir(dir);
  }
}

/**
 * Writes a file so that it is there whole or not at all.
 * @throws LabError with the path and what to do when it cannot be written
 */
export async function writeAtomically(path: string, content: string | Buffer): Promise<void> {
  const temporary = `${path}.${uniqueWord()}.tmp`;
  await orExplain(path, async () => {
    try {
      await writeFile(temporary, content);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
  });
}

/** Not the process's number alone: processes of several machines that share a folder may have the same. */
function uniqueWord(): string {
  return `${process.pid}.${randomBytes(4).toString('hex')}`;
}

const ADVICE: Readonly<Record<string, string>> = {
  EACCES: 'You may not write there; choose another folder with --out',
  EPERM: 'You may not write there; choose another folder with --out',
  EROFS: 'The file system is read-only; choose another folder with --out',
  ENOSPC: 'The disk is full; free some space or choose another folder with --out',
  EDQUOT: 'Your disk quota is used up; free some space or choose another folder with --out',
  ENOENT: 'A folder above it cannot be made; choose another folder with --out',
  ENOTDIR: 'A part of the path is a file; choose another folder with --out',
  EEXIST: 'There is a file of that name; choose another folder with --out',
  EISDIR: 'There is a folder of that name; remove it or choose another folder with --out',
};

async function orExplain(path: string, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new LabError(
      `cannot write ${path}: ${ADVICE[code] ?? 'Choose another folder with --out'} (${message}).`,
      EXIT.usage,
    );
  }
}

/**
 * Makes sure before a run that its results can be written: creates the folder and a file in it.
 * @throws LabError with the path and what to do
 */
export async function checkWritable(dir: string): Promise<void> {
  await orExplain(dir, async () => {
    await makeFolder(resolve(dir));
    const probe = join(dir, `.p2plab.${uniqueWord()}.tmp`);
    await writeFile(probe, '');
    await rm(probe);
  });
}
