// A file's text as strangers write it: UTF-8 or UTF-16 of either end (with a byte order mark, or told by its NUL
// bytes), plain or packed with gzip or zstd. Other packings are named, with the command that unpacks them.
import { closeSync, openSync, readSync } from 'node:fs';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { LabError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { MAX_INPUT_CHARS } from './input.ts';

const PIECE_BYTES = 64 * 1024;

interface Packing {
  readonly name: string;
  /** The first bytes of such a file. */
  readonly magic: readonly number[];
  readonly unpack?: (packed: Buffer, options: { readonly maxOutputLength: number }) => Buffer;
  /** A command that unpacks FILE to its standard output. */
  readonly command: string;
}

const PACKINGS: readonly Packing[] = [
  { name: 'gzip', magic: [0x1f, 0x8b], unpack: gunzipSync, command: 'gzip -dc' },
  { name: 'zstd', magic: [0x28, 0xb5, 0x2f, 0xfd], unpack: zstdDecompressSync, command: 'zstd -dc' },
  { name: 'xz', magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], command: 'xz -dc' },
  { name: 'bzip2', magic: [0x42, 0x5a, 0x68], command: 'bzip2 -dc' },
  { name: 'zip', magic: [0x50, 0x4b, 0x03, 0x04], command: 'unzip -p' },
];

/**
 * A file's text in pieces of up to 64 KiB; `-` is standard input.
 * @throws LabError on a packing that is not read, one that is damaged, and more than MAX_INPUT_CHARS
 */
export function* filePieces(path: string): Generator<string> {
  const pieces = unpacked(bytesOf(path), path);
  let decoder: TextDecoder | undefined;
  for (const piece of pieces) {
    decoder ??= new TextDecoder(encodingOf(piece));
    yield decoder.decode(piece, { stream: true });
  }
  if (decoder) yield decoder.decode();
}

function* bytesOf(path: string): Generator<Buffer> {
  const file = path === '-' ? 0 : openSync(path, 'r');
  try {
    for (;;) {
      const buffer = Buffer.alloc(PIECE_BYTES);
      const count = readSync(file, buffer);
      if (count === 0) return;
      yield buffer.subarray(0, count);
    }
  } finally {
    if (file !== 0) closeSync(file);
  }
}

/** The bytes behind a packing, or the bytes as they are. */
function* unpacked(pieces: Generator<Buffer>, path: string): Generator<Buffer> {
  const head = pieces.next();
  if (head.done) return;
  const packing = PACKINGS.find(({ magic }) => magic.every((byte, i) => head.value[i] === byte));
  if (!packing) {
    yield head.value;
    yield* pieces;
    return;
  }
  const text = unpack(packing, collected(head.value, pieces, path), path);
  for (let at = 0; at < text.length; at += PIECE_BYTES) yield text.subarray(at, at + PIECE_BYTES);
}

function collected(head: Buffer, pieces: Generator<Buffer>, path: string): Buffer {
  const all = [head];
  let total = head.length;
  for (const piece of pieces) {
    all.push(piece);
    total += piece.length;
    if (total > MAX_INPUT_CHARS) throw new LabError(`${path}: more than ${formatBytes(MAX_INPUT_CHARS)} packed.`);
  }
  return Buffer.concat(all, total);
}

function unpack({ name, unpack: read, command }: Packing, packed: Buffer, path: string): Buffer {
  if (!read) {
    throw new LabError(`${path}: a ${name} file, which is not read. Unpack it: ${command} ${path} > dump.txt`);
  }
  try {
    return read(packed, { maxOutputLength: 2 * MAX_INPUT_CHARS });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const what =
      code === 'ERR_BUFFER_TOO_LARGE'
        ? `holds more than ${formatBytes(2 * MAX_INPUT_CHARS)}; no machine's dump is that long`
        : `is cut off or damaged (${message})`;
    throw new LabError(`${path}: this ${name} file ${what}.`);
  }
}

/** Told by the byte order mark; without one, by where the NUL bytes of plain letters are. */
function encodingOf(head: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const sample = head.subarray(0, 512 & ~1);
  const nuls = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) nuls[i & 1] = (nuls[i & 1] ?? 0) + 1;
  const [even, odd] = nuls as [number, number];
  if (odd > sample.length / 4 && even === 0) return 'utf-16le';
  return even > sample.length / 4 && odd === 0 ? 'utf-16be' : 'utf-8';
}
