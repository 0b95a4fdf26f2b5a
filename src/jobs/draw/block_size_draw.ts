// How large the next I/O is: fio's get_next_buflen (io_u.c).
import type { SizeRule } from '../job.ts';
import type { Tausworthe } from './tausworthe.ts';

/** Draws a size of at most `room` bytes; 0 when not even the smallest has room. */
export type SizeDraw = (room: number) => number;

export function createSizeDraw(rule: SizeRule, random: Tausworthe): SizeDraw {
  const { minBytes, maxBytes } = rule;
  // fio checks the room of a fixed size only against the end of the file.
  if (minBytes === maxBytes) return () => minBytes;
  const drawn = rule.split === undefined ? ranged(rule, random) : split(rule.split, random);
  return (room) => {
    if (room < minBytes) return 0;
    for (;;) {
      const bytes = drawn(room);
      const whole = Math.min(bytes - (bytes % minBytes), maxBytes);
      if (whole <= room) return whole;
    }
  };
}

/** The largest size is the width of the draw, not its end: what lies beyond is cut to it. */
function ranged({ minBytes, maxBytes }: SizeRule, random: Tausworthe): SizeDraw {
  return () => minBytes + Math.floor(maxBytes * random.unit());
}

/** The first entry up to whose percentage the number falls and that has room, otherwise the last. */
function split(entries: NonNullable<SizeRule['split']>, random: Tausworthe): SizeDraw {
  const used = entries.filter(({ percent }) => percent > 0);
  return (room) => {
    const isWithin = random.percentile();
    let percent = 0;
    let bytes = 0;
    for (const entry of used) {
      bytes = entry.bytes;
      percent += entry.percent;
      if (bytes <= room && isWithin(percent)) break;
    }
    return bytes;
  };
}
