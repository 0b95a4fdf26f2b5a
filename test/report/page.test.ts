// The HTML report as its reader meets it: in a browser, by pointer and by keyboard, dark, narrow, on paper, with hostile names.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { GIB, MIB } from '../../src/base/units.ts';
import { htmlReport, readPageParts } from '../../src/report/html.ts';
import type { Result } from '../../src/report/result.ts';
import { resultFixture } from '../../src/report/result_fixture.ts';
import { findChromium, launchChromium, NEEDS_CHROMIUM } from '../support/chromium.ts';

const workloads = [256 * MIB, 16 * GIB].flatMap((bar) => [4096, 65536].map((bs) => ({ payload: 'none', bar, bs })));
const result = resultFixture({ workloads, sweepBars: [], stages: true, rounds: 6 });

const TIMEOUT = 120_000;

describe.skipIf(findChromium() === undefined)(
  `the report in a browser (${NEEDS_CHROMIUM})`,
  { timeout: TIMEOUT },
  () => {
    let browser: Browser;
    let folder = '';
    const urls = new Map<Result, string>();
    /** Everything a page said that it should not: errors, requests, dialogs. */
    const complaints: string[] = [];

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'p2plab-page-'));
      browser = await launchChromium();
    }, TIMEOUT);
    afterAll(async () => {
      await browser.close();
      rmSync(folder, { recursive: true });
    });
    afterEach(async () => {
      for (const context of browser.contexts()) await context.close();
      expect(complaints.splice(0)).toEqual([]);
    });

    async function urlOf(of: Result): Promise<string> {
      const known = urls.get(of);
      if (known !== undefined) return known;
      const path = join(folder, `report${urls.size}.html`);
      writeFileSync(path, await htmlReport(of, await readPageParts()));
      const url = pathToFileURL(path).href;
      urls.set(of, url);
      return url;
    }

    async function open(of: Result = result, options: BrowserContextOptions = {}): Promise<Page> {
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
    }

    const control = (page: Page, name: string): Locator => page.getByLabel(name, { exact: true });
    const section = (page: Page, heading: string | RegExp): Locator => page.getByRole('region', { name: heading });
    const grids = (page: Page): Locator => page.getByRole('grid');

    /** What is on a canvas: whether anything is, and the mean brightness of nearly grey pixels (axes, ticks, titles). */
    const look = (canvas: Locator): Promise<{ isDrawn: boolean; grey: number }> =>
      canvas.evaluate((element) => {
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
    const untilDrawn = async (canvas: Locator): Promise<void> => {
      await canvas.scrollIntoViewIfNeeded();
      await expect.poll(async () => (await look(canvas)).isDrawn, { timeout: 10_000 }).toBe(true);
    };

    const isDark = (page: Page): Promise<boolean> =>
      page.evaluate(() => {
        const [red = 255] = (getComputedStyle(document.body).backgroundColor.match(/\d+/g) ?? []).map(Number);
        return red < 128;
      });

    test('opens with answer, warnings, controls and every chart, without an error or a request', async () => {
      const page = await open();
      expect(await section(page, 'The answer').locator('p').count()).toBe(3);
      await section(page, 'Warnings').getByText('turbo and governor').waitFor();
      const headings = await page.getByRole('heading', { level: 2 }).allTextContents();
      expect(headings).toEqual([
        'The answer',
        'Warnings',
        'Where schemes differ: ratio of CPU time per I/O',
        'CPU time per I/O against the size of the BAR',
        'CPU time per I/O by address scheme and buffer source',
        'I/Os per second by address scheme and buffer source',
        'Latency: share of I/Os that took longer',
        'Metadata of an address scheme against the size of the BAR',
        'CPU time per I/O by stage of the path',
        'Counts per I/O',
        'Memory and break-even',
        'All figures',
        'Data',
        'Every finding',
        'Method',
        'Environment',
      ]);
      for (const canvas of await page.locator('canvas').all()) {
        await untilDrawn(canvas);
      }
    });

    test('without a script the answer, the method and the environment can be read', async () => {
      const page = await open(result, { javaScriptEnabled: false });
      await section(page, 'The answer').getByText('comparisons of CPU time per I/O').waitFor();
      await section(page, 'Environment').getByText('AMD EPYC').waitFor();
      await page.getByText('The charts need JavaScript').waitFor();
    });

    describe('controls', () => {
      test('the metric governs heat map and cost', async () => {
        const page = await open();
        const before = await grids(page).allTextContents();
        await control(page, 'Metric').selectOption('iops');
        await section(page, 'Where schemes differ: ratio of I/Os per second').waitFor();
        await section(page, 'I/Os per second against the size of the BAR').waitFor();
        expect(await grids(page).allTextContents()).not.toEqual(before);
        await page.getByText('more is better').waitFor();
      });

      test('another reference compares every arm with it', async () => {
        const page = await open();
        await control(page, 'Measured against').selectOption('dma_vec/fixed');
        const rows = await grids(page).first().getByRole('rowheader').allTextContents();
        expect(rows).toEqual(
          ['page/user', 'page/pool', 'page/fixed', 'dma_vec/user', 'dma_vec/pool'].map(
            (arm) => `${arm} against dma_vec/fixed`,
          ),
        );
        await page.getByText('compared here from their shared rounds').waitFor();
      });

      test('axes are chosen freely; choosing one twice swaps them', async () => {
        const page = await open();
        await control(page, 'Heat map columns').selectOption('bs');
        expect(await grids(page).first().getByRole('columnheader').allTextContents()).toEqual([
          'scheme/buffers \\ block size (bs)',
          '4 KiB',
          '64 KiB',
        ]);
        await control(page, 'Heat map rows').selectOption('bs');
        expect(await control(page, 'Heat map columns').inputValue()).toBe('pair');
        expect(await grids(page).first().getByRole('rowheader').allTextContents()).toEqual(['4 KiB', '64 KiB']);
      });

      test('a condition leaves its groups only, in the heat map, the charts and the tables', async () => {
        const page = await open();
        expect(await grids(page).count()).toBe(2);
        const panels = section(page, 'Latency: share of I/Os that took longer').locator('canvas');
        expect(await panels.count()).toBe(4);
        await control(page, 'block size (bs)').selectOption({ label: '64 KiB' });
        expect(await grids(page).count()).toBe(1);
        expect(await panels.count()).toBe(2);
        await page.locator('summary', { hasText: 'A row for each cell' }).click();
        const rows = page.getByRole('table', { name: 'All figures' }).locator('tbody tr');
        await expect.poll(() => rows.count()).toBe(result.cells.length / 2 - 1);
      });

      test('a condition that leaves nothing to draw hides the chart and says so in the heat map', async () => {
        const page = await open();
        await control(page, 'BAR size').selectOption({ label: '16 GiB' });
        expect(
          await section(page, /against the size of the BAR/)
            .filter({ hasText: 'bands' })
            .count(),
        ).toBe(0);
        await control(page, 'dma_vec').uncheck();
        await page.getByText('No comparison meets these conditions.').waitFor();
      });

      test('a hidden scheme leaves charts and tables, and keeps the others’ colours', async () => {
        const page = await open();
        const legend = section(page, 'CPU time per I/O by address scheme and buffer source').locator('.legend');
        const colour = () => legend.locator('li', { hasText: 'dma_vec' }).locator('rect').getAttribute('fill');
        const before = await colour();
        await control(page, 'page').uncheck();
        expect(await legend.allTextContents()).toEqual(['dma_vecnull/fixed (no scheme: the harness)']);
        expect(await colour()).toBe(before);
        expect(await section(page, 'Counts per I/O').locator('tbody').textContent()).not.toContain('pageuser');
        // It still is what others are measured against.
        expect(await grids(page).first().getByRole('rowheader').allTextContents()).toContain(
          'dma_vec/pool against page/user',
        );
      });

      test('break-even follows the two rates, and refuses what is no rate', async () => {
        const page = await open();
        const table = section(page, 'Memory and break-even').locator('tbody');
        await table.getByText('62.5 ns per I/O').waitFor();
        await control(page, 'I/Os per second').fill('500000');
        await table.getByText('125 ns per I/O').waitFor();
        await control(page, 'RAM per core, GiB').fill('0');
        await page.getByRole('alert').waitFor();
        await control(page, 'RAM per core, GiB').fill('8');
        await table.getByText('62.5 ns per I/O').waitFor();
      });

      test('every chart has its figures as a table', async () => {
        const page = await open();
        for (const drawer of await page.getByText('The same figures as a table').all()) {
          await drawer.click();
          const rows = drawer.locator('xpath=..').locator('tbody tr');
          await expect.poll(() => rows.count()).toBeGreaterThan(3);
        }
      });

      test('data can be saved: the result as it is, and tables', async () => {
        const page = await open();
        const save = async (name: string): Promise<string> => {
          const [download] = await Promise.all([
            page.waitForEvent('download'),
            page.getByRole('button', { name }).click(),
          ]);
          expect(download.suggestedFilename()).toBe(name);
          return readFile(await download.path(), 'utf8');
        };
        expect(JSON.parse(await save('result.json'))).toEqual(result);
        expect((await save('cells.csv')).trimEnd().split('\n')).toHaveLength(result.cells.length + 1);
        expect((await save('comparisons.csv')).trimEnd().split('\n')).toHaveLength(result.comparisons.length + 1);
      });
    });

    describe('pointer', () => {
      test('a square under it is told in full: pair, ratio, interval, verdict, both figures', async () => {
        const page = await open();
        await grids(page).first().getByRole('gridcell').nth(2).hover();
        const detail = page.locator('.detail');
        await detail.getByRole('heading', { name: 'dma_vec/pool against page/user' }).waitFor();
        const text = await detail.textContent();
        expect(text).toMatch(/ratio of CPU time per I\/O \[95 %\]0\.\d+ \[0\.\d+, 0\.\d+\]/);
        expect(text).toContain('verdictfaster');
        expect(text).toContain('bs 4 KiB');
      });

      test('a refused square says errno and reason', async () => {
        const page = await open();
        await grids(page).first().getByText('EOPNOTSUPP').first().hover();
        await page.locator('.detail').getByText('EOPNOTSUPP: user memory reaches the block layer as pages').waitFor();
      });
    });

    describe('keyboard alone', () => {
      test('Tab goes through every control in the order of the page, with a visible ring', async () => {
        const page = await open();
        const names: string[] = [];
        for (let i = 0; i < 14; i++) {
          await page.keyboard.press('Tab');
          const { name, outline } = await page.evaluate(() => {
            const element = document.activeElement as HTMLElement;
            const label = document.querySelector(`label[for="${element.id}"]`)?.textContent;
            const box = element.getAttribute('type') === 'checkbox' ? element.closest('label')?.textContent : undefined;
            return {
              name: box ?? label ?? element.getAttribute('role') ?? element.textContent ?? '',
              outline: getComputedStyle(element).outlineStyle,
            };
          });
          names.push(name);
          expect(outline).not.toBe('none');
        }
        expect(names).toEqual([
          ...['To the answer', 'Theme', 'Metric', 'Measured against', 'Heat map columns', 'Heat map rows'],
          ...['BAR size', 'block size (bs)', 'page', 'dma_vec', 'gridcell', 'gridcell', 'img', 'img'],
        ]);
      });

      test('arrows walk through a heat map, which is one stop of Tab and remembers its place', async () => {
        const page = await open();
        const grid = grids(page).first();
        const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');
        await grid.getByRole('gridcell').first().focus();
        expect(await focused()).toMatch(
          /^scheme\/buffers dma_vec\/user against page\/user, BAR size 256 MiB: .*refused/,
        );
        await page.keyboard.press('ArrowDown');
        await page.keyboard.press('ArrowRight');
        expect(await focused()).toMatch(/dma_vec\/pool .*16 GiB: .*ratio 0\.\d+ \[.*\], faster/);
        await page.locator('.detail').getByRole('heading', { name: 'dma_vec/pool against page/user' }).waitFor();
        await page.keyboard.press('ArrowRight');
        expect(await focused()).toMatch(/16 GiB/);
        await page.keyboard.press('Home');
        expect(await focused()).toMatch(/256 MiB/);
        await page.keyboard.press('Tab');
        await page.keyboard.press('Shift+Tab');
        expect(await focused()).toMatch(/dma_vec\/pool .*256 MiB/);
        expect(await grid.locator('[tabindex="0"]').count()).toBe(1);
      });

      test('arrows walk through a chart and tell its points; Escape lets go', async () => {
        const page = await open();
        const chart = section(page, 'CPU time per I/O by address scheme and buffer source');
        await chart.locator('canvas').first().focus();
        const status = chart.locator('[aria-live]').first();
        await page.keyboard.press('ArrowRight');
        await expect.poll(() => status.textContent()).toMatch(/^user, page: [\d.]+ \[[\d.]+, [\d.]+\]$/);
        await page.keyboard.press('ArrowRight');
        await expect.poll(() => status.textContent()).toMatch(/^pool, page: /);
        await page.keyboard.press('ArrowDown');
        await expect.poll(() => status.textContent()).toMatch(/^pool, dma_vec: /);
        await page.keyboard.press('Escape');
        await expect.poll(() => status.textContent()).toBe('');
      });

      test('selects, drawers and buttons answer to keys', async () => {
        const page = await open();
        await control(page, 'Metric').focus();
        await page.keyboard.press('ArrowUp');
        await section(page, 'Where schemes differ: ratio of I/Os per second').waitFor();
        await page.locator('summary', { hasText: 'A row for each cell' }).focus();
        await page.keyboard.press('Enter');
        await page.getByRole('table', { name: 'All figures' }).waitFor();
      });
    });

    describe('light and dark', () => {
      test('follow the system, change with it, and obey the reader', async () => {
        const page = await open(result, { colorScheme: 'dark' });
        expect(await isDark(page)).toBe(true);
        await page.emulateMedia({ colorScheme: 'light' });
        expect(await isDark(page)).toBe(false);
        await control(page, 'Theme').selectOption('dark');
        expect(await isDark(page)).toBe(true);
        await control(page, 'Theme').selectOption('auto');
        expect(await isDark(page)).toBe(false);
      });

      test.each(['light', 'dark'] as const)(
        'text stands out from its ground in %s: 4.5 to 1 or more',
        async (colorScheme) => {
          const page = await open(result, { colorScheme });
          const poor = await page.evaluate(() => {
            const pen = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
            const luminance = (colour: string, under: string): number => {
              if (pen === null) return Number.NaN;
              for (const layer of [under, colour]) {
                pen.fillStyle = layer;
                pen.fillRect(0, 0, 1, 1);
              }
              const [r = 0, g = 0, b = 0] = [...pen.getImageData(0, 0, 1, 1).data.slice(0, 3)].map((value) => {
                const share = value / 255;
                return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
              });
              return 0.2126 * r + 0.7152 * g + 0.0722 * b;
            };
            const groundOf = (element: Element): string => {
              const own = getComputedStyle(element).backgroundColor;
              if (own !== 'rgba(0, 0, 0, 0)' || element.parentElement === null) return own;
              return groundOf(element.parentElement);
            };
            return [
              ...document.querySelectorAll(
                'h1, h2, h3, p, li, td, th, dt, dd, caption, label, summary, select, button, a',
              ),
            ]
              .filter((element) => element.textContent?.trim() !== '' && element.getClientRects().length > 0)
              .flatMap((element) => {
                const ground = groundOf(element);
                const [ink, paper] = [luminance(getComputedStyle(element).color, ground), luminance(ground, ground)];
                const contrast = (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
                return contrast >= 4.5
                  ? []
                  : [`${element.tagName} ${element.textContent?.slice(0, 30)}: ${contrast.toFixed(1)}`];
              });
          });
          expect(poor).toEqual([]);
        },
      );

      test('charts are drawn in the ink of the theme', async () => {
        const page = await open();
        const canvas = section(page, 'CPU time per I/O against the size of the BAR').locator('canvas').first();
        await untilDrawn(canvas);
        const greys = async (): Promise<number> => (await look(canvas)).grey;
        const inLight = await greys();
        await control(page, 'Theme').selectOption('dark');
        const inDark = await greys();
        await control(page, 'Theme').selectOption('light');
        expect(await greys()).toBeCloseTo(inLight, 0);
        expect(inLight).not.toBeCloseTo(inDark, 0);
      });
    });

    test.each([400, 1280])('at %i pixels nothing is wider than the page', async (width) => {
      const page = await open(result, { viewport: { width, height: 800 } });
      await page.locator('summary', { hasText: 'A row for each cell' }).click();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    });

    test('on paper: light, every chart drawn, no controls; the screen is as before', async () => {
      const page = await open(result, { colorScheme: 'dark' });
      await page.evaluate(() => {
        addEventListener('beforeprint', () => {
          const drawn = [...document.querySelectorAll('canvas')].filter((canvas) => canvas.style.width !== '').length;
          document.body.dataset.printed = `${document.documentElement.dataset.theme} ${drawn}`;
        });
      });
      const pdf = await page.pdf({ format: 'A4', printBackground: true });
      expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
      const canvases = await page.locator('canvas').count();
      expect(await page.locator('body').getAttribute('data-printed')).toBe(`light ${canvases}`);
      expect(await isDark(page)).toBe(true);
      await page.emulateMedia({ media: 'print' });
      expect(await page.getByRole('form').first().isVisible()).toBe(false);
      expect(await section(page, 'The answer').isVisible()).toBe(true);
    });

    test('names that are markup are shown as they are, everywhere', async () => {
      const evil = `</script><img src=x onerror="alert('1')"><b>&lt;`;
      const hostile = JSON.parse(
        JSON.stringify(result).replaceAll('dma_vec', JSON.stringify(evil).slice(1, -1)),
      ) as Result;
      Object.assign(hostile.environment, { cpu: evil, warnings: [evil] });
      hostile.run.argv = [evil];
      for (const cell of hostile.cells) cell.params.job = evil;
      for (const cell of hostile.cells.slice(0, 5)) cell.params.rw = evil;
      const page = await open(hostile);
      for (const drawer of await page.locator('summary').all()) await drawer.click();
      await control(page, 'Measured against').selectOption(`${evil}/fixed`);
      await grids(page).first().getByRole('gridcell').nth(1).hover();
      expect(await page.locator('img, b').count()).toBe(0);
      expect(await page.getByText(evil).count()).toBeGreaterThan(10);
      expect(await section(page, 'Environment').textContent()).toContain(evil);
    });

    describe('a thousand cells', () => {
      const many = [256 * MIB, GIB, 4 * GIB, 16 * GIB, 64 * GIB].flatMap((bar) =>
        [512, 4096, 16384, 65536, 131072].flatMap((bs) =>
          [1, 16, 64, 256].map((iodepth) => ({ payload: 'none', bar, bs, iodepth })),
        ),
      );
      const large = resultFixture({ workloads: many, sweepBars: [], schemes: ['page', 'dma_vec', 'phys'], rounds: 6 });

      test('make a file of a few megabytes that draws only what is in sight', async () => {
        expect(large.cells.length).toBeGreaterThan(1000);
        const page = await open(large);
        expect((await readFile(new URL(await urlOf(large)))).length).toBeLessThan(4 * MIB);
        const drawn = await page
          .locator('canvas')
          .evaluateAll((all) => all.filter((each) => each.style.width !== '').length);
        expect(drawn).toBeLessThan(8);
        expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(5000);
      });

      test('show the other maps when asked for, and every cell as a table', async () => {
        const page = await open(large);
        expect(await grids(page).count()).toBe(6);
        await page.getByRole('button', { name: 'Show 14 more' }).press('Enter');
        expect(await grids(page).count()).toBe(20);
        expect(await page.evaluate(() => document.activeElement?.getAttribute('role'))).toBe('gridcell');
        await page.locator('summary', { hasText: 'A row for each cell' }).click();
        const rows = page.getByRole('table', { name: 'All figures' }).locator('tbody tr');
        await expect.poll(() => rows.count()).toBeGreaterThan(900);
      });
    });
  },
);
