// A clock for deadlines of others: it goes on only while somebody looks at it.

/**
 * Milliseconds since it was made, of which each look adds at most `mostPerLookMs`. A process that was stopped (Ctrl-Z) or kept from
 * running for a minute has not waited a minute for an answer: the one that should answer may have been stopped as well.
 */
export function watchedClock(mostPerLookMs: number, now: () => number = () => performance.now()): () => number {
  let lookedAt = now();
  let ms = 0;
  return () => {
    const time = now();
    ms += Math.min(time - lookedAt, mostPerLookMs);
    lookedAt = time;
    return ms;
  };
}
