// From functions with bus numbers to a tree: who is below which bridge and host bridge, by the bridges' bus registers,
// as pci_scan_bridge lays buses out. A virtual function on a bus without a bridge belongs to its physical
// function's bus (pci_physfn, virtfn_add_bus).
import { LabError } from '../base/errors.ts';
import { CLASS_HOST_BRIDGE } from './classes.ts';
import type { FunctionId, HostBridge, HostBridgeId, PciFunction } from './model.ts';
import { compareFunctions, formatHostBridgeId, formatId } from './model.ts';

/** A function before its place in the tree is known. */
export interface Draft extends Omit<PciFunction, 'parent' | 'hostBridge' | 'physfn'> {
  /** SR-IOV capability: its numbers, `shown` without them, or undefined when there is none. */
  readonly sriov: SriovNumbers | 'shown' | undefined;
  /** Whether the source would have shown an SR-IOV capability. */
  readonly capsShown: boolean;
  /** Whether the source itself calls the function a virtual function. */
  readonly saysVirtual: boolean;
}

export interface SriovNumbers {
  /** VFs enabled now. */
  readonly numVfs: number;
  /** First VF's routing id minus the PF's. */
  readonly offset: number;
  readonly stride: number;
}

export interface Assembly {
  readonly functions: PciFunction[];
  readonly hostBridges: HostBridge[];
  readonly notes: string[];
}

type Bridges = ReadonlyMap<HostBridgeId, Draft>;

/** What placing one function needs to know of the others. */
interface Scene {
  readonly source: string;
  readonly bridges: Bridges;
  readonly bridgesIn: ReadonlyMap<number, readonly Draft[]>;
  readonly onBus: ReadonlyMap<HostBridgeId, readonly Draft[]>;
  readonly rootPortDomains: ReadonlySet<number>;
  readonly physfns: ReadonlyMap<FunctionId, FunctionId>;
  /** Domains with a bridge whose bus numbers the source does not tell: only bus 0 is surely a root bus there. */
  readonly openDomains: ReadonlySet<number>;
  /** Root buses that show themselves: bus 0, or one that holds a host bridge, a root port or a part of the root complex. */
  readonly rootBuses: ReadonlySet<HostBridgeId>;
  /** A bridge somewhere above, of functions whose own parent is not known. */
  readonly somewhereBelow: Map<FunctionId, Draft>;
  readonly notes: string[];
}

/**
 * Finds every function's parent and host bridge.
 * @throws LabError (with the source's line) on two bridges to one bus, a bridge whose bus numbers contradict its place,
 *   and a function that no bridge leads to (orphan)
 */
export function assemble(drafts: readonly Draft[], source: string): Assembly {
  const sorted = [...drafts].sort(compareFunctions);
  refuseDuplicates(sorted, source);
  const bridges = bridgesByBus(sorted, source);
  const physfns = physfnsByVf(sorted, source);
  const open = sorted.filter((draft) => draft.isBridge && !draft.buses).map((draft) => draft.domain);
  const rootPorts = sorted.filter((draft) => draft.portType === 'root-port');
  const scene: Scene = {
    source,
    bridges,
    bridgesIn: Map.groupBy(bridges.values(), (bridge) => bridge.domain),
    onBus: Map.groupBy(sorted, (draft) => formatHostBridgeId(draft.domain, draft.bus)),
    rootPortDomains: new Set(rootPorts.map((draft) => draft.domain)),
    physfns,
    openDomains: new Set(open),
    rootBuses: new Set(sorted.filter(showsRootBus).map((draft) => formatHostBridgeId(draft.domain, draft.bus))),
    somewhereBelow: new Map(),
    notes: [],
  };
  const parents = new Map<FunctionId, Draft | null | undefined>();
  for (const draft of sorted) parents.set(draft.id, parentOf(draft, scene));
  const byId = new Map(physfns.size === 0 ? [] : sorted.map((draft) => [draft.id, draft]));
  const rootBuses = new Map<Draft, HostBridgeId | undefined>();
  const functions = sorted.map((draft) => {
    const parent = parents.get(draft.id);
    // All below one bridge have its root bus.
    if (parent && !rootBuses.has(parent)) rootBuses.set(parent, rootBusOf(parent, parents, scene, byId));
    const rootBus = parent ? rootBuses.get(parent) : rootBusOf(draft, parents, scene, byId);
    return placed(draft, parent ? parent.id : parent, rootBus, physfns.get(draft.id));
  });
  return { functions, hostBridges: hostBridgesOf(functions), notes: scene.notes };
}

