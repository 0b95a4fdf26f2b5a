// A verdict in words: the path, the port or bridge that decided, and what to do about it.
import { acsFix } from './acs_fix.ts';
import { knownOffset } from './addresses.ts';
import { isX86 } from './cpu.ts';
import type { Verdict } from './decide.ts';
import { hasAcsRedirect } from './decide.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { FunctionId, HostBridge, PciFunction, Topology } from './model.ts';
import { ACS_BIT_NAMES, ACS_REDIRECT_MASK } from './model.ts';
import { endpoints, findFunction, indexOf } from './tree.ts';
import { listed } from './words.ts';

/** What decided, one line. */
export function why(topology: Topology, verdict: Verdict, options: RuleOptions): string {
  switch (verdict.ground) {
    case 'same-function':
      return 'provider and client are the same function';
    case 'common-bridge':
      return `both below ${verdict.common}, no ACS redirect on the way`;
    case 'unknown-acs':
      return `both below ${verdict.common}, but the ACS control of ${listed(verdict.acsUnknown)} is not known`;
    case 'unknown-tree':
      return topology.everyPort
        ? 'the source does not tell which bridges are above the two'
        : `${topology.format} leaves out ports, so the way between the two is not known`;
    case 'acs-redirect':
      return acsWhy(topology, verdict, options);
    case 'no-common-bridge':
      return `no bridge in common, so through the host bridge${outcome(verdict)}`;
  }
}

function acsWhy(topology: Topology, verdict: Verdict, options: RuleOptions): string {
  const ports = verdict.redirects.map((id) => {
    const fn = findFunction(topology, id);
    return `${id} (${redirectBits(fn).join(' ')})`;
  });
  const sent = `ACS redirect at ${listed(ports)}`;
  if (options.era === '5.2') return `${sent}: v5.2 refuses any redirect`;
  return `${sent} sends requests up to the host bridge${outcome(verdict)}`;
}

function outcome(verdict: Verdict): string {
  const answer = verdict.hostBridge;
  if (!answer) return '';
  const word = answer.allowed === undefined ? 'may or may not forward' : answer.allowed ? 'allowed' : 'refused';
  return `, ${word}: ${answer.because}`;
}

/** The redirect bits that are set, in lspci's words. */
export function redirectBits(fn: PciFunction): string[] {
  const { acs } = fn;
  if (typeof acs !== 'number') return [];
  return ACS_BIT_NAMES.filter((_, bit) => (acs & ACS_REDIRECT_MASK & (1 << bit)) !== 0);
}

/** What would make it work, or better, or known; null when there is nothing to do. */
export function fix(topology: Topology, verdict: Verdict, options: RuleOptions): string | null {
  switch (verdict.ground) {
    case 'same-function':
    case 'common-bridge':
      return null;
    case 'unknown-acs':
      return `to know: lspci -vvvnn as root, which shows ACSCtl of ${listed(verdict.acsUnknown)}`;
    case 'unknown-tree':
      return 'to know: lspci -vvvnn as root, or p2plab topology host on that machine';
    case 'acs-redirect':
      return acsFix(topology, verdict);
    case 'no-common-bridge':
      return hostBridgeFix(topology, verdict, options);
  }
}

function hostBridgeFix(topology: Topology, verdict: Verdict, options: RuleOptions): string | null {
  if (verdict.mapType === 'UNKNOWN') return `to know: ${verdict.hostBridge?.wouldTell}`;
  if (verdict.mapType !== 'NOT_SUPPORTED') return null;
  const bridge =
    options.era === '5.2'
      ? 'a kernel from v5.10 on, which knows more CPUs and host bridges'
      : 'a machine whose CPU or host bridge the kernel allows (AMD Zen, or the Intel Xeon list)';
  const same = verdict.hostBridge?.sameBridge;
  const slots = same === undefined ? [] : [`put both below host bridge ${same}`];
  return [otherSlot(topology, verdict), ...slots, bridge].join('; or ');
}

/** Where to move one of the two so that both are below one switch. What stands on a root bus is soldered there. */
function otherSlot(topology: Topology, verdict: Verdict): string {
  const ways = [
    [verdict.provider, verdict.client],
    [verdict.client, verdict.provider],
  ] as const;
  const movable = ways.filter(([, moves]) => findFunction(topology, moves).parent !== null);
  for (const [stays, moves] of movable) {
    const port = freePortNear(topology, stays);
    if (port) return `move ${moves} to the free port ${port}, below the same switch as ${stays}`;
  }
  for (const [stays, moves] of movable) {
    const top = switchAbove(topology, stays);
    if (top) return `move ${moves} to a slot below the switch ${top}, where ${stays} is`;
  }
  return 'put both below one PCIe switch';
}

