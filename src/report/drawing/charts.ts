// The charts there are: every file of charts/. Nothing lists them.
import { readdir } from 'node:fs/promises';
import { assert } from '../../base/errors.ts';
import type { ChartDefinition } from './chart_spec.ts';

const FOLDER = new URL('../charts/', import.meta.url);

/** All chart definitions, by name. */
export async function loadCharts(): Promise<ChartDefinition[]> {
  const files = (await readdir(FOLDER)).filter((file) => /^[a-z0-9_]+\.[jt]s$/.test(file));
  const modules = files.sort().map(async (file) => {
    const { chart } = (await import(new URL(file, FOLDER).href)) as { chart?: ChartDefinition };
    assert(chart !== undefined, `charts/${file} exports a chart`);
    return chart;
  });
  return Promise.all(modules);
}
