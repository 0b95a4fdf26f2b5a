// Writes the README's figures from the committed sample sweep, so that no number in it is typed by hand.
// Usage: npm run readme   (npm run sample measures a new one first)
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { formatBytes, formatCount, GIB, MIB, trimNumber } from '../src/base/units.ts';
import { bytesOf } from '../src/catalogue/options/words.ts';
import { armName, comparisonBetween, groupsOf, roleOf } from '../src/report/select/groups.ts';
import { type Cell, parseResult, type Result } from '../src/result/schema.ts';

const README = fileURLToPath(new URL('../README.md', import.meta.url));
const SAMPLE = fileURLToPath(new URL('../reports/sample/result.json', import.meta.url));
const BEGIN = '<!-- figures: npm run readme -->';
const END = '<!-- /figures -->';
/** What the table shows of the surface. */
const SHOWN_BARS = [256 * MIB, 16 * GIB];
const SHOWN_BS = '4096';

const result = parseResult(readFileSync(SAMPLE, 'utf8'), SAMPLE);
const readme = readFileSync(README, 'utf8');
const [start, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
if (start < 0 || end < start) throw new Error(`README.md has no ${BEGIN} ... ${END}`);
writeFileSync(README, `${readme.slice(0, start + BEGIN.length)}\n${figures(result)}\n${readme.slice(end)}`);

/** A table of two points of the sweep; its charts show the rest. */
function figures(of: Result): string {
  const groups = groupsOf(of).filter(
    ({ params }) => params.bs === SHOWN_BS && SHOWN_BARS.includes(bytesOf(params.bar) ?? 0),
  );
  if (groups.length !== SHOWN_BARS.length) throw new Error(`${SAMPLE} lacks a point that README.md shows`);
  const rows = groups.flatMap((group) =>
    group.cells
      .filter((cell) => roleOf(cell) !== 'aa')
      .map((cell) => {
        const bar = formatBytes(bytesOf(group.params.bar) ?? 0);
        if (cell.refused !== undefined) return `| ${bar} | ${armName(cell)} | refused: ${cell.refused.errno} | | | |`;
        return `| ${bar} | ${armName(cell)} | ${iops(cell)} | ${cpu(cell)} | ${counts(cell)} | ${against(of, group.cells, cell)} |`;
      }),
  );
  const { cpu: model, cores, kernel, node } = of.environment;
  return [
    `4 KiB random reads, iodepth 256, batch 32, nothing moved; ${model}, ${cores} cores, Linux ${kernel}, Node ${node}; ${of.run.startedAt.slice(0, 10)}.`,
    'Median, 95 % interval in brackets; the ratio is that of CPU time against page with the same buffers.',
    '',
    '| BAR | scheme/buffers | I/Os per second (threads) | CPU ns per I/O (inline) | page lines / atomics per I/O | ratio |',
    '|---|---|---|---|---|---|',
    ...rows,
  ].join('\n');
}

function iops({ iops: figure }: Cell): string {
  if (figure === null) return '';
  const range = figure.ci95 === null ? '' : ` [${figure.ci95.map((value) => formatCount(value)).join(', ')}]`;
  return `${formatCount(figure.median)}${range}`;
}

function cpu({ cpuNsPerIo }: Cell): string {
  if (cpuNsPerIo === null) return '';
  const range = cpuNsPerIo.ci95 === null ? '' : ` [${cpuNsPerIo.ci95.map((value) => trimNumber(value)).join(', ')}]`;
  return `${trimNumber(cpuNsPerIo.median)}${range}`;
}

function counts({ perIo }: Cell): string {
  return perIo === null ? '' : `${perIo.pageLines} / ${perIo.pageAtomics}`;
}

function against(of: Result, cells: readonly Cell[], cell: Cell): string {
  const other = cells.find(
    (each) => each.scheme === 'page' && each.params.buffers === cell.params.buffers && roleOf(each) !== 'aa',
  );
  const compared = other && comparisonBetween(of, cell, other, 'cpuNsPerIo');
  if (compared === undefined) return '';
  const range = compared.ci95 === null ? '' : ` [${compared.ci95.map((value) => trimNumber(value)).join(', ')}]`;
  return `${trimNumber(compared.ratio)}${range} ${compared.verdict}`;
}
