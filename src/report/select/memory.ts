// What each scheme keeps for each BAR of a result, and what it saves against the reference scheme in bytes and in CPU time.

import type { MetadataBytes, Result } from '../../result/schema.ts';
import { barPoints } from './bar_points.ts';
import { groupsOf, roleOf, setUpMetadataBytes } from './groups.ts';
import { CPU_NS_PER_IO } from './metrics.ts';
import { recordedRatios } from './ratios.ts';

export interface SchemeMemory {
  barBytes: number;
  scheme: string;
  /** Of the buffer source that needs most. */
  memory: MetadataBytes;
  setUpBytes: number;
  /** Null for the reference scheme, and where it has no figure at this BAR. */
  savedBytes: number | null;
  /** Smallest and largest difference of CPU time in the comparisons made at this BAR, ns per I/O; null without any. */
  savedNs: [lo: number, hi: number] | null;
}

/** Ascending BARs; in each the schemes in order of appearance. */
export function largestByScheme(result: Result): SchemeMemory[] {
  const groups = groupsOf(result);
  const points = barPoints(groups).flatMap((point) => {
    const setUpBytes = setUpMetadataBytes(point.cell);
    return setUpBytes === null ? [] : [{ ...point, setUpBytes }];
  });
  const ratios = recordedRatios(result)(groups, CPU_NS_PER_IO);
  const reference = result.cells.find((cell) => roleOf(cell) === 'reference')?.scheme;
  const byBar = [...Map.groupBy(points, ({ barBytes }) => barBytes)];
  return byBar.flatMap(([barBytes, atBar]) => {
    const groupsAtBar = new Set(atBar.map(({ group }) => group));
    const largest = [...Map.groupBy(atBar, ({ cell }) => cell.scheme).values()].map((ofScheme) =>
      ofScheme.reduce((a, b) => (b.setUpBytes > a.setUpBytes ? b : a)),
    );
    const ofReference = largest.find(({ cell }) => cell.scheme === reference)?.setUpBytes;
    return largest.map(({ cell, setUpBytes }): SchemeMemory => {
      const isReference = cell.scheme === reference;
      const savedNs = ratios.flatMap(({ cell: a, other: b, group }) => {
        if (!groupsAtBar.has(group) || a.scheme !== cell.scheme || b.scheme === a.scheme) return [];
        return a.cpuNsPerIo === null || b.cpuNsPerIo === null ? [] : [b.cpuNsPerIo.median - a.cpuNsPerIo.median];
      });
      return {
        barBytes,
        scheme: cell.scheme,
        memory: cell.metadataBytes as MetadataBytes,
        setUpBytes,
        savedBytes: isReference || ofReference === undefined ? null : ofReference - setUpBytes,
        savedNs: savedNs.length === 0 ? null : [Math.min(...savedNs), Math.max(...savedNs)],
      };
    });
  });
}
