// What one I/O must cost for the memory to be worth it. Memory and CPU time are made comparable by what a server has of
// each: a machine with R bytes of RAM for each core gives up 1/R of a core for every byte. So M bytes of metadata are
// worth M/R of a core, that is M/R * 10^9 ns of CPU time each second, shared by the I/Os of that second.
// The one assumption is R; it is an option and part of every output.

export interface BreakEvenOptions {
  /** RAM that goes with one core; 4 GiB is what clouds sell with one. */
  readonly ramBytesPerCore: number;
  /** I/Os per second over all providers counted. */
  readonly iops: number;
}

export interface BreakEven {
  readonly scheme: string;
  /** Bytes the reference (page) needs more than this scheme; negative when it needs less. */
  readonly savedBytes: number;
  /** The same as a share of a core. */
  readonly savedCores: number;
  /** A scheme without pages pays off as long as it costs each I/O less than this many ns more. */
  readonly nsPerIo: number;
}

/** The CPU time per I/O that a number of bytes is worth, ns. */
export function nsPerIoWorth(bytes: number, options: BreakEvenOptions): number {
  return ((bytes / options.ramBytesPerCore) * 1e9) / options.iops;
}

/** Break-even of each scheme against the first row. */
export function breakEven(
  rows: readonly { readonly scheme: string; readonly totalBytes: number }[],
  options: BreakEvenOptions,
): BreakEven[] {
  const reference = rows[0]?.totalBytes ?? 0;
  return rows.slice(1).map(({ scheme, totalBytes }) => {
    const savedBytes = reference - totalBytes;
    return {
      scheme,
      savedBytes,
      savedCores: savedBytes / options.ramBytesPerCore,
      nsPerIo: nsPerIoWorth(savedBytes, options),
    };
  });
}
