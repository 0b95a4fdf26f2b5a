import { expect, it } from 'vitest';
import type { Need } from './needs.ts';
import { skipMark } from './needs.ts';
import { sortSkips } from './skip_report.ts';

const need = (reason: string): Need => ({ reason, isThere: () => false });
const EXPECTED = [
  { need: need('no fio'), files: ['a.test.ts'] },
  { need: need('no gcc'), files: ['a.test.ts', 'b.test.ts'] },
];
const sort = (file: string, title: string) => sortSkips([{ file, title }], EXPECTED);

it('a skip for a reason that the list names for its file is reported below that reason', () => {
  const skip = { file: 'a.test.ts', title: `job > runs${skipMark('no fio')}` };
  expect(sortSkips([skip], EXPECTED)).toEqual({ listed: new Map([['no fio', [skip]]]), unlisted: [] });
});

it('a skip without a reason, for another reason or in another file is unexpected', () => {
  expect(sort('a.test.ts', 'job > runs').unlisted).toHaveLength(1);
  expect(sort('a.test.ts', `job > runs${skipMark('no mood')}`).unlisted).toHaveLength(1);
  expect(sort('b.test.ts', `job > runs${skipMark('no fio')}`).unlisted).toHaveLength(1);
});

it('every reason of a title must be listed', () => {
  expect(sort('a.test.ts', `job${skipMark('no gcc')} > runs${skipMark('no fio')}`).unlisted).toEqual([]);
  expect(sort('b.test.ts', `job${skipMark('no gcc')} > runs${skipMark('no fio')}`).unlisted).toHaveLength(1);
});
