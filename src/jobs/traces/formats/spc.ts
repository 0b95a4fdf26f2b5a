// SPC traces (Storage Performance Council, trace file format 1.0.1; UMass Financial and WebSearch): ASU,LBA,Size,Opcode,Timestamp[,...]
// with LBAs of 512 bytes, sizes in bytes, R or W, and seconds since the start.
import { wholeNumber } from '../numbers.ts';
import type { Skipped, TraceFormat, TraceReader, TraceRecord } from '../trace.ts';

const SECTOR_BYTES = 512;
const LINE = /^\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*([rw])\s*,\s*(\d+(?:\.\d*)?)\s*(?:,.*)?$/i;

const format: TraceFormat = {
  name: 'SPC trace',
  recognises: (line) => LINE.test(line),
  reader: () => new SpcReader(),
};

export const formats: readonly TraceFormat[] = [format];

class SpcReader implements TraceReader {
  readonly timed = true;

  read(line: string): TraceRecord | Skipped | undefined | string {
    const [, device = '', lba, size, opcode = '', seconds] = LINE.exec(line) ?? [];
    const first = wholeNumber(lba);
    const lengthBytes = wholeNumber(size);
    if (first === undefined || lengthBytes === undefined) {
      return 'expected ASU, LBA, size in bytes, R or W and seconds, as in: 0,20941264,8192,W,0.551706';
    }
    const offsetBytes = first * SECTOR_BYTES;
    if (!Number.isSafeInteger(offsetBytes)) return 'the LBA is larger than any disk';
    const timeNs = Math.round(Number(seconds) * 1e9);
    return { timeNs, op: opcode.toLowerCase() === 'w' ? 'write' : 'read', device, offsetBytes, lengthBytes };
  }
}
