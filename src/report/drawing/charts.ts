// The charts there are: every file of charts/. Nothing lists them.
import { assert } from '../../base/errors.ts';
import { folderParts } from '../../base/folder_parts.ts';
import type { ChartDefinition } from './chart_spec.ts';

/** All chart definitions, by name. */
export async function loadCharts(): Promise<ChartDefinition[]> {
  const parts = await folderParts<{ chart?: ChartDefinition }>(new URL('../charts/', import.meta.url));
  return parts.map(([name, { chart }]) => {
    assert(chart !== undefined, `charts/${name}.ts exports a chart`);
    return chart;
  });
}
