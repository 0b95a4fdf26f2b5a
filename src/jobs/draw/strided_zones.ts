// fio's strided zones (io_u.c, setup_strided_zone_mode): I/O stays in one zone of the file until enough bytes went there; then it goes on
// to the next, behind what is skipped, and to the first again at the end of the file.
import type { Zones } from '../job.ts';
import type { Direction } from './directions.ts';
import { type FileState, resetFile } from './file_states.ts';

/**
 * Moves a file to its next zone when it is time.
 * @param zoneBytes I/O to the present zone so far
 * @returns whether a zone was begun
 */
export function advanceZone(zones: Zones, file: FileState, direction: Direction, zoneBytes: number): boolean {
  const begins = zoneBytes >= zones.sizeBytes;
  if (begins) {
    file.offsetBytes += zones.rangeBytes + zones.skipBytes;
    if (file.offsetBytes >= file.endBytes) file.offsetBytes = file.startBytes;
    file.lastEnd[direction] = file.offsetBytes;
  }
  // More I/O than a zone holds goes round in it.
  if (file.lastEnd[direction] >= file.offsetBytes + zones.rangeBytes) file.lastEnd[direction] = file.offsetBytes;
  if ((begins ? 0 : zoneBytes) % zones.rangeBytes === 0) resetFile(file);
  return begins;
}
