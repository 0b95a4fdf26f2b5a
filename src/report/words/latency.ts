// A cell's latency in words, with what its percentiles rest on.
import { formatCount, formatNs } from '../../base/units.ts';
import type { Cell } from '../../result/schema.ts';
import { isSupported } from '../../stats/histogram.ts';
import { formatEstimate, NOT_MEASURED } from './format.ts';

/** p50, p90, p99, p99.9, max, the number of samples and the kind of loop of one cell. */
export function latencyFigures({ latencyNs }: Pick<Cell, 'latencyNs'>): string[] | undefined {
  if (latencyNs === null || latencyNs.samples === 0) return undefined;
  const { p50, p90, p99, p999, max, samples } = latencyNs;
  const figure = (ns: number | null, fraction: number): string => {
    if (ns === null) return NOT_MEASURED;
    return isSupported(samples, fraction) ? formatNs(ns) : `${formatNs(ns)}*`;
  };
  const percentiles = [figure(p50, 0.5), figure(p90, 0.9), figure(p99, 0.99), figure(p999, 0.999)];
  return [...percentiles, max === null ? NOT_MEASURED : formatNs(max), formatCount(samples), loopWords(latencyNs)];
}

/** "closed"; "open, 1 k/s kept"; "open, 0.71 k of 1 k/s". */
function loopWords({ loop, offered }: NonNullable<Cell['latencyNs']>): string {
  if (offered === undefined) return loop;
  const [due, achieved] = [offered.iops, offered.achievedIops].map((iops) =>
    formatEstimate({ median: iops, ci95: null }),
  );
  return offered.kept ? `${loop}, ${due}/s kept` : `${loop}, ${achieved} of ${due}/s`;
}
