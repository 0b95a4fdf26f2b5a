// What `p2plab topology` prints: tree, matrix, reasons, the narrowest link, memory for struct pages, and what the
// source does not tell; and the explanation of one pair.
import { formatBytes } from '../../base/units.ts';
import type { AddressOptions, DmaAddress } from '../addresses.ts';
import { callerMadeAddress, dmaAddress, isPlacedBar, showAddress, translates } from '../addresses.ts';
import { isChipset } from '../classes.ts';
import { describeCpu } from '../cpu.ts';
import type { Verdict } from '../decide.ts';
import { decideFunctions } from '../decide.ts';
import { allVerdicts } from '../document.ts';
import { fix, pathText, unknownFacts, why } from '../explain.ts';
import type { RuleOptions } from '../host_bridge.ts';
import { bottleneckOf, describeLink } from '../links.ts';
import { memmapOfProviders, providerBars } from '../memory/providers.ts';
import type { FunctionId, PciFunction, Topology } from '../model.ts';
import type { BusWindow } from '../routes.ts';
import { landingOf, routesFor } from '../routes.ts';
import { endpoints, findFunction } from '../tree.ts';
import { LEGEND, matrixLines } from './matrix_view.ts';
import type { Style } from './style.ts';
import { treeLines } from './tree_view.ts';
import { wrap } from './wrap.ts';

export interface ViewOptions {
  readonly style: Style;
  /** Columns. */
  readonly width: number;
  /** Chip set functions in the matrix too. */
  readonly all: boolean;
  readonly pageBytes: number;
}

/** Above this many functions the chip set is left out of the matrix unless asked for. */
const MATRIX_COMFORT = 32;

