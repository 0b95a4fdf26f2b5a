// The HTML report as it opens: without script, dark, narrow, on paper, with hostile names, with a thousand cells.

import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { GLOSSARY } from '../../build/glossary.ts';
import { GIB, MIB } from '../../src/base/units.ts';
import type { Result } from '../../src/result/schema.ts';
import { resultFixture } from '../support/result_fixture.ts';
import { control, describeInBrowser, grids, isDark, look, result, section, untilDrawn } from './reader.ts';

describeInBrowser('the report in a browser', ({ open, urlOf }) => {
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

  test('headings, columns and controls explain the words of the glossary', async () => {
    const page = await open(result);
    await page.getByText('A row for each cell', { exact: true }).click();
    const explained = await page
      .locator(':is(h2, th, summary, caption) abbr')
      .evaluateAll((all) => all.map((each) => [each.textContent?.toLowerCase() ?? '', each.getAttribute('title')]));
    const found = new Map(explained as [string, string | null][]);
    for (const word of ['ratio', 'cell', 'scheme', 'buffers']) expect(found.get(word), word).toBe(GLOSSARY[word]);
    expect(await page.locator('label abbr').count()).toBeGreaterThan(0);
  });

  test('without a script the answer, the method and the environment can be read', async () => {
    const page = await open(result, { javaScriptEnabled: false });
    await section(page, 'The answer').getByText('comparisons of CPU time per I/O').waitFor();
    await section(page, 'Environment').getByText('AMD EPYC').waitFor();
    await page.getByText('The charts need JavaScript').waitFor();
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
      await expect.poll(() => rows.count(), { timeout: 30_000 }).toBeGreaterThan(900);
    });
  });
});
