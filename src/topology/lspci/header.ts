// The first line of a function in lspci's output: `-n`, `-nn` or words, with or without a domain, and with `-P` or `-PP`
// the way through the bridges in place of the address. Every pattern here takes time in proportion to the line.
import { classByName, idsByName } from '../classes.ts';
import { parseId } from '../model.ts';

export interface HeaderLine {
  readonly id: string;
  readonly domain: number;
  readonly bus: number;
  readonly devfn: number;
  readonly classCode: number | undefined;
  readonly progIf: number | undefined;
  readonly vendorId: number | undefined;
  readonly deviceId: number | undefined;
  /** undefined for `-n`, which has no words. */
  readonly title: string | undefined;
  /** pci.ids calls it a virtual function. */
  readonly saysVirtual: boolean;
  /** `-P`: the bridge above, by the same kind of path, when the last step has no bus number. */
  readonly above: string | undefined;
  /** The address or path as written, with the domain. */
  readonly path: string;
}

const PLACE =
  /^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7])((?:\/(?:[0-9a-f]{2}:)?[01][0-9a-f]\.[0-7])*) (?=\S)/i;
const NUMERIC = /^(?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})(?: |$)/i;
const CLASS_ID = / \[([0-9a-f]{4})\]: /i;
const DEVICE_ID = / \[([0-9a-f]{4}):([0-9a-f]{4})\]/gi;

/** Undefined when the line is not a function's first line. */
export function parseHeader(line: string): HeaderLine | undefined {
  const place = PLACE.exec(line);
  if (!place) return undefined;
  const rest = line.slice(place[0].length);
  const where = placeOf(place[1] ?? '', place[2] ?? '');
  if (!where) return undefined;
  const what = parseNumeric(rest) ?? parseBoth(rest) ?? parseWords(rest);
  if (!what) return undefined;
  const progIf = /\(prog-if ([0-9a-f]{2})\b/i.exec(rest)?.[1];
  return { ...where, ...what, progIf: progIf === undefined ? undefined : Number.parseInt(progIf, 16) };
}

type Where = Pick<HeaderLine, 'id' | 'domain' | 'bus' | 'devfn' | 'above' | 'path'>;

/** The last step of `-PP` has a bus number; with `-P` the bus is that of the bridge above, which is not known here. */
function placeOf(first: string, steps: string): Where | undefined {
  const root = parseId(first);
  if (!root) return undefined;
  const path = `${root.id}${steps.toLowerCase()}`;
  if (steps === '') return { ...root, above: undefined, path };
  const last = steps.slice(steps.lastIndexOf('/') + 1);
  const domain = root.domain.toString(16).padStart(4, '0');
  const id = parseId(last.includes(':') ? `${domain}:${last}` : `${domain}:00:${last}`);
  const above = last.includes(':') ? undefined : path.slice(0, path.lastIndexOf('/'));
  return id && { ...id, above, path };
}

type What = Pick<HeaderLine, 'classCode' | 'vendorId' | 'deviceId' | 'title' | 'saysVirtual'>;

function parseNumeric(rest: string): What | undefined {
  const match = NUMERIC.exec(rest);
  if (!match) return undefined;
  const [classCode, vendorId, deviceId] = [hexIn(match[1]), hexIn(match[2]), hexIn(match[3])];
  return { classCode, vendorId, deviceId, title: undefined, saysVirtual: false };
}

/** `Class [0604]: Vendor Device [8086:1234] (rev 01)`: the last pair of ids, as names hold brackets of their own. */
function parseBoth(rest: string): What | undefined {
  const code = CLASS_ID.exec(rest);
  if (!code) return undefined;
  const from = code.index + code[0].length;
  let ids: RegExpExecArray | undefined;
  DEVICE_ID.lastIndex = from - 1;
  for (let next = DEVICE_ID.exec(rest); next; next = DEVICE_ID.exec(rest)) ids = next;
  if (!ids) return undefined;
  const [classCode, vendorId, deviceId] = [hexIn(code[1]), hexIn(ids[1]), hexIn(ids[2])];
  return { classCode, vendorId, deviceId, ...words(rest.slice(from, ids.index)) };
}

function parseWords(rest: string): What | undefined {
  const colon = rest.indexOf(':');
  const className = rest.slice(0, Math.max(colon, 0));
  const name = rest.slice(colon + 2);
  if (className === '' || rest[colon + 1] !== ' ' || !/^\S/.test(name)) return undefined;
  if (/^[0-9a-f]{4}$/i.test(className)) return undefined;
  // A class that pci.ids does not know is printed as `Class 1234` or `Name [1234]`.
  const numeric = /(?:^Class |\[)([0-9a-f]{4})\]?$/i.exec(className)?.[1];
  const classCode = numeric === undefined ? classByName(className) : hexIn(numeric);
  return { classCode, ...idsByName(name), ...words(name) };
}

function words(name: string): Pick<HeaderLine, 'title' | 'saysVirtual'> {
  const ends = [name.indexOf(' (rev '), name.indexOf(' (prog-if ')].filter((at) => at >= 0);
  const title = name.slice(0, Math.min(name.length, ...ends));
  return { title, saysVirtual: title.includes('Virtual Function') };
}

function hexIn(digits: string | undefined): number {
  return Number.parseInt(digits ?? '0', 16);
}
