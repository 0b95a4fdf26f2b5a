// Golden files are rewritten by `vitest run src/report -u`; read them before committing.
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { resultFixture } from '../../../test/support/result_fixture.ts';
import { GIB, MIB } from '../../base/units.ts';
import type { Result } from '../../result/schema.ts';
import { headlines } from '../findings/headlines.ts';
import { latencyFigures } from '../words/latency.ts';
import { terminalSummary } from './summary.ts';
import { markdownSummary } from './summary_markdown.ts';

const options = { workloads: [{ payload: 'none', bar: 16 * GIB }], sweepBars: [256 * MIB, 64 * GIB] };
const result = resultFixture(options);

/** A changed copy of the fixture. */
function changed(change: (copy: Result) => void): Result {
  const copy = structuredClone(result);
  change(copy);
  return copy;
}

describe('the terminal summary', () => {
  test('is the golden one', async () => {
    await expect(terminalSummary(result)).toMatchFileSnapshot('golden/summary.txt');
  });

  test('shows floor, copy of the reference and refusals with error and reason in every run', () => {
    const text = terminalSummary(result);
    expect(text).toContain('no scheme: the harness');
    expect(text).toContain("page (A')");
    expect(text).toContain('refused: EOPNOTSUPP, user memory reaches the block layer as pages');
  });

  test('has the same text with colours, and none without', () => {
    const coloured = terminalSummary(result, { colour: true });
    expect(coloured).not.toBe(terminalSummary(result));
    expect(stripVTControlCharacters(coloured)).toBe(terminalSummary(result));
  });

  test('a note on an arm says which BAR of a sweep it means, and which of two arms alike', () => {
    const split = changed(({ cells }) => {
      for (const cell of cells.filter(({ params }) => params.sweep !== undefined && params.buffers === 'user')) {
        const levels = [50, 99].map((median, process) => ({ median, ci95: null, processes: [process] }));
        if (cell.cpuNsPerIo !== null) Object.assign(cell.cpuNsPerIo, { levels });
      }
    });
    const notes = terminalSummary(split)
      .split('\n')
      .filter((line) => line.includes('ran at 2 levels'));
    expect(notes).toContain(
      'BAR 64 GiB (memmap 1 GiB): page/user ran at 2 levels of CPU ns/I/O: 50 (process 1), 99 (process 2); the table has the most frequent',
    );
    expect(notes.some((note) => note.startsWith("BAR 256 MiB (memmap 4 MiB): page/user (A') ran"))).toBe(true);
    expect(new Set(notes).size).toBe(notes.length);
  });

  test('leaves out columns nobody measured', () => {
    const inline = changed((copy) => {
      for (const cell of copy.cells) Object.assign(cell, { iops: null, perIo: null, metadataBytes: null });
    });
    const text = terminalSummary(inline);
    expect(text).not.toContain('IOPS [95 %]');
    expect(text).not.toContain('page lines');
    expect(text).toContain('CPU ns/I/O [95 %]');
  });

  test('an inconclusive verdict says what it could have seen, a single round that it was one', () => {
    const unsure = changed(({ comparisons }) => {
      Object.assign(comparisons[0] as object, {
        verdict: 'inconclusive',
        detail: 'inconclusive',
        minDetectable: 0.031,
      });
      Object.assign(comparisons[1] as object, { verdict: 'inconclusive', ci95: null, minDetectable: null });
    });
    expect(terminalSummary(unsure)).toContain('inconclusive (detects 3.1 %)');
    expect(terminalSummary(unsure)).toContain('inconclusive (one round)');
  });

  test('says when a run was interrupted and repeats the warnings of the environment', () => {
    const interrupted = changed(({ run }) => Object.assign(run, { interrupted: true }));
    expect(terminalSummary(interrupted)).toContain('interrupted: fewer rounds than planned');
    expect(terminalSummary(result)).toContain('warning: no CPU frequency control');
  });

  test('says when threads outnumbered cores, and when data was checked or wrong', () => {
    const verified = { ios: 1_000_000, bytes: 4_096_000_000, errors: 0 };
    const checked = changed(({ cells }) => Object.assign(cells[0] as object, { verified, oversubscribed: true }));
    expect(terminalSummary(checked)).toContain('verified: the data of 1 M I/Os was right');
    expect(terminalSummary(checked)).toContain('oversubscribed: more runnable threads than cores');
    const wrong = changed(({ cells }) => Object.assign(cells[0] as object, { verified: { ...verified, errors: 3 } }));
    expect(terminalSummary(wrong)).toContain('DATA ERRORS: page/user: 3 I/Os');
    expect(markdownSummary(wrong)).not.toContain('was right');
  });

  test("a cell's own labels win over the usual ones", () => {
    const modelled = changed(({ cells }) => Object.assign(cells[0] as object, { labels: { latencyNs: 'modelled' } }));
    expect(terminalSummary(modelled)).toMatch(/modelled: latency, metadata/);
  });
});

describe('the Markdown summary', () => {
  test('is the golden one', async () => {
    const charts = [{ file: 'iops_by_scheme.png', title: 'I/Os per second by scheme' }];
    await expect(markdownSummary(result, charts)).toMatchFileSnapshot('golden/summary.md');
  });

  test('of a result without cells is still a document', () => {
    const empty = { ...result, cells: [], comparisons: [] };
    expect(markdownSummary(empty)).toContain('## Environment');
    expect(terminalSummary(empty)).toContain('p2plab 0.1.0');
  });

  test('percentiles with too few samples beyond them are starred', () => {
    const latencyNs = {
      p50: 10,
      p90: 20,
      p99: 30,
      p999: 40,
      max: 50,
      samples: 20_000,
      histogram: null,
      loop: 'closed' as const,
    };
    expect(latencyFigures({ latencyNs })).toEqual(['10 ns', '20 ns', '30 ns', '40 ns*', '50 ns', '20 k', 'closed']);
    expect(latencyFigures({ latencyNs: { ...latencyNs, samples: 100_000 } })?.[3]).toBe('40 ns');
    expect(latencyFigures({ latencyNs: null })).toBeUndefined();
  });
});

describe('headlines', () => {
  test('one for each pair of different schemes that the records compare, or of arms where there is one scheme', () => {
    const arms = (schemes: string[]) =>
      headlines(resultFixture({ ...options, sweepBars: [], schemes })).flatMap(
        (line) => /page\/user, (\S+) does/.exec(line)?.[1] ?? [],
      );
    expect(arms(['page', 'dma_vec', 'vma'])).toEqual([
      'dma_vec/pool',
      'dma_vec/fixed',
      'vma/user',
      'vma/pool',
      'vma/fixed',
    ]);
    expect(arms(['page'])).toEqual(['page/pool', 'page/fixed']);
  });

  test('a reference that differs from its own copy is called out', () => {
    const noisy = changed(({ comparisons }) => {
      const copy = comparisons.find(({ a }) => a.endsWith("'"));
      Object.assign(copy as object, { ratio: 1.08, verdict: 'faster', detail: 'faster' });
    });
    expect(headlines(noisy).join('\n')).toContain('Caution: page/user differs from its own copy in I/Os per second');
    expect(headlines(result).join('\n')).not.toContain('Caution');
  });
});
