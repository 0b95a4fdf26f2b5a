// For tests: an access stream unpacked again into one object per I/O.
import { STREAM_WORDS } from './access_stream.ts';
import { HOST_RAM_BIT } from './buffers.ts';

export interface StreamEntry {
  readonly lba: number;
  readonly blocks: number;
  readonly flush: boolean;
  readonly fua: boolean;
  /** May meet others in flight. */
  readonly overlaps: boolean;
  readonly opcode: number;
  /** 4 KiB pages from the start of its memory. */
  readonly page: number;
  readonly hostRam: boolean;
}

export function streamEntries(words: Uint32Array): StreamEntry[] {
  return Array.from({ length: words.length / STREAM_WORDS }, (_, i) => {
    const [low = 0, high = 0, length = 0, buffer = 0] = words.subarray(i * STREAM_WORDS, (i + 1) * STREAM_WORDS);
    return {
      lba: high * 2 ** 32 + low,
      blocks: length & 0x3fffff,
      flush: (length & 0x800000) !== 0,
      overlaps: (length & 0x400000) !== 0,
      fua: length >= 2 ** 31,
      opcode: (length >>> 24) & 0x3f,
      page: buffer % HOST_RAM_BIT,
      hostRam: buffer >= HOST_RAM_BIT,
    };
  });
}
