// Link bandwidth and the narrowest link between two functions. What a link can do is the lesser of what its two sides can
// (LnkCap); what it does now (LnkSta) may be less only because nobody uses it.
import type { Verdict } from './decide.ts';
import type { FunctionId, Link, PciFunction, Topology } from './model.ts';
import { findFunction } from './tree.ts';

/** Share of the raw bits that carry data, by signalling rate: 8b/10b, 128b/130b, and 64 GT/s flits (242 of 256 bytes). */
function codingShare(gtPerS: number): number {
  if (gtPerS <= 5) return 8 / 10;
  return gtPerS <= 32 ? 128 / 130 : 242 / 256;
}

/** A link from its rate (GT/s) and width (lanes): x16 at 16 GT/s carries 31.5 GB/s each way. */
export function linkOf(gtPerS: number, width: number): Link {
  return { gtPerS, width, gbPerS: (gtPerS * width * codingShare(gtPerS)) / 8 };
}

/** `16 GT/s x16, 31.5 GB/s`. */
export function describeLink(link: Link): string {
  const gb = `${link.gbPerS.toPrecision(3)} GB/s`;
  return link.gtPerS === undefined || link.width === undefined ? gb : `${link.gtPerS} GT/s x${link.width}, ${gb}`;
}

export interface Bottleneck {
  /** Lower and upper end of the link. */
  readonly lower: FunctionId;
  readonly upper: FunctionId;
  /** What it can do; what it does now where only that is told. */
  readonly link: Link;
  /** Set when it is slower or narrower now than it can be. */
  readonly now: Link | undefined;
}

/** `, now 2.5 GT/s x16: idle or degraded`, or nothing. */
export function describeNow(now: Link | undefined): string {
  return now === undefined ? '' : `, now ${now.gtPerS} GT/s x${now.width}: idle or degraded`;
}

/** The narrowest link on a verdict's way; undefined when no link on it is known. Switches' inner buses are no links. */
export function bottleneckOf(topology: Topology, verdict: Verdict): Bottleneck | undefined {
  const up = verdict.up.map((id) => findFunction(topology, id));
  const down = verdict.down.map((id) => findFunction(topology, id));
  const common = verdict.common === null ? undefined : up.at(-1);
  const hops = [...pairsOf(up), ...pairsOf(common ? [...down, common] : down)];
  let narrowest: Bottleneck | undefined;
  for (const [lower, upper] of hops) {
    const ends = linkBetween(lower, upper);
    if (!ends || (narrowest && narrowest.link.gbPerS <= ends.link.gbPerS)) continue;
    narrowest = { lower: lower.id, upper: upper.id, ...ends };
  }
  return narrowest;
}

function pairsOf(chain: readonly PciFunction[]): [PciFunction, PciFunction][] {
  return chain.slice(1).flatMap((upper, i) => {
    const lower = chain[i];
    return lower ? [[lower, upper] as [PciFunction, PciFunction]] : [];
  });
}

/** The link between a function and the bridge above it; undefined inside a switch and where neither side tells. */
function linkBetween(lower: PciFunction, upper: PciFunction): Pick<Bottleneck, 'link' | 'now'> | undefined {
  if (lower.portType === 'downstream' && upper.portType !== 'downstream') return undefined;
  const looksUp = lower.portType !== 'downstream' && lower.portType !== 'root-port';
  const looksDown = upper.portType !== 'upstream' || upper.parent === null;
  const ends = [...(looksUp ? [lower] : []), ...(looksDown ? [upper] : [])];
  const status = ends.map((fn) => fn.link).find((link) => link !== undefined);
  const most = leastOf(ends.flatMap((fn) => (fn.linkMax ? [fn.linkMax] : [])));
  if (!most) return status && { link: status, now: undefined };
  const isLess = status !== undefined && status.gbPerS < most.gbPerS;
  return { link: most, now: isLess ? status : undefined };
}

/** The lesser rate and the lesser width of two sides. */
function leastOf(links: readonly Link[]): Link | undefined {
  const [first, ...others] = links;
  return others.reduce<Link | undefined>((least, link) => {
    if (least?.gtPerS === undefined || least.width === undefined) return link;
    if (link.gtPerS === undefined || link.width === undefined) return least;
    return linkOf(Math.min(least.gtPerS, link.gtPerS), Math.min(least.width, link.width));
  }, first);
}
