// Telling a whole dump from one that was cut off. lspci prints functions in order and lines of few kinds, so the end of
// a cut dump gives itself away: a last line that stops inside a line seen before, a function without facts, or a port
// whose link is up with nothing shown behind it.
import { LabError } from '../../base/errors.ts';
import type { Draft } from '../assemble.ts';
import { placeOf } from '../assemble.ts';
import type { Line } from '../input.ts';
import { excerpt } from '../input.ts';
import type { DeviceText } from './device_text.ts';

/** Earlier lines kept to compare the last one with. */
const REMEMBERED_LINES = 4096;

export class DumpTail {
  #lines: string[] = [];

  remember(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length >= 2 * REMEMBERED_LINES) this.#lines = this.#lines.slice(-REMEMBERED_LINES);
  }

  /** @throws LabError when the last line has no newline and is the beginning of a longer line seen before */
  refuseCutLine(last: Line, source: string): void {
    if (last.ended || /^\s+Kernel (?:driver in use|modules): \S/.test(last.text)) return;
    const shape = shapeOf(last.text);
    let isBeginning = false;
    for (const line of this.#lines.slice(0, -1)) {
      const other = shapeOf(line);
      if (other === shape) return;
      if (other.startsWith(shape.replace(/[#~]+$/, ''))) isBeginning = true;
    }
    if (!isBeginning) return;
    throw new LabError(
      `${source}:${last.number}: the dump is cut off inside this line: '${excerpt(last.text.trim())}'.`,
    );
  }

  /** @throws LabError when functions that must follow the last one are missing */
  refuseMissingTail(devices: readonly DeviceText[], drafts: readonly Draft[], source: string): void {
    const last = devices.at(-1);
    if (!last) return;
    const isVerbose = devices.some((device) => device.verbose);
    if (isVerbose && !last.verbose && !last.unknownHeader) {
      throw new LabError(
        `${placeOf(source, last)}: nothing is told about ${last.header.id}: the dump is cut off here.`,
      );
    }
    for (const device of devices) {
      const range = device.buses;
      if (!device.linkActive || !range || range.secondary === 0) continue;
      const { domain } = device.header;
      const isAfterLast =
        domain > last.header.domain || (domain === last.header.domain && range.secondary > last.header.bus);
      const isEmpty = !drafts.some(
        (fn) => fn.domain === domain && fn.bus >= range.secondary && fn.bus <= range.subordinate,
      );
      if (!isAfterLast || !isEmpty) continue;
      throw new LabError(
        `${placeOf(source, last)}: the dump ends with ${last.header.id}, but the link below ${device.header.id} ` +
          `(${placeOf(source, device)}) is active and nothing behind it is shown: the dump is cut off.`,
      );
    }
  }
}

/** A line with its numbers and flags blanked, so that equal kinds of line are equal. */
function shapeOf(line: string): string {
  return line.replace(/[0-9a-f]*[0-9][0-9a-f]*/gi, '#').replace(/[+-]/g, '~');
}
