// `p2plab topology FILE|PRESET|host`: who can reach whom, at what address, for how many bytes of struct page.

import { once } from 'node:events';
import { LabError, suggestion } from '../base/errors.ts';
import { terminalText } from '../base/escape.ts';
import { writeNamed } from '../base/files.ts';
import { parseBytes } from '../base/units.ts';
import type { AddressOptions, IommuMode, Quirk } from '../topology/addresses.ts';
import { IOMMU_MODES, QUIRKS } from '../topology/addresses.ts';
import { parseCpu } from '../topology/cpu.ts';
import { documentText, topologyDocument } from '../topology/document.ts';
import type { Era } from '../topology/host_bridge.ts';
import { ERAS, eraOf } from '../topology/host_bridge.ts';
import { loadTopology, resolveCpu } from '../topology/load.ts';
import { parsePageSize } from '../topology/memory/memmap.ts';
import { PRESET_NAMES } from '../topology/presets.ts';
import { pairReport, topologyReport } from '../topology/view/report.ts';
import { styleOf } from './colour.ts';
import type { TopologyOptions } from './commands/topology.ts';
import { checkTargets } from './documents.ts';

const DEFAULT_WIDTH = 100;

export async function topologyCommand(sourceWord: string | undefined, options: TopologyOptions): Promise<void> {
  const { pair, rest } = pairOf(options.pair, sourceWord);
  const { source, jsonTo } = sourceAndOutput(rest, options.json);
  const pageBytes = parsePageSize(options.pageSize);
  const choice = options.cpu === undefined ? undefined : parseCpu(options.cpu);
  const asked = addressWords(options);
  await checkTargets({ '--json': jsonTo });
  const topology = await loadTopology(source, parseBytes(options.bar, '--bar'));
  const rules: AddressOptions = {
    ...asked,
    cpu: resolveCpu(choice, topology),
    iommu: options.iommu === undefined ? topology.iommu : asked.iommuMode !== 'off',
  };
  if (jsonTo !== undefined) {
    await writeOut(jsonTo, documentText(topologyDocument(topology, rules, pageBytes, pair)));
    return;
  }
  const width = Math.max(60, process.stdout.columns ?? DEFAULT_WIDTH);
  const style = styleOf(process.stdout);
  const view = { style, width, all: options.all === true, pageBytes };
  const report = pair ? pairReport(topology, ...pair, rules, view) : topologyReport(topology, rules, view);
  await writeOut('-', terminalText(report).split(/(?<=\n)/));
}

/** `--json` may stand before the source and must not swallow it. */
function sourceAndOutput(
  source: string | undefined,
  json: string | true | undefined,
): { source: string; jsonTo: string | undefined } {
  const swallowed = source === undefined && typeof json === 'string' && json !== '-';
  const word = swallowed ? json : source;
  if (word === undefined) {
    throw new LabError(`topology: which one? Give a dump, a preset (${PRESET_NAMES.join(', ')}) or host.`);
  }
  if (json === undefined) return { source: word, jsonTo: undefined };
  return { source: word, jsonTo: json === true || swallowed ? '-' : json };
}

function addressWords(options: TopologyOptions): Omit<AddressOptions, 'cpu' | 'iommu'> {
  return {
    era: eraOf(options.era) ?? (oneOf(options.era, ERAS, '--era') as Era),
    iommuMode: options.iommu === undefined ? 'off' : (oneOf(options.iommu, IOMMU_MODES, '--iommu') as IommuMode),
    quirks: (options.quirk?.split(',') ?? []).map((word) => oneOf(word, QUIRKS, '--quirk') as Quirk),
  };
}

/** The pair, and the source where it was written behind it (`--pair A B FILE`). */
function pairOf(
  words: readonly string[] | undefined,
  source: string | undefined,
): { pair: [string, string] | undefined; rest: string | undefined } {
  if (words === undefined) return { pair: undefined, rest: source };
  const [provider, client, third] = words;
  const isLong = words.length > 3 || (third !== undefined && source !== undefined);
  if (provider === undefined || client === undefined || isLong) {
    throw new LabError(`--pair takes a provider and a client, not ${words.length} words (${words.join(' ')}).`);
  }
  return { pair: [provider, client], rest: source ?? third };
}

function oneOf(word: string, known: readonly string[], option: string): string {
  if (known.includes(word)) return word;
  throw new LabError(`${option}: '${word}' is not one of ${known.join(', ')}${suggestion(word, known) || '.'}`);
}

const PIECE_CHARS = 64 * 1024;

/** Piece by piece, as fast as the reader takes them; a reader that has seen enough (`| head`) ends it quietly. */
async function writeOut(to: string, pieces: Iterable<string>): Promise<void> {
  if (to !== '-') {
    await writeNamed(to, [...pieces].join(''));
    return;
  }
  const { stdout } = process;
  let waiting = '';
  for (const piece of pieces) {
    waiting += piece;
    if (waiting.length < PIECE_CHARS) continue;
    if (!stdout.write(waiting) && !(await drained())) return;
    waiting = '';
  }
  stdout.write(waiting);
}

async function drained(): Promise<boolean> {
  try {
    await once(process.stdout, 'drain');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return false;
    throw error;
  }
}
