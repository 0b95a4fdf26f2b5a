// `lspci -vvv` and its variants: with and without -D, -n, -nn, -t, -x to -xxxx, several domains, VFs; also files that
// hold such a dump between `=== LSPCI` and the next `===` line, with the machine's /proc/cpuinfo in `=== CPU`.
// What lspci does not tell (offsets, ACS without root) is unknown in the result.
import { LabError } from '../../base/errors.ts';
import { assemble, placeOf, refuseTwice } from '../assemble.ts';
import { cpuFromCpuinfo } from '../cpu.ts';
import type { Line, TextSource } from '../input.ts';
import { excerpt, linesOf } from '../input.ts';
import { DumpTail } from '../lspci/cut_off.ts';
import type { DeviceText } from '../lspci/device_text.ts';
import { newDevice, readAttribute } from '../lspci/device_text.ts';
import { draftOf, isHexRow, readHexRow } from '../lspci/draft.ts';
import type { HeaderLine } from '../lspci/header.ts';
import { parseHeader } from '../lspci/header.ts';
import { promptIn } from '../lspci/prompt.ts';
import { isTreeLine, TreeText } from '../lspci/tree_text.ts';
import type { Topology } from '../model.ts';
import { formatId } from '../model.ts';
import { validated } from '../validate.ts';

export const name = 'lspci';

/** Most functions a dump may have: 256 buses of 256 would be 65,536. */
const MAX_FUNCTIONS = 65_536;
/** Lines of other words allowed before the first function (prompts, headings). */
const MAX_PREAMBLE_LINES = 20;
/** Messages of tools and prompts allowed between the lines: one or two for each function at most. */
const MAX_ASIDES = 4096;

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
  /** Functions by the path that `-P` writes. */
  readonly byPath: Map<string, DeviceText>;
  readonly notes: string[];
  /** After a prompt with a command that is not lspci: what follows is not the dump's. */
  isElsewhere: boolean;
  /** A prompt came after the dump, so it ended by itself. */
  isEnded: boolean;
  cpuinfo: string;
  section: string;
  preamble: number;
  /** Messages and prompts between the lines. */
  asides: number;
  hasTree: boolean;
}

/** @throws LabError with the line, on anything that is not such a dump */
export function parse(text: TextSource, source: string): Topology {
  const reading: Reading = {
    source,
    devices: [],
    tree: new TreeText(source),
    tail: new DumpTail(),
    byPath: new Map(),
    notes: [],
    isElsewhere: false,
    isEnded: false,
    cpuinfo: '',
    section: 'LSPCI',
    preamble: 0,
    asides: 0,
    hasTree: false,
  };
  let last: Line | undefined;
  for (const line of linesOf(text, source)) {
    const section = SECTION.exec(line.text)?.[1];
    if (section !== undefined) reading.section = section;
    else readLine(reading, line);
    last = line;
  }
  if (last && reading.section === 'LSPCI' && !reading.isEnded) reading.tail.refuseCutLine(last, source);
  return finish(reading);
}

function readLine(reading: Reading, line: Line): void {
  if (reading.section === 'CPU') {
    if (reading.cpuinfo.length < MAX_CPUINFO_CHARS) reading.cpuinfo += `${line.text}\n`;
    return;
  }
  const isInDump = reading.section === 'LSPCI' && !reading.isElsewhere;
  if (reading.section === 'TREE' || (isInDump && isTreeLine(line.text))) readTree(reading, line);
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
    if (reading.isElsewhere) return;
    reading.tail.remember(text);
    if (device) readAttribute(device, text, at);
    else skipPreamble(reading, line);
    return;
  }
  if (device && isHexRow(text)) {
    if (!reading.isElsewhere) readHexRow(device, text, at);
    return;
  }
  const header = parseHeader(text);
  if (!header && passPrompt(reading, line)) return;
  if (reading.isElsewhere) return;
  if (header) {
    if (reading.devices.length >= MAX_FUNCTIONS) throw new LabError(`${at}: more than ${MAX_FUNCTIONS} functions.`);
    addDevice(reading, header, line.number);
  } else if (!TOOL_MESSAGE.test(text) || reading.asides++ >= MAX_ASIDES) {
    skipPreamble(reading, line);
  }
}

function addDevice(reading: Reading, header: HeaderLine, line: number): void {
  const first = reading.byPath.get(header.path);
  if (first) refuseTwice(reading.source, header.id, first.line, line);
  const device = newDevice(placed(reading, header, line), line);
  reading.devices.push(device);
  reading.byPath.set(header.path, device);
}

/** With `-P` a function's bus is what its bridge's Bus line calls secondary. */
function placed(reading: Reading, header: HeaderLine, line: number): HeaderLine {
  if (header.above === undefined) return header;
  const bus = reading.byPath.get(header.above)?.buses?.secondary;
  if (bus !== undefined) return { ...header, bus, id: formatId(header.domain, bus, header.devfn) };
  throw new LabError(
    `${reading.source}:${line}: '${header.path}' is a path of lspci -P, and the bus number of the bridge ${header.above} ` +
      'is not told before it. Make the dump without -P: lspci -vvvnn as root.',
  );
}

/** A shell prompt after the dump; words after it belong to the next command. */
function passPrompt(reading: Reading, line: Line): boolean {
  if (reading.devices.length === 0) return false;
  const command = promptIn(line.text);
  if (command === undefined || reading.asides++ >= MAX_ASIDES) return false;
  reading.isElsewhere = !command.includes('lspci');
  reading.isEnded = reading.isElsewhere;
  const words = `'${excerpt(line.text)}'`;
  reading.notes.push(`${reading.source}:${line.number}: ${words} is taken as a shell prompt after the dump.`);
  return true;
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
    throw new LabError(`${source}: no PCI function found in it. Expected the output of lspci -vvvnn (as root).`);
  }
  const drafts = withTree.map((device) => draftOf(device, placeOf(source, device)));
  const { functions, hostBridges, notes: assumptions } = assemble(drafts, source);
  const notes = [...reading.notes, ...assumptions];
  reading.tail.refuseMissingTail(devices, drafts, source);
  if (devices.some((device) => !device.barsNumbered)) notes.push('lspci -v does not number BARs: counted in order.');
  return validated({
    source,
    format: name,
    functions,
    hostBridges,
    cpu: cpuFromCpuinfo(reading.cpuinfo),
    iommu: devices.some((device) => device.iommuGroup !== undefined) ? true : undefined,
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
    const place = { id, domain, bus, devfn, above: undefined, path: id };
    const header = { ...place, ...blank, title: undefined, saysVirtual: false };
    const added = newDevice(header, node.line);
    added.buses = node.buses;
    merged.push(added);
  }
  return merged;
}
