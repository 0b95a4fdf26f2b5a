// Where a shared memory's pages lie physically, as far as the kernel tells this process (/proc/self/pagemap gives frame
// numbers to CAP_SYS_ADMIN only; Documentation/admin-guide/mm/pagemap.rst).
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

const PAGE_BYTES = 4096;
const PRESENT = 1n << 63n;
const PFN_MASK = (1n << 55n) - 1n;
/** A word below the control words that nobody uses. */
const MARK_AT = 256;

/** Virtual address of a wasm memory in this process, found by a mark; undefined where /proc does not tell. */
export function addressOf(memory: WebAssembly.Memory): bigint | undefined {
  const words = new BigUint64Array(memory.buffer, MARK_AT, 2);
  words[0] = BigInt(Math.floor(Math.random() * 2 ** 52));
  words[1] = ~(words[0] as bigint) & 0xffff_ffff_ffff_ffffn;
  try {
    const file = openSync('/proc/self/mem', 'r');
    try {
      const found = readFileSync('/proc/self/maps', 'utf8')
        .split('\n')
        .filter((line) => / rw/.test(line))
        .map((line) => BigInt(`0x${line.split('-')[0]}`))
        .find((base) => {
          const read = Buffer.alloc(16);
          try {
            readSync(file, read, 0, 16, base + BigInt(MARK_AT));
          } catch {
            return false;
          }
          return read.readBigUInt64LE(0) === words[0] && read.readBigUInt64LE(8) === words[1];
        });
      return found;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** Frame numbers of the pages of [at, at + bytes); empty where they are hidden. */
export function framesOf(base: bigint, at: number, bytes: number): number[] {
  const file = openSync('/proc/self/pagemap', 'r');
  try {
    const first = (base + BigInt(at)) / BigInt(PAGE_BYTES);
    const count = Math.ceil((bytes + (at % PAGE_BYTES)) / PAGE_BYTES);
    const entries = Buffer.alloc(count * 8);
    readSync(file, entries, 0, entries.length, first * 8n);
    return Array.from({ length: count }, (_, i) => entries.readBigUInt64LE(i * 8))
      .filter((entry) => (entry & PRESENT) !== 0n && (entry & PFN_MASK) !== 0n)
      .map((entry) => Number(entry & PFN_MASK));
  } finally {
    closeSync(file);
  }
}
