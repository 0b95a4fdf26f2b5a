// Resident bytes of a part of the shared memory, as the operating system counts them (Linux: /proc/self/pagemap).
// Null elsewhere, or where the files cannot be read: a figure that was not measured is not guessed.

import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Span } from './arena.ts';

/** Unused bytes at the start of every machine's memory, where a mark is left to find the mapping by. */
const MARK_AT = 512;
const MARK_BYTES = 16;
const PAGE_BYTES = 4096;
/** Bit 63 of a pagemap entry: the page is in RAM. */
const PRESENT_BYTE = 7;
const PRESENT_BIT = 0x80;

const bases = new WeakMap<WebAssembly.Memory, bigint>();

/** Bytes of `span` that are in RAM now, or null when the system does not tell. */
export function residentBytes(memory: WebAssembly.Memory, span: Span): number | null {
  try {
    const base = addressOf(memory);
    if (base === undefined) return null;
    return countPresent(base + BigInt(span.at), span.bytes);
  } catch {
    return null;
  }
}

/** Virtual address of the memory's byte 0, or undefined when the system does not tell. Linux only. */
export function addressOf(memory: WebAssembly.Memory): bigint | undefined {
  const base = bases.get(memory) ?? findBase(memory);
  if (base !== undefined) bases.set(memory, base);
  return base;
}

/** The mapping at which a random mark, just written, can be read back. */
function findBase(memory: WebAssembly.Memory): bigint | undefined {
  const mark = randomBytes(MARK_BYTES);
  new Uint8Array(memory.buffer).set(mark, MARK_AT);
  const maps = readFileSync('/proc/self/maps', 'latin1').split('\n');
  const mem = openSync('/proc/self/mem', 'r');
  try {
    for (const line of maps) {
      const found = /^([0-9a-f]+)-([0-9a-f]+) rw/.exec(line);
      if (found === null) continue;
      const start = BigInt(`0x${found[1]}`);
      if (BigInt(`0x${found[2]}`) - start < BigInt(MARK_AT + MARK_BYTES)) continue;
      const read = Buffer.alloc(MARK_BYTES);
      try {
        readSync(mem, read, 0, MARK_BYTES, start + BigInt(MARK_AT));
      } catch {
        continue;
      }
      if (read.equals(mark)) return start;
    }
  } finally {
    closeSync(mem);
  }
  return undefined;
}

function countPresent(start: bigint, bytes: number): number {
  const first = Number(start / BigInt(PAGE_BYTES));
  const pages = Math.ceil(bytes / PAGE_BYTES);
  const pagemap = openSync('/proc/self/pagemap', 'r');
  const chunk = Buffer.alloc(8 * 65536);
  let present = 0;
  try {
    for (let page = 0; page < pages; page += chunk.length / 8) {
      const want = Math.min(chunk.length, (pages - page) * 8);
      const got = readSync(pagemap, chunk, 0, want, (first + page) * 8);
      for (let at = PRESENT_BYTE; at < got; at += 8) if ((chunk[at] as number) & PRESENT_BIT) present++;
    }
  } finally {
    closeSync(pagemap);
  }
  return present * PAGE_BYTES;
}
