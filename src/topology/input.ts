// Reading input in bounded memory: files in pieces, lines of bounded length, one limit on the whole. Every line end
// (\n, \r\n, \r\r\n of terminal captures, \r alone) ends a line.
import { LabError } from '../base/errors.ts';
import { formatBytes, MIB } from '../base/units.ts';

/** Largest input read. The largest real dumps (4 KiB of config space as hex for 640 functions) are below 10 MiB. */
export const MAX_INPUT_CHARS = 32 * MIB;
/** Longest line of a text format. */
const MAX_LINE_CHARS = 16 * 1024;
const BYTE_ORDER_MARK = 0xfeff;
const CR = 13;

/** Pieces of a text in order; a string is one piece. */
export type TextSource = string | Iterable<string>;

/** A text source as pieces. */
export function piecesOf(text: TextSource): Iterable<string> {
  return typeof text === 'string' ? [text] : text;
}

/** Counts what has been read and stops at the limit; `line()` gives the line for the message. */
export function inputLimit(source: string, line: () => number): (chars: number) => void {
  let total = 0;
  return (chars) => {
    total += chars;
    if (total > MAX_INPUT_CHARS) {
      throw new LabError(
        `${source}:${line()}: more than ${formatBytes(MAX_INPUT_CHARS)} read so far; no machine's dump is that long.`,
      );
    }
  };
}

export interface Line {
  readonly text: string;
  /** 1-based. */
  readonly number: number;
  /** False for a last line without a newline. */
  readonly ended: boolean;
}

/**
 * The lines of a text, without their line end.
 * @throws LabError on a line longer than MAX_LINE_CHARS, a NUL character or more than MAX_INPUT_CHARS in all
 */
export function* linesOf(text: TextSource, source: string): Generator<Line> {
  let number = 1;
  let rest = '';
  let lineEnd: '\n' | '\r' | undefined;
  const limit = inputLimit(source, () => number);
  for (const piece of piecesOf(text)) {
    limit(piece.length);
    const buffer = rest === '' ? piece : rest + piece;
    lineEnd ??= lineEndOf(buffer);
    let start = 0;
    for (let end = buffer.indexOf(lineEnd); end >= 0; end = buffer.indexOf(lineEnd, start)) {
      const from = number === 1 && buffer.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : start;
      const content = withoutCr(buffer, from, end);
      checkLine(content, source, number);
      yield { text: content, number, ended: true };
      number++;
      start = end + 1;
    }
    rest = buffer.slice(start);
    checkLine(rest, source, number);
  }
  if (rest !== '') yield { text: withoutCr(rest, 0, rest.length), number, ended: rest.endsWith('\r') };
}

/** What ends the lines of a text that begins so: a carriage return alone only where there is no newline at all. */
function lineEndOf(head: string): '\n' | '\r' {
  return head.includes('\n') || !head.includes('\r') ? '\n' : '\r';
}

function withoutCr(buffer: string, from: number, to: number): string {
  let end = to;
  while (end > from && buffer.charCodeAt(end - 1) === CR) end--;
  return buffer.slice(from, end);
}

function checkLine(content: string, source: string, number: number): void {
  if (content.length > MAX_LINE_CHARS) {
    throw new LabError(`${source}:${number}: a line of more than ${MAX_LINE_CHARS} characters: this is no dump.`);
  }
  if (content.includes('\0')) throw new LabError(`${source}:${number}: a NUL character: this is a binary file.`);
}

/** The first characters of a line, safe to print. */
export function excerpt(line: string): string {
  const printable = [...line.slice(0, 60)].map((c) => (c >= ' ' && c !== '\x7f' ? c : '?')).join('');
  return line.length > 60 ? `${printable}...` : printable;
}
