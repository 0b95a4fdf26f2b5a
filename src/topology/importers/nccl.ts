// NCCL's topology XML (NCCL_TOPO_DUMP_FILE, or written by hand for a cloud machine). Tells which GPUs and NICs are near
// which CPU and switch; leaves out root ports, downstream ports, BARs and ACS, which are unknown in the result.
// Switches of hand-written files may have ids that no kernel knows (ffff:ff:01.0).
import { LabError } from '../../base/errors.ts';
import { cpuOf, familyFromRaw } from '../cpu.ts';
import type { TextSource } from '../input.ts';
import { linkOf } from '../links.ts';
import type { Cpu, Link, PciFunction, Topology } from '../model.ts';
import { compareFunctions, parseId } from '../model.ts';
import { validated } from '../validate.ts';
import type { XmlElement } from '../xml.ts';
import { xmlEvents } from '../xml.ts';

export const name = 'nccl';

export function matches(head: string): boolean {
  return /^\ufeff?\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[^>]*-->\s*)?<system[\s>]/.test(head);
}

/** @throws LabError with the line */
export function parse(text: TextSource, source: string): Topology {
  const functions = new Map<string, PciFunction>();
  const above: string[] = [];
  let cpu: Cpu | undefined;
  let numaNode: number | undefined;
  for (const { kind, element } of xmlEvents(text, source)) {
    if (element.name === 'cpu') {
      numaNode = kind === 'open' ? numberOf(element, 'numaid', source) : undefined;
      if (kind === 'open') cpu ??= cpuIn(element);
    }
    if (kind === 'open' && above.length > 0) readInside(functions, above.at(-1) ?? '', element);
    if (element.name !== 'pci') continue;
    if (kind === 'close') {
      above.pop();
      continue;
    }
    const fn = functionOf(element, source, above.at(-1) ?? null, numaNode);
    const first = functions.get(fn.id);
    if (first) {
      throw new LabError(
        `${source}:${element.line}: ${fn.id} appears a second time (first at ${source}:${first.line}).`,
      );
    }
    functions.set(fn.id, fn);
    above.push(fn.id);
  }
  // A switch is what has something below it, whatever its class says.
  const parents = new Set([...functions.values()].map((fn) => fn.parent));
  return validated({
    source,
    format: name,
    functions: [...functions.values()]
      .map((fn) => ({ ...fn, isBridge: fn.isBridge || parents.has(fn.id) }))
      .sort(compareFunctions),
    hostBridges: [],
    cpu,
    iommu: undefined,
    ram: [],
    everyPort: false,
    everyFunction: false,
    notes: [],
  });
}

/** What stands inside a function: its NVLinks, and the names of its network devices. */
function readInside(functions: Map<string, PciFunction>, id: string, element: XmlElement): void {
  const fn = functions.get(id);
  if (!fn) return;
  const { attributes } = element;
  if (element.name === 'nvlink') {
    const target = parseId(attributes.get('target') ?? '')?.id;
    const count = Number(attributes.get('count') ?? 1);
    if (target === undefined || !(count > 0)) return;
    functions.set(id, { ...fn, nvlinks: [...(fn.nvlinks ?? []).slice(0, 63), { target, count }] });
  }
  const name = element.name === 'net' ? attributes.get('name') : undefined;
  if (name === undefined || name === '') return;
  const names = [...(fn.identity?.names ?? []).slice(0, 63), name];
  functions.set(id, { ...fn, identity: { driver: undefined, slot: undefined, iommuGroup: undefined, names } });
}

function cpuIn(element: XmlElement): Cpu | undefined {
  const vendor = element.attributes.get('vendor');
  const family = Number(element.attributes.get('familyid') ?? Number.NaN);
  const isX86 = (element.attributes.get('arch') ?? 'x86_64') === 'x86_64';
  if (vendor === undefined || !Number.isInteger(family) || family < 0 || !isX86) return undefined;
  return cpuOf(vendor, familyFromRaw(family));
}

function functionOf(
  element: XmlElement,
  source: string,
  parent: string | null,
  numaNode: number | undefined,
): PciFunction {
  const at = `${source}:${element.line}`;
  const text = element.attributes.get('busid') ?? '';
  const id = parseId(text);
  if (!id) throw new LabError(`${at}: busid '${text}' is not a PCI address such as 0000:81:00.0.`);
  const code = hexOf(element, 'class');
  return {
    ...id,
    parent,
    hostBridge: undefined,
    isBridge: code !== undefined && code >> 8 === 0x0604,
    classCode: code === undefined ? undefined : code >> 8,
    progIf: code === undefined ? undefined : code & 0xff,
    vendorId: hexOf(element, 'vendor'),
    deviceId: hexOf(element, 'device'),
    title: undefined,
    portType: 'unknown',
    acs: 'unknown',
    numaNode,
    link: linkIn(element),
    bars: [],
    buses: undefined,
    windows: undefined,
    windowView: 'cpu',
    physfn: undefined,
    line: element.line,
  };
}

function linkIn(element: XmlElement): Link | undefined {
  const gtPerS = /^([\d.]+) ?GT\/s/.exec(element.attributes.get('link_speed') ?? '')?.[1];
  const width = Number(element.attributes.get('link_width') ?? 0);
  return gtPerS === undefined || !(width > 0) ? undefined : linkOf(Number(gtPerS), width);
}

function hexOf(element: XmlElement, key: string): number | undefined {
  const digits = /^0x([0-9a-f]{1,6})$/i.exec(element.attributes.get(key) ?? '')?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

function numberOf(element: XmlElement, key: string, source: string): number | undefined {
  const text = element.attributes.get(key);
  if (text === undefined || text === '-1') return undefined;
  if (!/^\d{1,4}$/.test(text)) {
    throw new LabError(`${source}:${element.line}: ${key}="${text}" in <${element.name}> is not a NUMA node number.`);
  }
  return Number(text);
}
