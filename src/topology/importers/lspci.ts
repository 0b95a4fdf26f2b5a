// `lspci -vvv` and its variants: with and without -D, -n, -nn, -t, -x to -xxxx, several domains, VFs; also files that
// hold such a dump between `=== LSPCI` and the next `===` line, with the machine's /proc/cpuinfo in `=== CPU`.
// What lspci does not tell (offsets, ACS without root) is unknown in the result.
import { LabError } from '../../base/errors.ts';
import { assemble, placeOf } from '../assemble.ts';
import { cpuFromCpuinfo } from '../cpu.ts';
import type { Line, TextSource } from '../input.ts';
import { excerpt, linesOf } from '../input.ts';
import { DumpTail } from '../lspci/cut_off.ts';
import type { DeviceText } from '../lspci/device_text.ts';
import { newDevice, readAttribute } from '../lspci/device_text.ts';
import { draftOf, isHexRow, readHexRow } from '../lspci/draft.ts';
import { parseHeader } from '../lspci/header.ts';
import { isTreeLine, TreeText } from '../lspci/tree_text.ts';
import type { Topology } from '../model.ts';
import { validated } from '../validate.ts';

export const name = 'lspci';

/** Most functions a dump may have: 256 buses of 256 would be 65,536. */
const MAX_FUNCTIONS = 65_536;
/** Lines of other words allowed before the first function (prompts, headings). */
const MAX_PREAMBLE_LINES = 20;

/** The first processor's entry is all that is needed of /proc/cpuinfo. */
const MAX_CPUINFO_CHARS = 4096;

const SECTION = /^=== ([A-Z]+)\s*$/;
/** Messages of the tools themselves, which end up between the lines when stderr is captured too. */
const TOOL_MESSAGE = /^(?:lspci|pcilib|sudo|ssh|bash|sh): /;

export function matches(head: string): boolean {
  const lines = head.split('\n', 400);
  return lines.some((line) => parseHeader(line) !== undefined || SECTION.test(line) || /^-[[+]/.test(line));
}

/** What has been read so far. */
interface Reading {
  readonly source: string;
  readonly devices: DeviceText[];
  readonly tree: TreeText;
  readonly tail: DumpTail;
  cpuinfo: string;
  section: string;
  preamble: number;
  hasTree: boolean;
}

/** @throws LabError with the line, on anything that is not such a dump */
export function parse(text: TextSource, source: string): Topology {
  const reading: Reading = {
    source,
    devices: [],
    tree: new TreeText(source),
    tail: new DumpTail(),
    cpuinfo: '',
    section: 'LSPCI',
    preamble: 0,
    hasTree: false,
  };
  let last: Line | undefined;
  for (const line of linesOf(text, source)) {
    const section = SECTION.exec(line.text)?.[1];
    if (section !== undefined) reading.section = section;
    else readLine(reading, line);
    last = line;
  }
  if (last && reading.section === 'LSPCI') reading.tail.refuseCutLine(last, source);
  return finish(reading);
}

function readLine(reading: Reading, line: Line): void {
  if (reading.section === 'CPU') {
    if (reading.cpuinfo.length < MAX_CPUINFO_CHARS) reading.cpuinfo += `${line.text}\n`;
    return;
  }
  if (reading.section === 'TREE' || (reading.section === 'LSPCI' && isTreeLine(line.text))) readTree(reading, line);
  else if (reading.section === 'LSPCI') readDump(reading, line);
}

function readTree(reading: Reading, line: Line): void {
  if (line.text.trim() === '') return;
  reading.hasTree = true;
  reading.tree.add(line.text, line.number);
}

function readDump(reading: Reading, line: Line): void {
  const { text } = line;
  const first = text.charCodeAt(0);
  const device = reading.devices.at(-1);
  const at = `${reading.source}:${line.number}`;
  if (text.trim() === '') return;
  if (first === 9 || first === 32) {
    reading.tail.remember(text);
    if (device) readAttribute(device, text, at);
    else skipPreamble(reading, line);
    return;
  }
  if (device && isHexRow(text)) {
    readHexRow(device, text, at);
    return;
  }
  const header = parseHeader(text);
  if (header) {
    if (reading.devices.length >= MAX_FUNCTIONS) throw new LabError(`${at}: more than ${MAX_FUNCTIONS} functions.`);
    reading.devices.push(newDevice(header, line.number));
  } else if (!TOOL_MESSAGE.test(text)) {
    skipPreamble(reading, line);
  }
}

/** Words before the first function are let pass, a few lines of them; anything after is damage. */
function skipPreamble(reading: Reading, line: Line): void {
  reading.preamble++;
  if (reading.devices.length === 0 && reading.preamble <= MAX_PREAMBLE_LINES) return;
  throw new LabError(
    `${reading.source}:${line.number}: '${excerpt(line.text)}' is not lspci output. Expected a function such as ` +
      "'0000:01:00.0 0108: 1b36:0010' and indented lines below it: the dump is cut off, damaged or something else.",
  );
}

function finish(reading: Reading): Topology {
  const { source, devices, tree } = reading;
  const withTree = reading.hasTree ? mergeTree(devices, tree) : devices;
  if (withTree.length === 0) {
    throw new LabError(`${source}: no PCI function found in it. Expected the output of lspci -vvv (as root).`);
  }
  const drafts = withTree.map((device) => draftOf(device, placeOf(source, device)));
  const { functions, hostBridges, notes } = assemble(drafts, source);
  reading.tail.refuseMissingTail(devices, drafts, source);
  if (devices.some((device) => !device.barsNumbered)) notes.push('lspci -v does not number BARs: counted in order.');
  return validated({
    source,
    format: name,
    functions,
    hostBridges,
    cpu: cpuFromCpuinfo(reading.cpuinfo),
    iommu: devices.some((device) => device.iommuGroup) ? true : undefined,
    ram: [],
    everyPort: true,
    everyFunction: true,
    notes,
  });
}

/** Adds what -t tells: bus ranges of bridges, and functions the dump has no entry for. */
function mergeTree(devices: readonly DeviceText[], tree: TreeText): DeviceText[] {
  const byId = new Map(devices.map((device) => [device.header.id, device]));
  const merged = [...devices];
  for (const node of tree.nodes) {
    const known = byId.get(node.id);
    if (known) {
      known.buses ??= node.buses;
      continue;
    }
    const { id, domain, bus, devfn } = node;
    const blank = { classCode: undefined, progIf: undefined, vendorId: undefined, deviceId: undefined };
    const header = { id, domain, bus, devfn, ...blank, title: undefined, saysVirtual: false };
    const added = newDevice(header, node.line);
    added.buses = node.buses;
    merged.push(added);
  }
  return merged;
}
