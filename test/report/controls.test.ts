// Every control of the HTML report does what it says, to everything it governs.
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { control, describeInBrowser, grids, result, section } from './reader.ts';

describeInBrowser('controls of the report', ({ open }) => {
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
});
