// DiskSim's ASCII traces (reference manual, "ASCII"): arrival in milliseconds with a fraction, device, first block of 512 bytes, blocks,
// flags, of which bit 0 means a read.
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const BLOCK_BYTES = 512;
const LINE = /^\s*(\d+\.\d*)\s+(\d+)\s+(\d+)\s+(\d+)\s+([0-9a-f]+)\s*$/i;

const format: TraceFormat = {
  name: 'DiskSim ASCII trace',
  recognises: (line) => LINE.test(line),
  reader: () => new DiskSimReader(),
};

export const formats: readonly TraceFormat[] = [format];

class DiskSimReader implements TraceReader {
  readonly timed = true;

  read(line: string): TraceRecord | Skipped | undefined | string {
    const [, milliseconds, device = '', first, count, flags = ''] = LINE.exec(line) ?? [];
    const block = wholeNumber(first);
    const blocks = wholeNumber(count);
    if (block === undefined || blocks === undefined) {
      return 'expected milliseconds, device, first block, blocks and flags (bit 0: read), as in: 1.250000 0 4096 8 1';
    }
    const offsetBytes = block * BLOCK_BYTES;
    if (!Number.isSafeInteger(offsetBytes)) return 'the first block is larger than any disk';
    const timeNs = Math.round(Number(milliseconds) * 1e6);
    const write = (Number.parseInt(flags, 16) & 1) === 0;
    return { timeNs, op: write ? 'write' : 'read', device, offsetBytes, lengthBytes: blocks * BLOCK_BYTES };
  }
}
