import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { GLOSSARY } from '../../../build/glossary.ts';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { escapeHtml } from '../../base/escape.ts';
import { GIB } from '../../base/units.ts';
import type { Result } from '../../result/schema.ts';
import { htmlReport } from './html.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: GIB }], sweepBars: [], rounds: 6 });
const parts = { script: 'const a = "</script><!--";', style: 'a::before{content:"</style>"}' };

describe('the document', () => {
  test('carries the whole result', async () => {
    const html = await htmlReport(result, parts);
    const data = /id="result">([^<]*)</.exec(html)?.[1] ?? '';
    expect(JSON.parse(gunzipSync(Buffer.from(data, 'base64')).toString())).toEqual(result);
  });

  test('nothing in script or style ends its element', async () => {
    const html = await htmlReport(result, parts);
    expect(html.match(/<\/script>/g)).toHaveLength(2);
    expect(html.match(/<\/style>/g)).toHaveLength(1);
    expect(html).not.toContain('<!--');
    expect(html).toContain('const a = "\\x3C/script>\\x3C!--";');
  });

  test('text from records is text, in every place that shows it', async () => {
    const evil = '"><script>alert(1)</script>&amp;\'';
    const hostile = structuredClone(result);
    hostile.run.argv = [evil];
    hostile.run.id = evil;
    Object.assign(hostile.environment, { cpu: evil, kernel: evil, node: evil, v8: evil, warnings: [evil] });
    for (const cell of hostile.cells) {
      cell.params.job = evil;
      if (cell.scheme === 'dma_vec') cell.scheme = evil;
      if (cell.refused) cell.refused = { errno: evil, reason: evil };
    }
    const html = await htmlReport(hostile, { script: '', style: '' });
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('&amp;');
    expect(html.split(escapeHtml(evil)).length).toBeGreaterThan(8);
  });

  test('names its only script by hash and nothing else that may be loaded', async () => {
    const html = await htmlReport(result, parts);
    expect(html).toMatch(/default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]{44}'; style-src 'unsafe-inline'/);
    expect(html).not.toMatch(/(src|href)="(?!#)/);
  });

  test('of a sweep names its axes, and the points that have no figures with the reason', async () => {
    const point = { hash: 'cafe', values: { bs: '64k<' }, repeat: 1 };
    const swept: Result = {
      ...result,
      sweep: {
        axes: [{ key: 'bs', param: 'bs', values: ['4k', '64k<'] }],
        repeat: 1,
        cells: [
          { hash: 'beef', values: { bs: '4k' }, repeat: 1, state: 'measured' },
          { ...point, state: 'failed', reason: 'host0 & died' },
        ],
      },
    };
    const html = await htmlReport(swept, parts);
    expect(html).toContain('<li>bs: 4k, 64k&#60;</li>');
    // The glossary's words in its headings are explained.
    expect(html).toContain(`>The <abbr title="${escapeHtml(GLOSSARY.sweep as string)}">sweep</abbr></h2>`);
    expect(html).toContain('2 points: 1 measured, 1 failed');
    expect(html).toContain('<li>cafe (bs 64k&#60;): host0 &#38; died</li>');
  });

  test('of several machines lists them, of a run that broke off says why', async () => {
    const machines = { ...result, environments: ['m1', 'm2'].map((id) => ({ ...result.environment, id })) };
    const html = await htmlReport({ ...machines, run: { ...result.run, failure: 'a worker died' } }, parts);
    expect(html).toContain('machine m2: AMD EPYC');
    expect(html).toContain('the run ended early: a worker died');
  });
});
