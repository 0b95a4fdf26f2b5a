// CloudPhysics' block traces as CSV: version,time,op,size,lbn, where time is in microseconds, op a SCSI operation code in hexadecimal
// (SBC-3), size in bytes and lbn a block of 512 bytes.
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const BLOCK_BYTES = 512;
const HEADER = /^\s*version\s*,\s*time\s*,\s*op\s*,\s*size\s*,\s*lbn\s*$/i;
const LINE = /^\s*\d+\s*,\s*(\d+)\s*,\s*(?:0x)?([0-9a-f]{1,2})\s*,\s*(\d+)\s*,\s*(\d+)\s*$/i;
/** READ and WRITE with commands of 6, 10, 12 and 16 bytes. */
const READS = new Set(['8', '08', '28', 'a8', '88']);
const WRITES = new Set(['a', '0a', '2a', 'aa', '8a']);
/** SYNCHRONIZE CACHE. */
const FLUSHES = new Set(['35', '91']);
const NOT_REPLAYED: ReadonlyMap<string, string> = new Map(
  Object.entries({
    '41': 'repeated writes',
    '93': 'repeated writes',
    // UNMAP has its ranges in data that the trace does not hold.
    '42': 'trims, whose ranges are not recorded,',
  }),
);

const format: TraceFormat = {
  name: 'CloudPhysics CSV',
  recognises: (line) => HEADER.test(line) || LINE.test(line),
  reader: () => new CloudPhysicsReader(),
};

export const formats: readonly TraceFormat[] = [format];

class CloudPhysicsReader implements TraceReader {
  readonly timed = true;

  read(line: string): TraceRecord | Skipped | undefined | string {
    if (HEADER.test(line)) return undefined;
    const [, time, op = '', size, lbn] = LINE.exec(line) ?? [];
    const microseconds = wholeNumber(time);
    const lengthBytes = wholeNumber(size);
    const block = wholeNumber(lbn);
    if (microseconds === undefined || lengthBytes === undefined || block === undefined) {
      return 'expected version, microseconds, SCSI operation code, bytes and block, as in: 1,5633898,2a,512,42932745';
    }
    const code = op.toLowerCase();
    const timeNs = microseconds * 1000;
    if (FLUSHES.has(code)) return { timeNs, op: 'flush', device: '0', offsetBytes: 0, lengthBytes: 0 };
    if (!READS.has(code) && !WRITES.has(code))
      return { skip: NOT_REPLAYED.get(code) ?? `commands of SCSI code ${code}` };
    const offsetBytes = block * BLOCK_BYTES;
    if (!Number.isSafeInteger(offsetBytes)) return 'the block is larger than any disk';
    return { timeNs, op: WRITES.has(code) ? 'write' : 'read', device: '0', offsetBytes, lengthBytes };
  }
}