/** The draft in its place. Written out: a rest of an object is slow to make and to read, which tens of thousands feel. */
function placed(
  draft: Draft,
  parent: PciFunction['parent'],
  hostBridge: PciFunction['hostBridge'],
  physfn: PciFunction['physfn'],
): PciFunction {
  return {
    id: draft.id,
    domain: draft.domain,
    bus: draft.bus,
    devfn: draft.devfn,
    parent,
    hostBridge,
    isBridge: draft.isBridge,
    classCode: draft.classCode,
    progIf: draft.progIf,
    vendorId: draft.vendorId,
    deviceId: draft.deviceId,
    title: draft.title,
    portType: draft.portType,
    acs: draft.acs,
    numaNode: draft.numaNode,
    link: draft.link,
    linkMax: draft.linkMax,
    bars: draft.bars,
    buses: draft.buses,
    windows: draft.windows,
    windowView: draft.windowView,
    physfn,
    line: draft.line,
    identity: draft.identity,
    nvlinks: draft.nvlinks,
  };
}

/** One host bridge for each root bus that is in use; windows unknown. */
export function hostBridgesOf(functions: readonly PciFunction[]): HostBridge[] {
  const bridges = new Map<HostBridgeId, HostBridge>();
  const numaNodes = new Map<HostBridgeId | undefined, number>();
  for (const fn of functions) {
    if (fn.numaNode !== undefined && !numaNodes.has(fn.hostBridge)) numaNodes.set(fn.hostBridge, fn.numaNode);
  }
  for (const fn of functions) {
    if (fn.hostBridge === undefined || fn.parent !== null || bridges.has(fn.hostBridge)) continue;
    const rootBus = Number.parseInt(fn.hostBridge.slice(fn.hostBridge.indexOf(':') + 1), 16);
    bridges.set(fn.hostBridge, {
      id: fn.hostBridge,
      domain: fn.domain,
      rootBus,
      numaNode: numaNodes.get(fn.hostBridge),
      windows: undefined,
      inboundOffset: 0n,
    });
  }
  return [...bridges.values()];
}

/** `file.txt:12` for a function, or the bare source name. */
export function placeOf(source: string, fn: { readonly line: number | undefined }): string {
  return fn.line === undefined ? source : `${source}:${fn.line}`;
}

function refuseDuplicates(sorted: readonly Draft[], source: string): void {
  for (let i = 1; i < sorted.length; i++) {
    const [first, second] = [sorted[i - 1], sorted[i]];
    if (first && second && first.id === second.id) refuseTwice(source, first.id, first.line, second.line);
  }
}

/** @throws LabError always, with both lines */
export function refuseTwice(source: string, id: FunctionId, one: number | undefined, other: number | undefined): never {
  const [early, late] = (one ?? 0) <= (other ?? 0) ? [one, other] : [other, one];
  throw new LabError(
    `${placeOf(source, { line: late })}: ${id} appears a second time (first at ${placeOf(source, { line: early })}). ` +
      'A function has one entry: give a single dump of one machine.',
  );
}

function bridgesByBus(sorted: readonly Draft[], source: string): Bridges {
  const bridges = new Map<HostBridgeId, Draft>();
  for (const draft of sorted) {
    if (!draft.buses || draft.buses.secondary === 0) continue;
    checkRegisters(draft, source);
    const bus = formatHostBridgeId(draft.domain, draft.buses.secondary);
    const other = bridges.get(bus);
    if (other) {
      throw new LabError(
        `${placeOf(source, draft)}: ${draft.id} leads to bus ${bus}, but so does ${other.id} ` +
          `(${placeOf(source, other)}). A bus has one bridge above it.`,
      );
    }
    bridges.set(bus, draft);
  }
  for (const draft of bridges.values()) checkNesting(draft, bridges, source);
  return bridges;
}

