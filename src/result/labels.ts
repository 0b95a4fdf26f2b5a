// How each figure of a cell came about, and the one outcome that is no errno. Apart from result.ts, so that code that only shows a
// result does not carry the check of the document.

export type FigureLabel = 'measured' | 'counted' | 'modelled';

/** How the figures of a cell come about unless its own `labels` say otherwise. */
export const FIGURE_LABELS: Readonly<Record<string, FigureLabel>> = {
  iops: 'measured',
  nsPerIo: 'measured',
  cpuNsPerIo: 'measured',
  stages: 'measured',
  gbPerS: 'measured',
  latencyNs: 'measured',
  perIo: 'counted',
  metadataBytes: 'modelled',
  modelled: 'modelled',
  resident: 'measured',
};

/** In place of an errno: nothing was refused, but the router found the transfers in the wrong place. */
export const MISDIRECTED = 'misdirected';
