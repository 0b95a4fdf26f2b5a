// The first line of a function in lspci's output: `-n`, `-nn` or words, with or without a domain.
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
}

const PLACE = /^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]) (.+)$/i;
const NUMERIC = /^(?:Class )?([0-9a-f]{4}): ([0-9a-f]{4}):([0-9a-f]{4})(?: |$)/i;
const BOTH = /^(.*) \[([0-9a-f]{4})\]: (.*) \[([0-9a-f]{4}):([0-9a-f]{4})\]/i;
const WORDS = /^([^:]+): (\S.*)$/;

/** Undefined when the line is not a function's first line. */
export function parseHeader(line: string): HeaderLine | undefined {
  const place = PLACE.exec(line);
  const id = parseId(place?.[1] ?? '');
  const rest = place?.[2] ?? '';
  if (!id) return undefined;
  const what = parseNumeric(rest) ?? parseBoth(rest) ?? parseWords(rest);
  if (!what) return undefined;
  const progIf = /\(prog-if ([0-9a-f]{2})\b/i.exec(rest)?.[1];
  return { ...id, ...what, progIf: progIf === undefined ? undefined : Number.parseInt(progIf, 16) };
}

type What = Pick<HeaderLine, 'classCode' | 'vendorId' | 'deviceId' | 'title' | 'saysVirtual'>;

function parseNumeric(rest: string): What | undefined {
  const match = NUMERIC.exec(rest);
  if (!match) return undefined;
  const [classCode, vendorId, deviceId] = [hexIn(match[1]), hexIn(match[2]), hexIn(match[3])];
  return { classCode, vendorId, deviceId, title: undefined, saysVirtual: false };
}

function parseBoth(rest: string): What | undefined {
  const match = BOTH.exec(rest);
  if (!match) return undefined;
  const [classCode, vendorId, deviceId] = [hexIn(match[2]), hexIn(match[4]), hexIn(match[5])];
  return { classCode, vendorId, deviceId, ...words(match[3] ?? '') };
}

function parseWords(rest: string): What | undefined {
  const match = WORDS.exec(rest);
  const className = match?.[1] ?? '';
  const name = match?.[2];
  if (name === undefined || /^[0-9a-f]{4}$/i.test(className)) return undefined;
  // A class that pci.ids does not know is printed as `Class 1234` or `Name [1234]`.
  const numeric = /^(?:Class |.*\[)([0-9a-f]{4})\]?$/i.exec(className)?.[1];
  const classCode = numeric === undefined ? classByName(className) : hexIn(numeric);
  return { classCode, ...idsByName(name), ...words(name) };
}

function words(name: string): Pick<HeaderLine, 'title' | 'saysVirtual'> {
  const title = name.replace(/ \((?:rev|prog-if) .*$/, '');
  return { title, saysVirtual: title.includes('Virtual Function') };
}

function hexIn(digits: string | undefined): number {
  return Number.parseInt(digits ?? '0', 16);
}
