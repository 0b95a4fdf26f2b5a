// The HTML report by pointer, and by keyboard alone.
import { describe, expect, test } from 'vitest';
import { control, describeInBrowser, grids, section } from './reader.ts';

describeInBrowser('the report by pointer and keyboard', ({ open }) => {
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
      expect(await focused()).toMatch(/^scheme\/buffers dma_vec\/user against page\/user, BAR size 256 MiB: .*refused/);
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
});