/** The highest switch (upstream port) above a function. */
function switchAbove(topology: Topology, id: FunctionId): FunctionId | undefined {
  const { byId } = indexOf(topology);
  let found: FunctionId | undefined;
  let current = byId.get(id);
  for (let steps = 0; current && steps < byId.size; steps++) {
    if (current.portType === 'upstream' && current.parent !== null) found = current.id;
    current = typeof current.parent === 'string' ? byId.get(current.parent) : undefined;
  }
  return found;
}

/** An empty downstream port without ACS redirect below the same switch. */
function freePortNear(topology: Topology, id: FunctionId): FunctionId | undefined {
  const { below } = indexOf(topology);
  const top = switchAbove(topology, id);
  const queue: FunctionId[] = top === undefined ? [] : [top];
  for (let current = queue.shift(); current !== undefined; current = queue.shift()) {
    for (const port of below.get(current) ?? []) {
      const isFree = port.portType === 'downstream' && !below.has(port.id) && !hasAcsRedirect(port);
      if (isFree) return port.id;
      if (port.isBridge) queue.push(port.id);
    }
  }
  return undefined;
}

/** `A > bridge > [common] < bridge < B`, or over the host bridges when there is no common bridge. */
export function pathText(topology: Topology, verdict: Verdict): string {
  const down = [...verdict.down].reverse();
  if (verdict.common !== null) {
    const up = [...verdict.up.slice(0, -1), `[${verdict.common}]`];
    return [up.join(' > '), ...down].join(' < ');
  }
  const [provider, client] = [verdict.provider, verdict.client].map((id) => findFunction(topology, id));
  const bridges = new Set([provider?.hostBridge ?? '?', client?.hostBridge ?? '?']);
  const middle = [...bridges].map((bridge) => `host bridge ${bridge}`).join(' = ');
  return [`${verdict.up.join(' > ')} > ${middle}`, ...down].join(' < ');
}

/** What the source did not tell, with what would tell it. */
export interface UnknownFact {
  readonly what: string;
  readonly ids: readonly string[];
  readonly wouldTell: string;
}

export function unknownFacts(topology: Topology, options: RuleOptions): UnknownFact[] {
  const facts: UnknownFact[] = [];
  const add = (what: string, ids: readonly string[], wouldTell: string): void => {
    if (ids.length > 0) facts.push({ what, ids, wouldTell });
  };
  const { functions, hostBridges } = topology;
  if (!options.cpu) add('CPU vendor and family', ['cpu'], '--cpu vendor:family');
  const acs = functions.filter((fn) => fn.acs === 'unknown').map((fn) => fn.id);
  add('ACS control', acs, 'lspci -vvvnn or -xxxx as root');
  const lost = functions.filter((fn) => fn.parent === undefined).map((fn) => fn.id);
  add('bridges above', lost, 'lspci -v, -t or -x');
  if (!topology.everyPort) add('ports between the functions shown', [topology.format], 'lspci -vvv');
  if (!topology.everyFunction) add('functions the source leaves out', [topology.format], 'lspci -vvv');
  const offsets = hostBridges.filter((bridge) => !offsetKnown(topology, bridge)).map((bridge) => bridge.id);
  const assumed = isX86(options.cpu) ? ', taken as 0 (x86)' : '';
  add(`CPU-to-bus offset of the host bridge${assumed}`, offsets, 'sysfs (topology host) or lspci -vvvnn -xxxx');
  const sizeless = topology.functions.filter((fn) => fn.bars.some((bar) => bar.bytes === undefined));
  add(
    'sizes of BARs',
    sizeless.map((fn) => fn.id),
    'lspci -v on the machine itself, or sysfs (topology host)',
  );
  const bars = endpoints(topology).some((fn) => fn.bars.length > 0);
  if (!bars) add('BARs', [topology.format], 'lspci -v');
  if (options.era === '5.2' && options.iommu === undefined) add('IOMMU in use', ['iommu'], '--iommu MODE');
  for (const note of topology.notes) facts.push({ what: note, ids: [], wouldTell: '' });
  return facts;
}

function offsetKnown(topology: Topology, bridge: HostBridge): boolean {
  return bridge.windows !== undefined || knownOffset(topology, bridge.id) !== undefined;
}
