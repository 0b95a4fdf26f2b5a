// What `p2plab topology` prints: tree, matrix, reasons, the narrowest link, memory for struct pages, and what the
// source does not tell; and the explanation of one pair.
import { plainStrings } from '../../base/escape.ts';
import { formatBytes } from '../../base/units.ts';
import type { AddressOptions, DmaAddress } from '../addresses.ts';
import { callerMadeAddress, dmaAddress, isPlacedBar, showAddress, translates } from '../addresses.ts';
import { isChipset } from '../classes.ts';
import { describeCpu } from '../cpu.ts';
import type { Verdict } from '../decide.ts';
import { decideFunctions } from '../decide.ts';
import { fix, pathText, unknownFacts, why } from '../explain.ts';
import type { FoldedVerdict, FunctionGroup } from '../fold.ts';
import { foldedVerdicts, foldFunctions } from '../fold.ts';
import type { RuleOptions } from '../host_bridge.ts';
import { eraWords } from '../host_bridge.ts';
import type { Bottleneck } from '../links.ts';
import { bottleneckOf, describeLink, describeNow } from '../links.ts';
import { localityOf } from '../locality.ts';
import { memmapOfProviders, providerBars } from '../memory/providers.ts';
import type { FunctionId, PciFunction, Topology } from '../model.ts';
import type { BusWindow } from '../routes.ts';
import { landingOf, routesFor } from '../routes.ts';
import { endpoints, findFunction } from '../tree.ts';
import { LEGEND, matrixLines } from './matrix_view.ts';
import type { Style } from './style.ts';
import { nameWords, treeLines } from './tree_view.ts';
import { wrap } from './wrap.ts';

export interface ViewOptions {
  readonly style: Style;
  /** Columns. */
  readonly width: number;
  /** Chip set functions in the matrix too. */
  readonly all: boolean;
  readonly pageBytes: number;
}

/** Above this many functions the chip set is left out unless asked for. */
const SMALL_MACHINE = 8;
/** Above this many functions those that no third one tells apart share a row and a column. */
const MATRIX_COMFORT = 32;
/** Above this many rows nobody reads a matrix, and each costs as many verdicts. */
const MAX_ROWS = 400;

