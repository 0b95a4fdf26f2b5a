// Reading input in bounded memory: files in pieces, lines of bounded length, one limit on the whole.
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { LabError } from '../base/errors.ts';
import { formatBytes, MIB } from '../base/units.ts';

/** Largest input read. The largest real dumps (4 KiB of config space as hex for 300 functions) are below 6 MiB. */
export const MAX_INPUT_CHARS = 32 * MIB;
/** Longest line of a text format. */
export const MAX_LINE_CHARS = 16 * 1024;
const PIECE_BYTES = 64 * 1024;
const BYTE_ORDER_MARK = 0xfeff;

/** Pieces of a text in order; a string is one piece. */
export type TextSource = string | Iterable<string>;

/** A text source as pieces. */
export function piecesOf(text: TextSource): Iterable<string> {
  return typeof text === 'string' ? [text] : text;
}

/** A file's text, 64 KiB at a time; closes the file when the reader stops. */
export function* filePieces(path: string): Generator<string> {
  const file = openSync(path, 'r');
  try {
    const decoder = new StringDecoder('utf8');
    const buffer = Buffer.alloc(PIECE_BYTES);
    for (let count = readSync(file, buffer); count > 0; count = readSync(file, buffer)) {
      yield decoder.write(buffer.subarray(0, count));
    }
    yield decoder.end();
  } finally {
    closeSync(file);
  }
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
 * The lines of a text, without their newline.
 * @throws LabError on a line longer than MAX_LINE_CHARS, a NUL character or more than MAX_INPUT_CHARS in all
 */
export function* linesOf(text: TextSource, source: string): Generator<Line> {
  let number = 1;
  let rest = '';
  const limit = inputLimit(source, () => number);
  for (const piece of piecesOf(text)) {
    limit(piece.length);
    const buffer = rest === '' ? piece : rest + piece;
    let start = 0;
    for (let end = buffer.indexOf('\n'); end >= 0; end = buffer.indexOf('\n', start)) {
      const from = number === 1 && buffer.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : start;
      const content = buffer.slice(from, buffer.charCodeAt(end - 1) === 13 && end > from ? end - 1 : end);
      checkLine(content, source, number);
      yield { text: content, number, ended: true };
      number++;
      start = end + 1;
    }
    rest = buffer.slice(start);
    checkLine(rest, source, number);
  }
  if (rest !== '') yield { text: rest, number, ended: false };
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
