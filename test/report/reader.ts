// A reader of the HTML report in a headless browser: opens results, finds what is on the page, and complains after each test about
// everything the page said that it should not have: errors, requests, dialogs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { GIB, MIB } from '../../src/base/units.ts';
import { htmlReport, readPageParts } from '../../src/report/formats/html.ts';
import type { Result } from '../../src/result/schema.ts';
import { launchChromium } from '../support/chromium.ts';
import { CHROMIUM, needing } from '../support/needs.ts';
import { resultFixture } from '../support/result_fixture.ts';
import { scratchFolder } from '../support/scratch.ts';

const workloads = [256 * MIB, 16 * GIB].flatMap((bar) => [4096, 65536].map((bs) => ({ payload: 'none', bar, bs })));

/** Two BARs by two block sizes, with everything a report can show. */
export const result = resultFixture({ workloads, sweepBars: [], stages: true, rounds: 6 });

const TIMEOUT = 120_000;

export interface Reader {
  /** A page that shows the result and is ready to be used. */
  open(of?: Result, options?: BrowserContextOptions): Promise<Page>;
  /** The report's address. */
  urlOf(of: Result): Promise<string>;
}

/** Tests that need a browser; skipped where there is none. */
export function describeInBrowser(what: string, tests: (reader: Reader) => void): void {
  needing(CHROMIUM).describe(
    what,
    () => {
      let browser: Browser;
      let folder = '';
      const urls = new Map<Result, string>();
      const complaints: string[] = [];

      beforeAll(async () => {
        folder = scratchFolder('page');
        browser = await launchChromium();
      }, TIMEOUT);
      afterAll(async () => {
        await browser.close();
      });
      afterEach(async () => {
        for (const context of browser.contexts()) await context.close();
        expect(complaints.splice(0)).toEqual([]);
      });

      const urlOf = async (of: Result): Promise<string> => {
        const known = urls.get(of);
        if (known !== undefined) return known;
        const path = join(folder, `report${urls.size}.html`);
        writeFileSync(path, await htmlReport(of, await readPageParts()));
        const url = pathToFileURL(path).href;
        urls.set(of, url);
        return url;
      };

      const open = async (of: Result = result, options: BrowserContextOptions = {}): Promise<Page> => {
        const url = await urlOf(of);
        const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
        context.setDefaultTimeout(15_000);
        const page = await context.newPage();
        page.on('console', (message) => complaints.push(`console: ${message.text()}`));
        page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
        page.on('dialog', (dialog) => complaints.push(`dialog: ${dialog.message()}`));
        page.on('request', (request) => {
          if (request.url() !== url && !request.url().startsWith('blob:')) complaints.push(`request: ${request.url()}`);
        });
        await page.goto(url);
        if (options.javaScriptEnabled !== false) await page.locator('html[data-ready]').waitFor({ state: 'attached' });
        return page;
      };

      tests({ open, urlOf });
    },
    TIMEOUT,
  );
}

export const control = (page: Page, name: string): Locator => page.getByLabel(name, { exact: true });

export const section = (page: Page, heading: string | RegExp): Locator => page.getByRole('region', { name: heading });

/** The heat maps. */
export const grids = (page: Page): Locator => page.getByRole('grid');

/** What is on a canvas: whether anything is, and the mean brightness of nearly grey pixels (axes, ticks, titles). */
export function look(canvas: Locator): Promise<{ isDrawn: boolean; grey: number }> {
  return canvas.evaluate((element) => {
    const { width, height } = element as HTMLCanvasElement;
    // From a copy: reading the page's own canvas would change how the browser keeps it.
    const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
    copy?.drawImage(element as HTMLCanvasElement, 0, 0);
    const data = copy?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
    let [sum, count] = [0, 0];
    for (let i = 0; i < data.length; i += 4) {
      const [r = 0, g = 0, b = 0, a = 0] = [data[i], data[i + 1], data[i + 2], data[i + 3]];
      if (a < 255 || Math.max(r, g, b) - Math.min(r, g, b) > 12) continue;
      sum += r;
      count++;
    }
    return { isDrawn: data.some((value) => value !== 0), grey: sum / count };
  });
}

/** Brings a canvas into sight and waits for its chart. */
export async function untilDrawn(canvas: Locator): Promise<void> {
  await canvas.scrollIntoViewIfNeeded();
  await expect.poll(async () => (await look(canvas)).isDrawn, { timeout: 10_000 }).toBe(true);
}

export function isDark(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const [red = 255] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
    return red < 128;
  });
}
