// The lines of a text file of any size, a piece at a time; gzip is unpacked first.
import { closeSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import { gunzipSync } from 'node:zlib';
import { LabError } from '../../base/errors.ts';
import { formatBytes, GIB } from '../../base/units.ts';

const PIECE_BYTES = 2 ** 20;
/** Longer lines are no trace. */
const LONGEST_LINE = 65_536;
/** What a packed trace may unpack to; it is unpacked in memory. */
const MOST_UNPACKED = 2 * GIB - 1;

/**
 * @param path a text file, or one packed by gzip
 * @throws LabError when it cannot be read or is no text
 */
export function* linesOf(path: string): Generator<string> {
  let rest = '';
  let line = 0;
  for (const piece of textPieces(path)) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() as string;
    if (rest.length > LONGEST_LINE) {
      throw new LabError(`${path}:${line + lines.length + 1}: a line of more than 64 KiB; this is not a text trace.`);
    }
    for (const each of lines) yield each.endsWith('\r') ? each.slice(0, -1) : each;
    line += lines.length;
  }
  if (rest !== '') yield rest;
}

function* textPieces(path: string): Generator<string> {
  const decoder = new StringDecoder('utf8');
  for (const piece of unpackedPieces(path)) {
    const text = decoder.write(piece);
    if (text.includes('\0')) {
      throw new LabError(
        `${path}: holds binary data, not a text trace. Binary blktrace files are not read: blkparse and fio's write_iolog make text of them.`,
      );
    }
    yield text;
  }
  yield decoder.end();
}

function* unpackedPieces(path: string): Generator<Buffer> {
  const pieces = filePieces(path);
  const first = pieces.next();
  if (first.done) return;
  if (first.value[0] !== 0x1f || first.value[1] !== 0x8b) {
    yield first.value;
    yield* pieces;
    return;
  }
  const packed = Buffer.concat([first.value, ...pieces]);
  let text: Buffer;
  try {
    text = gunzipSync(packed, { maxOutputLength: MOST_UNPACKED });
  } catch (error) {
    throw new LabError(
      `${path}: cannot be unpacked (${(error as Error).message}; at most ${formatBytes(MOST_UNPACKED)}). Unpack it by gunzip.`,
    );
  }
  for (let at = 0; at < text.length; at += PIECE_BYTES) yield text.subarray(at, at + PIECE_BYTES);
}

function* filePieces(path: string): Generator<Buffer> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    throw new LabError(`${path}: cannot read this file (${(error as Error).message}). Check the path.`);
  }
  try {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const bytes = readSync(file, piece);
      if (bytes === 0) return;
      yield piece.subarray(0, bytes);
    }
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(`${path}: cannot read this file (${(error as Error).message}).`);
  } finally {
    closeSync(file);
  }
}
