// A specification's legend in HTML: each entry with the mark it has in the panels.
import type { LegendEntry, PointShape } from '../report/drawing/chart_spec.ts';
import { h, svg } from './dom.ts';

export function legendList(entries: readonly LegendEntry[]): HTMLElement {
  return h('ul', { class: 'legend' }, ...entries.map((entry) => h('li', {}, mark(entry), entry.label)));
}

/** Shapes around (14, 7) in a box of 28 x 14. */
const SHAPES: Readonly<Record<PointShape, readonly [string, Readonly<Record<string, string | number>>]>> = {
  circle: ['circle', { cx: 14, cy: 7, r: 4 }],
  rect: ['rect', { x: 10.5, y: 3.5, width: 7, height: 7 }],
  triangle: ['path', { d: 'M14 2 L18.5 10 H9.5 Z' }],
  rectRot: ['path', { d: 'M14 2 L19 7 L14 12 L9 7 Z' }],
  crossRot: ['path', { d: 'M10 3 L18 11 M18 3 L10 11' }],
};

function mark({ colour = 'currentColor', mark: kind, dash, point }: LegendEntry): SVGElement {
  const parts = [];
  if (kind === 'bar') parts.push(svg('rect', { x: 4, y: 2, width: 20, height: 10, fill: colour }));
  if (kind === 'line') {
    const line = {
      x1: 0,
      y1: 7,
      x2: 28,
      y2: 7,
      stroke: colour,
      'stroke-width': 2.5,
      'stroke-dasharray': dash?.join(' '),
    };
    parts.push(svg('line', line));
  }
  if (point !== undefined) {
    const [shape, place] = SHAPES[point];
    const fill = kind === 'point' ? 'none' : colour;
    parts.push(svg(shape, { ...place, fill, stroke: colour, 'stroke-width': 2 }));
  }
  return svg('svg', { width: 28, height: 14, viewBox: '0 0 28 14', 'aria-hidden': 'true' }, ...parts);
}
