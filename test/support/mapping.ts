// What the kernel counts for one memory of this process, whatever the rest of the process does: /proc/self/smaps (Linux,
// Documentation/filesystems/proc.rst).
import { readFileSync } from 'node:fs';
import { addressOf } from '../../src/lab/machine/resident.ts';

/** Bytes of a memory that lie in pages of its own. The kernel's page of zeroes, mapped by a read, does not count. */
export function anonymousBytes(memory: WebAssembly.Memory): number {
  const start = addressOf(memory);
  if (start === undefined) throw new Error('no mapping of this process holds the memory');
  const end = start + BigInt(memory.buffer.byteLength);
  let isInside = false;
  let kib = 0;
  for (const line of readFileSync('/proc/self/smaps', 'latin1').split('\n')) {
    const range = /^([0-9a-f]+)-[0-9a-f]+ /.exec(line);
    if (range !== null) {
      const at = BigInt(`0x${range[1]}`);
      isInside = start <= at && at < end;
    }
    if (isInside) kib += Number(/^Anonymous:\s+(\d+) kB/.exec(line)?.[1] ?? 0);
  }
  return kib * 1024;
}