function checkRegisters(draft: Draft, source: string): void {
  const { primary, secondary, subordinate } = draft.buses ?? { primary: 0, secondary: 0, subordinate: 0 };
  const at = `${placeOf(source, draft)}: bridge ${draft.id}`;
  // Some bridges have the primary number hard-wired to 0; pci_scan_bridge overlooks that and so does this.
  if (primary !== draft.bus && primary !== 0) {
    throw new LabError(`${at} stands on bus ${hex2(draft.bus)} but its primary bus register says ${hex2(primary)}.`);
  }
  if (secondary === draft.bus) throw new LabError(`${at} leads to its own bus ${hex2(secondary)}: a cycle.`);
  if (subordinate < secondary) {
    throw new LabError(`${at} has subordinate bus ${hex2(subordinate)} below its secondary bus ${hex2(secondary)}.`);
  }
}

function checkNesting(draft: Draft, bridges: Bridges, source: string): void {
  const above = bridges.get(formatHostBridgeId(draft.domain, draft.bus));
  if (!above?.buses || !draft.buses) return;
  const outside = draft.buses.secondary <= above.buses.secondary || draft.buses.subordinate > above.buses.subordinate;
  if (!outside) return;
  throw new LabError(
    `${placeOf(source, draft)}: ${draft.id} leads to buses ${hex2(draft.buses.secondary)}-` +
      `${hex2(draft.buses.subordinate)}, outside what ${above.id} above it forwards ` +
      `(${hex2(above.buses.secondary)}-${hex2(above.buses.subordinate)}): the tree has a cycle or a wrong number.`,
  );
}

/** Which VF ids the SR-IOV numbers of the physical functions give (pci_iov_virtfn_bus, pci_iov_virtfn_devfn). */
function physfnsByVf(sorted: readonly Draft[], source: string): Map<FunctionId, FunctionId> {
  const physfns = new Map<FunctionId, FunctionId>();
  if (!sorted.some(({ sriov }) => typeof sriov === 'object' && sriov.numVfs > 0)) return physfns;
  const present = new Set(sorted.map((draft) => draft.id));
  const vfsIn = new Map<number, number>();
  for (const pf of sorted) {
    if (typeof pf.sriov !== 'object') continue;
    const count = Math.min(pf.sriov.numVfs, 0xffff);
    const total = (vfsIn.get(pf.domain) ?? 0) + count;
    vfsIn.set(pf.domain, total);
    if (total > 0x10000) {
      throw new LabError(
        `${placeOf(source, pf)}: ${pf.id} makes it more than 65536 virtual functions enabled in one PCI domain, which ` +
          'has no room for them: the dump is damaged here.',
      );
    }
    for (let i = 0; i < count; i++) {
      const rid = (pf.bus << 8) + pf.devfn + pf.sriov.offset + pf.sriov.stride * i;
      const id = formatId(pf.domain, rid >> 8, rid & 0xff);
      if (rid < 0x10000 && id !== pf.id && present.has(id)) physfns.set(id, pf.id);
    }
  }
  return physfns;
}

/** The bridge above, null on a root bus, undefined when the source does not tell which of the two. */
function parentOf(draft: Draft, scene: Scene): Draft | null | undefined {
  const direct = scene.bridges.get(formatHostBridgeId(draft.domain, draft.bus));
  if (direct) return direct;
  const around = innermostAround(draft, scene);
  const isVirtual = scene.physfns.has(draft.id) || draft.saysVirtual;
  if (around && !isVirtual && scene.openDomains.has(draft.domain)) {
    scene.somewhereBelow.set(draft.id, around);
    return undefined;
  }
  if (around) {
    refuseOrphan(draft, around, scene);
    return around;
  }
  if (draft.bus !== 0 && scene.openDomains.has(draft.domain)) return undefined;
  if (isVirtual) return null;
  refuseStray(draft, scene);
  return null;
}

