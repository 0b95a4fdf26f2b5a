// The report as one HTML file: what can be read without a script (the answer, what was found, method, environment) as markup, the
// whole result compressed inside, and the page's script and style (src/page/, built by `npm run build`). It loads nothing, and
// its content security policy says so to the browser.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { EXIT, LabError } from '../../base/errors.ts';
import { escapeHtml } from '../../base/escape.ts';
import type { Environment, Result } from '../../result/schema.ts';
import { answer } from '../findings/answer.ts';
import { headlines } from '../findings/headlines.ts';
import { methodLines } from '../findings/method.ts';
import { axisLines, pointsInState, stateWords, UNMEASURED } from '../findings/sweep_words.ts';
import { explained } from '../words/glossary.ts';
import { legendLines, runLines } from './summary.ts';

const BUILT = new URL('../../../build/page/', import.meta.url);

/** Script and style of the page. */
export interface PageParts {
  script: string;
  style: string;
}

/** @throws LabError when the page has not been built */
export async function readPageParts(): Promise<PageParts> {
  const read = (name: string): Promise<string> => readFile(new URL(name, BUILT), 'utf8');
  try {
    const [script, style] = await Promise.all([read('page.js'), read('page.css')]);
    return { script, style };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new LabError(`the report's page has not been built (${message}). Run: npm run build`);
    throw new LabError(`the report's page cannot be read (${message}).`, EXIT.runFailed);
  }
}

/** The document. It carries the whole result, which the reader can save from the page. */
export async function htmlReport(result: Result, { script, style }: PageParts): Promise<string> {
  const data = (await promisify(gzip)(`${JSON.stringify(result)}\n`, { level: 9 })).toString('base64');
  // A script ends at the first `</script`, wherever it stands; inside JavaScript's strings `<\/` is the same as `</`.
  const code = script.replace(/<(?=\/script|!--)/gi, '\\x3C');
  const title = `p2plab report: ${result.run.id}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${contentPolicy(code)}">
<title>${escapeHtml(title)}</title>
<style>${style.replace(/<\//g, '<\\/')}</style>
</head>
<body>
<a class="skip" href="#answer">To the answer</a>
<header>
<div><h1>What a struct page costs P2PDMA</h1>
${runLines(result).map(paragraph).join('\n')}</div>
<div id="theme"></div>
</header>
<main>
<section aria-labelledby="answer"><h2 id="answer">The answer</h2>
${answer(result).map(paragraph).join('\n')}
</section>
${warnings(result)}
<div id="interactive"><p role="status">The charts need JavaScript; the findings below do not.</p></div>
${findings(result)}
${list('method', 'Method', [...methodLines(result), ...legendLines(result)])}
${environment(result)}
</main>
<script type="application/gzip" id="result">${data}</script>
<script>${code}</script>
</body>
</html>
`;
}

/** Nothing from anywhere, this script alone, styles in the document (chart.js sets sizes by them). */
function contentPolicy(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  return `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
}

const paragraph = (text: string): string => `<p>${escapeHtml(text)}</p>`;

function bullets(lines: readonly string[]): string {
  return `<ul>\n${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n')}\n</ul>`;
}

function list(id: string, title: string, lines: readonly string[]): string {
  return section(id, title, bullets(lines));
}

function section(id: string, title: string, body: string): string {
  return `<section aria-labelledby="${id}"><h2 id="${id}">${heading(title)}</h2>\n${body}\n</section>`;
}

/** With the glossary's words explained where the reader points at them. */
function heading(text: string): string {
  return explained(text)
    .map(({ text: words, meaning }) =>
      meaning === undefined ? escapeHtml(words) : `<abbr title="${escapeHtml(meaning)}">${escapeHtml(words)}</abbr>`,
    )
    .join('');
}

/** A sentence or two for each pair of a run; of a sweep, which has hundreds, its plan and the cells without figures. */
function findings(result: Result): string {
  if (result.sweep === undefined) {
    const lines = headlines(result);
    const body = `<details><summary>${lines.length} sentences</summary>${bullets(lines)}</details>`;
    return section('findings', 'Every finding', body);
  }
  const others = UNMEASURED.flatMap((state) => {
    const lines = pointsInState(result, state);
    return lines.length === 0
      ? []
      : [`<details><summary>${heading(`${lines.length} ${state}`)}</summary>${bullets(lines)}</details>`];
  });
  return section('sweep', 'The sweep', [bullets([...axisLines(result), stateWords(result)]), ...others].join('\n'));
}

function warnings({ run, environment }: Result): string {
  const lines = [
    ...(run.failure === undefined ? [] : [`the run ended early: ${run.failure}`]),
    ...environment.warnings,
  ];
  if (lines.length === 0) return '';
  return `<section class="warnings" aria-labelledby="warnings"><h2 id="warnings">Warnings</h2>\n${bullets(lines)}</section>`;
}

function environment({ run, environment: only, environments }: Result): string {
  const machines: readonly (Environment & { id?: string })[] = environments ?? [only];
  return list('environment', 'Environment', [
    ...machines.map(({ id, cpu, cores, kernel, node, v8 }) =>
      [
        `${id === undefined ? '' : `machine ${id}: `}${cpu}, ${cores} core${cores === 1 ? '' : 's'}`,
        `Linux ${kernel}; Node ${node}, V8 ${v8}`,
      ].join('; '),
    ),
    `Started ${run.startedAt}; command: p2plab ${run.argv.join(' ')}`,
  ]);
}
