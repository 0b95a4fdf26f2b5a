// The HTML report of a thousand cells: how large it is, how long it takes to write, and to open in a browser until everything can be
// used. Needs Chromium for the last one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GIB, KIB, MIB } from '../src/base/units.ts';
import { htmlReport, readPageParts } from '../src/report/formats/html.ts';
import { findChromium, launchChromium, NEEDS_CHROMIUM } from '../test/support/chromium.ts';
import { resultFixture } from '../test/support/result_fixture.ts';
import { type Effort, goal, type Row, row } from './support.ts';

export const title = 'HTML report of 1,100 cells';

const BARS = [256 * MIB, GIB, 4 * GIB, 16 * GIB, 64 * GIB];
const SIZES = [512, 4 * KIB, 16 * KIB, 64 * KIB, 128 * KIB];
const DEPTHS = [1, 16, 64, 256];

export async function measure({ smoke }: Effort): Promise<Row[]> {
  const points = BARS.flatMap((bar) =>
    SIZES.flatMap((bs) => DEPTHS.map((iodepth) => ({ payload: 'none', bar, bs, iodepth }))),
  );
  const workloads = smoke ? points.slice(0, 2) : points;
  const result = resultFixture({ workloads, sweepBars: [], schemes: ['page', 'dma_vec', 'phys'], stages: true });
  const parts = await readPageParts();
  const times = smoke ? 1 : 7;
  const writing: number[] = [];
  let html = '';
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    html = await htmlReport(result, parts);
    writing.push((performance.now() - start) / 1000);
  }
  return [
    goal(row('size', [html.length / MIB], 'MiB'), 'under 4', (value) => value < 4),
    row('written', writing, 's'),
    ...(await opened(html, times)),
  ];
}

async function opened(html: string, times: number): Promise<Row[]> {
  if (findChromium() === undefined) {
    process.stderr.write(`bench: opening the report ${NEEDS_CHROMIUM}\n`);
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), 'p2plab-bench-page-'));
  const browser = await launchChromium();
  try {
    const path = join(folder, 'report.html');
    writeFileSync(path, html);
    const seconds: number[] = [];
    for (let i = 0; i < times; i++) {
      const page = await browser.newPage();
      const start = performance.now();
      await page.goto(pathToFileURL(path).href);
      await page.locator('html[data-ready]').waitFor({ state: 'attached' });
      seconds.push((performance.now() - start) / 1000);
      await page.close();
    }
    return [goal(row('opened, until it can be used', seconds, 's'), 'under 2', (value) => value < 2)];
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}