/** The bridge with the narrowest bus range around the function's bus. */
function innermostAround(draft: Draft, scene: Scene): Draft | undefined {
  let best: Draft | undefined;
  for (const bridge of scene.bridgesIn.get(draft.domain) ?? []) {
    const range = bridge.buses;
    if (!range) continue;
    if (draft.bus < range.secondary || draft.bus > range.subordinate) continue;
    if (!best?.buses || range.secondary > best.buses.secondary) best = bridge;
  }
  return best;
}

/** A function on a bus that no bridge has as secondary is a VF of something on `around`'s bus, or an orphan. */
function refuseOrphan(draft: Draft, around: Draft, scene: Scene): void {
  const { source, onBus, physfns, notes } = scene;
  if (physfns.has(draft.id) || draft.saysVirtual) return;
  const secondary = around.buses?.secondary;
  const neighbours = onBus.get(formatHostBridgeId(around.domain, secondary ?? 0)) ?? [];
  if (neighbours.some((fn) => fn.sriov === 'shown')) return;
  if (neighbours.some((fn) => fn.sriov === undefined && !fn.capsShown)) {
    notes.push(
      `${draft.id} is taken as a virtual function below ${around.id}: no bridge has bus ${hex2(draft.bus)} as secondary ` +
        'and the dump does not show capabilities.',
    );
    return;
  }
  throw new LabError(
    `${placeOf(source, draft)}: ${draft.id} is an orphan: ${around.id} forwards buses ${hex2(secondary ?? 0)}-` +
      `${hex2(around.buses?.subordinate ?? 0)} but no bridge leads to bus ${hex2(draft.bus)}. ` +
      'Give the whole dump, bridges included.',
  );
}

function showsRootBus({ bus, classCode, portType }: Draft): boolean {
  return bus === 0 || classCode === CLASS_HOST_BRIDGE || portType === 'root-port' || portType.startsWith('rc-');
}

/** On a bus without any bridge above: a root bus, unless the function is of a kind that cannot stand on one. */
function refuseStray(draft: Draft, { rootPortDomains, rootBuses, source, notes }: Scene): void {
  const isSwitchPort = draft.portType === 'upstream' || draft.portType === 'downstream';
  const needsPort = draft.portType === 'endpoint' || draft.portType === 'legacy-endpoint';
  if (isSwitchPort && rootBuses.has(formatHostBridgeId(draft.domain, draft.bus))) {
    notes.push(
      `${draft.id} stands on a root bus and calls itself a switch's ${draft.portType} port: in its place it is a root port ` +
        '(some chip sets, such as Loongson, write it so).',
    );
    return;
  }
  // Virtual machines show plain endpoints on root buses; beside real root ports they do not.
  const isBesideRootPorts = draft.bus !== 0 && rootPortDomains.has(draft.domain);
  if (!isSwitchPort && !(needsPort && isBesideRootPorts)) return;
  throw new LabError(
    `${placeOf(source, draft)}: ${draft.id} (${draft.portType}) is an orphan: no bridge leads to bus ` +
      `${formatHostBridgeId(draft.domain, draft.bus)}. Give the whole dump, bridges included.`,
  );
}

function rootBusOf(
  draft: Draft,
  parents: ReadonlyMap<FunctionId, Draft | null | undefined>,
  { physfns, somewhereBelow, source }: Scene,
  byId: ReadonlyMap<FunctionId, Draft>,
): HostBridgeId | undefined {
  let top = draft;
  for (let steps = 0; ; steps++) {
    const above = parents.get(top.id) === null ? null : (parents.get(top.id) ?? somewhereBelow.get(top.id));
    if (above === undefined) return undefined;
    if (above === null) break;
    if (steps > parents.size)
      throw new LabError(`${placeOf(source, draft)}: the bridges above ${draft.id} form a cycle.`);
    top = above;
  }
  // A VF of a root bus function may stand on a bus number of its own; its bus is still the PF's root bus.
  const pf = byId.get(physfns.get(top.id) ?? '');
  return formatHostBridgeId(top.domain, (pf ?? top).bus);
}

function hex2(value: number): string {
  return value.toString(16).padStart(2, '0');
}
