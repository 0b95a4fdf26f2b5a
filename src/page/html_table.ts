// Tables of the summary as HTML, and a part of the page that is only built when it is opened.
import type { Table } from '../report/tables/table.ts';
import { h, headingWords } from './dom.ts';

/** A table in a region that scrolls sideways by itself, so that the page never does. */
export function htmlTable(caption: string, { columns, rows }: Table): HTMLElement {
  const side = (i: number): string => (columns[i]?.align === 'right' ? 'number' : '');
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabindex: 0 },
    h(
      'table',
      {},
      h('caption', {}, ...headingWords(caption)),
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          ...columns.map(({ title, meaning }, i) =>
            meaning === undefined
              ? h('th', { scope: 'col', class: side(i) }, ...headingWords(title))
              : h('th', { scope: 'col', class: side(i), title: meaning }, title),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        ...rows.map(({ cells, note }) => {
          const given = cells.map((cell, i) => h('td', { class: side(i) }, cell));
          const rest = columns.length - cells.length;
          return h('tr', {}, ...given, ...(note === undefined ? [] : [h('td', { colspan: Math.max(1, rest) }, note)]));
        }),
      ),
    ),
  );
}

/** A closed part whose content is made at its first opening, and again when `renew` finds it open. */
export interface Drawer {
  element: HTMLDetailsElement;
  /** Gives it another content; built at once only where it is open. */
  renew(build: () => Node): void;
}

export function drawer(title: string): Drawer {
  const body = h('div');
  const element = h('details', {}, h('summary', {}, ...headingWords(title)), body);
  let pending: (() => Node) | undefined;
  const fill = (): void => {
    if (!element.open || pending === undefined) return;
    body.replaceChildren(pending());
    pending = undefined;
  };
  element.addEventListener('toggle', fill);
  return {
    element,
    renew(build) {
      pending = build;
      fill();
    },
  };
}
