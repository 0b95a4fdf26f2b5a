// The data behind the page as files: made when they are asked for, from what the page carries. No network is involved.

import { leadingKeys } from '../report/findings/sweep_words.ts';
import { cellsTable } from '../report/tables/cells_table.ts';
import { comparisonsTable } from '../report/tables/comparisons_table.ts';
import { csvText } from '../report/tables/csv.ts';
import { h } from './dom.ts';
import type { Embedded } from './embedded.ts';

interface Download {
  name: string;
  what: string;
  type: string;
  content(): string;
}

export function downloads({ text, result }: Embedded): HTMLElement {
  const files: readonly Download[] = [
    { name: 'result.json', what: 'everything, with each round', type: 'application/json', content: () => text },
    {
      name: 'cells.csv',
      what: 'a row for each cell',
      type: 'text/csv',
      content: () => csvText(cellsTable(result, leadingKeys(result))),
    },
    {
      name: 'comparisons.csv',
      what: 'a row for each comparison',
      type: 'text/csv',
      content: () => csvText(comparisonsTable(result)),
    },
  ];
  const items = files.map((file) => {
    const button = h('button', { type: 'button' }, file.name);
    button.addEventListener('click', () => save(file));
    return h('li', {}, button, ` ${file.what}`);
  });
  return h(
    'section',
    { 'aria-labelledby': 'data' },
    h('h2', { id: 'data' }, 'Data'),
    h('ul', { class: 'files' }, ...items),
  );
}

function save({ name, type, content }: Download): void {
  const url = URL.createObjectURL(new Blob([content()], { type: `${type};charset=utf-8` }));
  h('a', { href: url, download: name }).click();
  // The browser has taken hold of the blob by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
