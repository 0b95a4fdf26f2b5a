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
  /** The text ends without a newline, in a line of a kind not seen before. */
  #endsUnfamiliar = false;

  remember(text: string): void {
    this.#lines.push(text);
    if (this.#lines.length >= 2 * REMEMBERED_LINES) this.#lines = this.#lines.slice(-REMEMBERED_LINES);
  }

  /** @throws LabError when the last line has no newline and stops inside a line of a kind seen before, or a flag */
  refuseCutLine(last: Line, source: string): void {
    if (last.ended || /^\s+Kernel (?:driver in use|modules): \S/.test(last.text)) return;
    const shape = shapeOf(last.text);
    const beginning = withoutOpenEnd(shape);
    let isBeginning = /[+-] [A-Za-z]{1,32}$/.test(last.text);
    for (const line of this.#lines.slice(0, -1)) {
      const other = shapeOf(line);
      if (other === shape) return;
      if (other.startsWith(beginning)) isBeginning = true;
    }
    this.#endsUnfamiliar = true;
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
    if (isVerbose && !last.verbose && !last.unknownHeader && last.hexRows.length === 0) {
      throw new LabError(
        `${placeOf(source, last)}: nothing is told about ${last.header.id}: the dump is cut off here.`,
      );
    }
    const port = devices.find((device) => this.#mustHaveMore(device, last, drafts));
    if (!port) return;
    throw new LabError(
      `${placeOf(source, last)}: the dump ends with ${last.header.id}, but nothing is shown behind ${port.header.id} ` +
        `(${placeOf(source, port)})${port.linkActive ? ', whose link is active' : ''}: the dump is cut off.`,
    );
  }

  /** A port whose bus would come after the last function shown, and that has, or likely has, something behind it. */
  #mustHaveMore(port: DeviceText, last: DeviceText, drafts: readonly Draft[]): boolean {
    const range = port.buses;
    if (!range || range.secondary === 0 || !(port.linkActive || this.#endsUnfamiliar)) return false;
    const { domain } = port.header;
    const isBehindEnd =
      domain > last.header.domain || (domain === last.header.domain && range.secondary > last.header.bus);
    if (!isBehindEnd) return false;
    return !drafts.some((fn) => fn.domain === domain && fn.bus >= range.secondary && fn.bus <= range.subordinate);
  }
}

/** A line with its numbers and flags blanked, so that equal kinds of line are equal. */
function shapeOf(line: string): string {
  return line.replace(/[0-9a-f]+/gi, (run) => (/[0-9]/.test(run) ? '#' : run)).replace(/[+-]/g, '~');
}

/** A shape without the blanked numbers and flags at its end, which may go on. */
function withoutOpenEnd(shape: string): string {
  let end = shape.length;
  while (end > 0 && (shape[end - 1] === '#' || shape[end - 1] === '~')) end--;
  return shape.slice(0, end);
}
