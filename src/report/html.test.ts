import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { GIB } from '../base/units.ts';
import { escapeHtml, htmlReport } from './html.ts';
import { resultFixture } from './result_fixture.ts';

const result = resultFixture({ workloads: [{ payload: 'none', bar: GIB }], sweepBars: [], rounds: 6 });
const parts = { script: 'const a = "</script><!--";', style: 'a::before{content:"</style>"}' };

describe('the document', () => {
  test('carries the result byte for byte', async () => {
    const text = `${JSON.stringify(result)}\n`;
    const html = await htmlReport(result, text, parts);
    const data = /id="result">([^<]*)</.exec(html)?.[1] ?? '';
    expect(gunzipSync(Buffer.from(data, 'base64')).toString()).toBe(text);
  });

  test('nothing in script or style ends its element', async () => {
    const html = await htmlReport(result, '{}', parts);
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
    const html = await htmlReport(hostile, '{}', { script: '', style: '' });
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain('&amp;');
    expect(html.split(escapeHtml(evil)).length).toBeGreaterThan(8);
  });

  test('names its only script by hash and nothing else that may be loaded', async () => {
    const html = await htmlReport(result, '{}', parts);
    expect(html).toMatch(/default-src 'none'; script-src 'sha256-[A-Za-z0-9+/=]{44}'; style-src 'unsafe-inline'/);
    expect(html).not.toMatch(/(src|href)="(?!#)/);
  });
});
