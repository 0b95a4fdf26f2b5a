// I/Os that ended well and their bytes, by direction, as the front queue of a lane counts them (machine/front/done.ts). Counts are
// free running; a slice's are the difference of two readings (lab/machine/done_counts.ts), so they are exact.

/** Directions as fio has them; `sync` is a Flush, behind a write or by itself: moved nothing. */
const DONE_FIELDS = ['readIos', 'readBytes', 'writeIos', 'writeBytes', 'trimIos', 'trimBytes', 'syncIos'] as const;
export type DoneIos = Record<(typeof DONE_FIELDS)[number], number>;
/** Fields that are 0 may be absent. */
export type SomeDone = { [Field in keyof DoneIos]?: number | undefined };

/** One value for each field. */
export function doneIos(value: (field: (typeof DONE_FIELDS)[number], index: number) => number): DoneIos {
  return Object.fromEntries(DONE_FIELDS.map((name, index) => [name, value(name, index)])) as DoneIos;
}

export function sumDone(each: readonly SomeDone[]): DoneIos {
  return doneIos((name) => each.reduce((sum, done) => sum + (done[name] ?? 0), 0));
}

/** From the words that `putDone` wrote. @param at index into `f64` */
export function takeDone(f64: Float64Array, at: number): DoneIos {
  return doneIos((_, index) => f64[at + index] as number);
}

export function putDone(f64: Float64Array, at: number, done: DoneIos): void {
  DONE_FIELDS.forEach((name, index) => {
    f64[at + index] = done[name];
  });
}

export function iosOf({ readIos = 0, writeIos = 0, trimIos = 0 }: SomeDone): number {
  return readIos + writeIos + trimIos;
}

/** Bytes that were read and written: what went over the bus. A trim's bytes stay where they are. */
export function movedBytes({ readBytes = 0, writeBytes = 0 }: SomeDone): number {
  return readBytes + writeBytes;
}

/** Without the directions that had no I/O: for records of which there are many. */
export function compactDone(done: DoneIos): SomeDone {
  return Object.fromEntries(Object.entries(done).filter(([, count]) => count > 0));
}
