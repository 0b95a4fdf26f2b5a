// Light and dark. The style sheet follows the system (`color-scheme`) unless the reader chooses; what is drawn on a canvas has to be
// drawn again. Paper is always light.
import { Chart } from 'chart.js';
import { FONT } from '../report/drawing/chart_style.ts';
import { labelled, select } from './dom.ts';

type Theme = 'auto' | 'light' | 'dark';

/** The control, and a call of `redraw` whenever the colours have changed. */
export function themeControl(redraw: (forPaper: boolean) => void): HTMLElement {
  const root = document.documentElement;
  let chosen: Theme = 'auto';
  const apply = (theme: Theme, forPaper = false): void => {
    root.dataset.theme = theme;
    takeColours();
    redraw(forPaper);
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => apply(chosen));
  addEventListener('beforeprint', () => apply('light', true));
  addEventListener('afterprint', () => apply(chosen));
  takeColours();
  const themes: readonly Theme[] = ['auto', 'light', 'dark'];
  const control = select(
    themes.map((value) => ({ value, label: value })),
    chosen,
    (value) => {
      chosen = value as Theme;
      apply(chosen);
    },
  );
  return labelled('Theme', control);
}

/** Ink and grid of the page for what chart.js draws from now on. */
function takeColours(): void {
  const style = getComputedStyle(document.body);
  Chart.defaults.color = style.color;
  Chart.defaults.borderColor = style.borderBlockStartColor;
  Chart.defaults.font.family = style.fontFamily;
  Chart.defaults.font.size = FONT.size;
}