export function topologyReport(recorded: Topology, options: RuleOptions, view: ViewOptions): string {
  const topology = plainStrings(recorded);
  const { style } = view;
  const shown = shownFunctions(topology, view.all);
  const folding = foldFunctions(topology, shown);
  const isTooMany = folding.groups.length > MAX_ROWS;
  const isFoldedMatrix = shown.length > MATRIX_COMFORT;
  const rows = isFoldedMatrix ? folding.groups : shown.map((fn): FunctionGroup => ({ functions: [fn] }));
  const numbers = new Map(rows.flatMap(({ functions }, i) => functions.map((fn) => [fn.id, i + 1] as const)));
  const folded = isTooMany ? [] : [...foldedVerdicts(folding, options)];
  const hidden = endpoints(topology).length - shown.length;
  const title = `${topology.source}: ${topology.functions.length} functions, ${describeCpu(options.cpu)}, rules of Linux ${eraWords(options.era)}`;
  const sections: string[][] = [
    wrap(title, 0, view.width).map((line) => style.strong(line)),
    treeLines(topology, numbers, style, view.width),
    [
      ...LEGEND.map((line) => style.dim(line)),
      ...(isFoldedMatrix ? FOLDED_LEGEND.map((line) => style.dim(line)) : []),
      ...(hidden > 0 ? [style.dim(`${hidden} chip set functions are not shown: --all shows them`)] : []),
      ...(isTooMany
        ? wrap(
            `${rows.length} rows are too many for a table: --pair A B explains any pair, --json has all`,
            0,
            view.width,
          )
        : matrixLines(
            rows.map(({ functions }) => functions[0].id),
            numbers,
            isFoldedMatrix ? foldedMatrix(rows, folded) : plainMatrix(topology, shown, options),
            style,
            view.width,
          )),
    ],
    reasonLines(topology, folded, options, view),
    linkLines(topology, folded, view),
    nvlinkLines(topology, view),
    memmapLines(topology, options, view),
    unknownLines(topology, options, view),
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

const FOLDED_LEGEND: readonly string[] = [
  'functions that no third one tells apart share a number; a cell shows the farthest two of its row and column',
];

function shownFunctions(topology: Topology, all: boolean): readonly PciFunction[] {
  const functions = endpoints(topology);
  if (all || functions.length <= SMALL_MACHINE) return functions;
  const others = functions.filter((fn) => !isChipset(fn.classCode));
  return others.length === 0 ? functions : others;
}

function plainMatrix(topology: Topology, shown: readonly PciFunction[], options: RuleOptions): Verdict[] {
  return shown.flatMap((provider) => shown.map((client) => decideFunctions(topology, provider, client, options)));
}

/** Of each two groups, both ways round, the verdict on the farthest two. */
function foldedMatrix(rows: readonly FunctionGroup[], folded: readonly FoldedVerdict[]): Verdict[] {
  return folded.flatMap(({ verdict, providers, clients }) => {
    const [a, b] = [rows[providers], rows[clients]].map((row) => row?.functions[0].id ?? '') as [string, string];
    const there = { ...verdict, provider: a, client: b };
    return a === b ? [there] : [there, { ...verdict, provider: b, client: a }];
  });
}

/** Verdicts of one kind. */
interface Reason {
  readonly example: Verdict;
  /** Pairs by how near they are. */
  readonly localities: Map<string, number>;
  readonly advice: string | null;
  pairs: number;
}

/** One entry for each kind of verdict (one for all ports of a switch), commonest first, with one example pair. */
function reasonLines(
  topology: Topology,
  folded: readonly FoldedVerdict[],
  options: RuleOptions,
  view: ViewOptions,
): string[] {
  const reasons = new Map<string, Reason>();
  for (const { verdict, pairs } of folded) {
    if (verdict.provider === verdict.client || pairs === 0) continue;
    const advice = fix(topology, verdict, options);
    const locality = localityOf(topology, verdict) ?? '';
    const { mapType, ground, hostBridge } = verdict;
    const detail = ground === 'acs-redirect' ? advice : '';
    const key = `${mapType} ${ground} ${detail} ${kindOf(hostBridge?.because)}`;
    const reason = reasons.get(key) ?? { example: verdict, localities: new Map(), advice, pairs: 0 };
    reason.pairs += pairs;
    reason.localities.set(locality, (reason.localities.get(locality) ?? 0) + pairs);
    reasons.set(key, reason);
  }
  const sorted = [...reasons.values()].sort((a, b) => b.pairs - a.pairs);
  const lines = sorted.slice(0, 12).flatMap((reason) => reasonEntry(topology, reason, options, view));
  const rest = sorted.length - 12;
  if (rest > 0) lines.push(`  and ${rest} more kinds: --pair A B explains any pair, --json all`);
  return lines.length === 0 ? [] : [view.style.strong('Why'), ...lines];
}

/** A reason without the host bridges it names: the same words about others are the same kind. */
function kindOf(because: string | undefined): string {
  const kinds = (because ?? '')
    .replace(/\b[0-9a-f]{4,8}:[0-9a-f]{2}(?::[01][0-9a-f]\.[0-7])?(?![0-9a-f])/g, '#')
    .split(' and ');
  return [...new Set(kinds)].join(' and ');
}

function reasonEntry(topology: Topology, reason: Reason, options: RuleOptions, view: ViewOptions): string[] {
  const { example, localities, advice, pairs } = reason;
  const near = nearWords(localities);
  const head = `${example.mapType}, ${counted(pairs)}${near}, such as ${example.provider} and ${example.client}, both ways`;
  return [
    ...wrap(head, 2, view.width),
    ...wrap(why(topology, example, options), 4, view.width),
    ...(advice === null ? [] : wrap(`fix: ${advice}`, 4, view.width)),
  ];
}

/** ` (PIX)`, ` (SYS 552, NODE 378)`; nothing where no locality is known. */
function nearWords(localities: ReadonlyMap<string, number>): string {
  const known = [...localities].filter(([locality]) => locality !== '').sort(([, a], [, b]) => b - a);
  if (known.length === 0) return '';
  const isOne = localities.size === 1;
  return ` (${known.map(([locality, count]) => (isOne ? locality : `${locality} ${count}`)).join(', ')})`;
}

function counted(pairs: number): string {
  return pairs === 1 ? '1 pair' : `${pairs} pairs`;
}

/** The narrowest links on any supported way, by what they can do, and how many pairs they limit. */
function linkLines(topology: Topology, folded: readonly FoldedVerdict[], view: ViewOptions): string[] {
  const limited = new Map<string, { pairs: number; gbPerS: number; words: string }>();
  for (const { verdict, pairs } of folded) {
    if (verdict.mapType === 'NOT_SUPPORTED' || verdict.provider === verdict.client) continue;
    const narrow = bottleneckOf(topology, verdict);
    if (!narrow) continue;
    const { lower, upper, link, now } = narrow;
    const words = `${lower} to ${upper}: ${describeLink(link)}${describeNow(now)}`;
    const entry = limited.get(`${lower} ${upper}`) ?? { pairs: 0, gbPerS: link.gbPerS, words };
    limited.set(`${lower} ${upper}`, { ...entry, pairs: entry.pairs + pairs });
  }
  const sorted = [...limited.values()].sort((a, b) => a.gbPerS - b.gbPerS || b.pairs - a.pairs);
  if (sorted.length === 0) return [];
  const lines = sorted
    .slice(0, 6)
    .flatMap((entry) => wrap(`${entry.words}, limits ${counted(entry.pairs)}`, 2, view.width));
  if (sorted.length > 6) lines.push(`  and ${sorted.length - 6} wider ones`);
  return [view.style.strong('Bottleneck links, by what they can do (LnkCap)'), ...lines];
}

/** Links of GPUs among themselves, beside which PCIe is the slow way. */
function nvlinkLines(topology: Topology, view: ViewOptions): string[] {
  const lines = topology.functions.flatMap((fn) =>
    (fn.nvlinks ?? []).map(({ target, count }) => `  ${fn.id} to ${target}: NV${count}`),
  );
  return lines.length === 0 ? [] : [view.style.strong('NVLink'), ...lines];
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
  recorded: Topology,
  provider: string,
  client: string,
  options: AddressOptions,
  view: ViewOptions,
): string {
  const topology = plainStrings(recorded);
  const [a, b] = [findFunction(topology, provider), findFunction(topology, client)];
  const verdict = decideFunctions(topology, a, b, options);
  const advice = fix(topology, verdict, options);
  const narrow = bottleneckOf(topology, verdict);
  const back = decideFunctions(topology, b, a, options);
  const isSame = back.distance === verdict.distance && back.mapType === verdict.mapType;
  const bothWays = a !== b && isSame ? ', the same the other way' : '';
  const locality = localityOf(topology, verdict);
  const nearness = locality === undefined ? '' : ` (${locality})`;
  const lines = [
    ...wrap(
      `${a.id} (provider) to ${b.id} (client): ${verdict.mapType}, distance ${verdict.distance ?? 'unknown'}${nearness}${bothWays}`,
      0,
      view.width,
    ).map((line) => view.style.strong(line)),
    ...[a, b].flatMap((fn) => nameLines(fn, view)),
    ...wrap(`path: ${pathText(topology, verdict)}`, 2, view.width),
    ...wrap(`why: ${why(topology, verdict, options)}`, 2, view.width),
    ...(advice === null ? [] : wrap(`fix: ${advice}`, 2, view.width)),
    ...(narrow ? wrap(`narrowest link: ${linkWords(narrow)}`, 2, view.width) : []),
    ...addressLines(topology, a, b.id, options).flatMap((line) => wrap(line.trim(), 2, view.width)),
  ];
  return `${lines.join('\n')}\n`;
}

function linkWords({ lower, upper, link, now }: Bottleneck): string {
  return `${lower} to ${upper}, ${describeLink(link)}${describeNow(now)}`;
}

/** `0000:81:00.0 is Samsung ..., nvme0n1, driver nvme, slot 5`. */
function nameLines(fn: PciFunction, view: ViewOptions): string[] {
  const words = nameWords(fn);
  return words.length === 0 ? [] : wrap(`${fn.id} is ${words.join(', ')}`, 2, view.width);
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