export function topologyReport(topology: Topology, options: RuleOptions, view: ViewOptions): string {
  const { style } = view;
  const shown = shownInMatrix(topology, view.all);
  const numbers = new Map(shown.map((fn, i) => [fn.id, i + 1]));
  const shownIds = shown.map((fn) => fn.id);
  const verdicts = allVerdicts(topology, options).filter((v) => numbers.has(v.provider) && numbers.has(v.client));
  const hidden = endpoints(topology).length - shown.length;
  const title = `${topology.source}: ${topology.functions.length} functions, ${describeCpu(options.cpu)}, rules of Linux ${options.era}`;
  const sections: string[][] = [
    [style.strong(title)],
    treeLines(topology, numbers, style, view.width),
    [
      ...LEGEND.map((line) => style.dim(line)),
      ...(hidden > 0 ? [style.dim(`${hidden} chip set functions are not shown: --all shows them`)] : []),
      ...matrixLines(shownIds, numbers, verdicts, style, view.width),
    ],
    reasonLines(topology, verdicts, options, view),
    linkLines(topology, verdicts, style),
    memmapLines(topology, options, view),
    unknownLines(topology, options, view),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function shownInMatrix(topology: Topology, all: boolean): readonly PciFunction[] {
  const functions = endpoints(topology);
  if (all || functions.length <= MATRIX_COMFORT) return functions;
  return functions.filter((fn) => !isChipset(fn.classCode));
}

/** One entry for each kind of verdict, commonest first, with its reason and fix for one example pair. */
function reasonLines(
  topology: Topology,
  verdicts: readonly Verdict[],
  options: RuleOptions,
  view: ViewOptions,
): string[] {
  const groups = new Map<string, Verdict[]>();
  for (const verdict of verdicts) {
    if (verdict.ground === 'same-function') continue;
    const key = `${verdict.mapType} ${verdict.ground} ${verdict.redirects.join(' ')} ${verdict.hostBridge?.because}`;
    const list = groups.get(key) ?? [];
    groups.set(key, list);
    list.push(verdict);
  }
  const sorted = [...groups.values()].sort((a, b) => b.length - a.length);
  const lines = sorted.slice(0, 12).flatMap((group) => reasonEntry(topology, group, options, view));
  const rest = sorted.length - 12;
  if (rest > 0) lines.push(`  and ${rest} more kinds: --pair A B explains any pair, --json all`);
  return lines.length === 0 ? [] : [view.style.strong('Why'), ...lines];
}

function reasonEntry(topology: Topology, group: readonly Verdict[], options: RuleOptions, view: ViewOptions): string[] {
  const [example] = group;
  if (!example) return [];
  const head = `  ${example.mapType}, ${counted(group.length)}, such as ${example.provider} to ${example.client}`;
  const advice = fix(topology, example, options);
  return [
    head,
    ...wrap(why(topology, example, options), 4, view.width),
    ...(advice === null ? [] : wrap(`fix: ${advice}`, 4, view.width)),
  ];
}

function counted(pairs: number): string {
  return pairs === 1 ? '1 pair' : `${pairs} pairs`;
}

/** The narrowest links on any supported way, and how many pairs they limit. */
function linkLines(topology: Topology, verdicts: readonly Verdict[], style: Style): string[] {
  const limited = new Map<string, { pairs: number; gbPerS: number; words: string }>();
  for (const verdict of verdicts) {
    if (verdict.mapType === 'NOT_SUPPORTED' || verdict.ground === 'same-function') continue;
    const narrow = bottleneckOf(topology, verdict);
    if (!narrow) continue;
    const key = `${narrow.lower} ${narrow.upper}`;
    const words = `${narrow.lower} to ${narrow.upper}: ${describeLink(narrow.link)}`;
    const entry = limited.get(key) ?? { pairs: 0, gbPerS: narrow.link.gbPerS, words };
    limited.set(key, { ...entry, pairs: entry.pairs + 1 });
  }
  const sorted = [...limited.values()].sort((a, b) => a.gbPerS - b.gbPerS || b.pairs - a.pairs);
  if (sorted.length === 0) return [];
  const lines = sorted.slice(0, 6).map((entry) => `  ${entry.words}, limits ${counted(entry.pairs)}`);
  if (sorted.length > 6) lines.push(`  and ${sorted.length - 6} wider ones`);
  return [style.strong('Bottleneck links'), ...lines];
}

function memmapLines(topology: Topology, options: RuleOptions, view: ViewOptions): string[] {
  const cost = memmapOfProviders(topology, view.pageBytes, options.era);
  const head = view.style.strong(
    `struct page memory if these BARs were providers (${formatBytes(view.pageBytes)} pages)`,
  );
  if (cost.perBar.length === 0) return [head, '  none: no prefetchable BAR of 2 MiB or more is known'];
  const sizes = new Map(providerBars(topology).map(({ id, bar }) => [id, bar.bytes]));
  const lines = cost.perBar.map(
    ({ id, index, bytes }) =>
      `  ${id} BAR ${index}  ${formatBytes(sizes.get(id) ?? 0).padStart(9)}  ${formatBytes(bytes).padStart(9)}`,
  );
  return [head, ...lines, `  total ${formatBytes(cost.totalBytes)}`];
}

function unknownLines(topology: Topology, options: RuleOptions, view: ViewOptions): string[] {
  const facts = unknownFacts(topology, options);
  if (facts.length === 0) return [];
  const lines = facts.map(({ what, ids, wouldTell }) => {
    const where = ids.length > 4 ? `${ids.slice(0, 4).join(', ')} and ${ids.length - 4} more` : ids.join(', ');
    const told = `${what}${where === '' ? '' : ` (${where})`}${wouldTell === '' ? '' : `; would tell: ${wouldTell}`}`;
    return wrap(told, 2, view.width);
  });
  return [view.style.strong('Not told by this source'), ...lines.flat()];
}

/**
 * Everything about one ordered pair.
 * @throws LabError when an id is unknown
 */
export function pairReport(
  topology: Topology,
  provider: string,
  client: string,
  options: AddressOptions,
  view: ViewOptions,
): string {
  const [a, b] = [findFunction(topology, provider), findFunction(topology, client)];
  const verdict = decideFunctions(topology, a, b, options);
  const advice = fix(topology, verdict, options);
  const narrow = bottleneckOf(topology, verdict);
  const lines = [
    view.style.strong(
      `${a.id} (provider) to ${b.id} (client): ${verdict.mapType}, distance ${verdict.distance ?? 'unknown'}`,
    ),
    ...wrap(`path: ${pathText(topology, verdict)}`, 2, view.width),
    ...wrap(`why: ${why(topology, verdict, options)}`, 2, view.width),
    ...(advice === null ? [] : wrap(`fix: ${advice}`, 2, view.width)),
    ...(narrow ? [`  narrowest link: ${narrow.lower} to ${narrow.upper}, ${describeLink(narrow.link)}`] : []),
    ...addressLines(topology, a, b.id, options),
  ];
  return `${lines.join('\n')}\n`;
}

/** What must be programmed, and where a caller-made address would go. */
function addressLines(
  topology: Topology,
  provider: PciFunction,
  client: FunctionId,
  options: AddressOptions,
): string[] {
  const bar =
    providerBars(topology).find(({ id }) => id === provider.id)?.bar ??
    provider.bars.find((candidate) => isPlacedBar(candidate));
  if (!bar || !isPlacedBar(bar)) return ['  addresses: no BAR of the provider has a known place'];
  const place = { device: provider.id, bar: bar.index, offset: 0n };
  try {
    const right = dmaAddress(topology, place, client, options);
    const callerMade = callerMadeAddress(topology, place, options);
    const windows = routesFor(topology, client, options);
    return [
      `  BAR ${bar.index}, ${formatBytes(bar.bytes)}: CPU address ${showAddress(bar.cpuStart)}, bus address ${showAddress(callerMade)}`,
      `  the kernel gives the client ${givenWords(windows, right)}`,
      `  a caller-made bus address ${showAddress(callerMade)} reaches ${callerMadeWords(windows, callerMade, options)}`,
    ];
  } catch (error) {
    return [`  addresses: ${(error as Error).message}`];
  }
}

function givenWords(windows: readonly BusWindow[], given: DmaAddress): string {
  switch (given.kind) {
    case 'refused':
      return 'no address: mapping fails with EREMOTEIO';
    case 'unknown':
      return 'an address that depends on what is not known';
    case 'iova':
      return 'an IOVA, made when the request is mapped';
    case 'bus':
    case 'inbound':
      return `${given.kind} address ${showAddress(given.address)}, which reaches ${landingWords(windows, given.address)}`;
  }
}

/** Behind a translating IOMMU an address that no switch claims is looked up in page tables that do not have it. */
function callerMadeWords(windows: readonly BusWindow[], address: bigint, options: AddressOptions): string {
  const isFault = translates(options.iommuMode) && landingOf(windows, address) === undefined;
  return isFault ? 'the IOMMU, which has no mapping for it: a fault' : landingWords(windows, address);
}

function landingWords(windows: readonly BusWindow[], address: bigint | undefined): string {
  if (address === undefined) return 'nothing';
  const landing = landingOf(windows, address);
  if (!landing) return 'nothing: the request fails';
  if (landing.bar === 'ram') return `host RAM at ${showAddress(landing.cpuAddress)}`;
  return `${landing.device} BAR ${landing.bar} at CPU address ${showAddress(landing.cpuAddress)}`;
}
