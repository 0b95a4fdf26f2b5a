// Where the time of an I/O goes: the stages of the path on top of each other, for results that measured them.
import { trimNumber } from '../../base/units.ts';
import type { Cell, Result, Stage } from '../../result/schema.ts';
import type { ChartDefinition, ChartSpec, Panel, View } from '../drawing/chart_spec.ts';
import { axis, cutNote, type Figure, machineOf, PANELS_MAX, panelOptions, tooltip } from '../drawing/chart_style.ts';
import { partColour } from '../drawing/look.ts';
import { dimensionsOf } from '../select/dimensions.ts';
import { armName, armsOf, floorOf, type Group, groupsOf } from '../select/groups.ts';
import { commonParams, describeKeys, describeParams } from '../words/params.ts';

const title = 'CPU time per I/O by stage of the path';

export const chart: ChartDefinition = { name: 'stage_costs', title, build };

function build(result: Result, _: View): ChartSpec | undefined {
  const groups = groupsOf(result).filter((group) => cellsOf(group).length > 0);
  const shown = groups.slice(0, PANELS_MAX);
  if (shown.length === 0) return undefined;
  const params = shown.map((group) => group.params);
  const stages = [...new Set(shown.flatMap(cellsOf).flatMap((cell) => (cell.stages ?? []).map(({ stage }) => stage)))];
  return {
    title,
    subtitle: [
      [...describeParams(commonParams(params)), ...cutNote(shown.length, groups.length)].join(' · '),
      `${machineOf(result)} · 95 % intervals: in the table`,
    ],
    legend: stages.map((label, i) => ({ label, colour: partColour(i), mark: 'bar' })),
    panels: shown.map((group) => panel(group, stages, describeKeys(group.params, dimensionsOf(shown)).join(' · '))),
  };
}

function cellsOf(group: Group): Cell[] {
  const floor = floorOf(group);
  const cells = [...armsOf(group), ...(floor === undefined ? [] : [floor])];
  return cells.filter(({ stages }) => stages !== undefined && stages.length > 0);
}

function panel(group: Group, stages: readonly string[], name: string): Panel {
  const cells = cellsOf(group);
  return {
    type: 'bar',
    data: {
      labels: cells.map(armName),
      datasets: stages.map((stage, i) => ({
        label: stage,
        backgroundColor: partColour(i),
        // Neighbouring stages stay apart where their colours do not.
        borderColor: '#FFFFFF',
        borderWidth: { top: 1 },
        maxBarThickness: 60,
        parsing: { xAxisKey: 'x', yAxisKey: 'y' },
        data: cells.map((cell) => ({
          x: armName(cell),
          ...figureOf(cell.stages?.find((each) => each.stage === stage)),
        })),
      })),
    },
    options: panelOptions(name, {
      scales: {
        x: axis('scheme/buffer source', { stacked: true, grid: { display: false } }),
        y: axis('CPU time per I/O (ns)', { stacked: true, beginAtZero: true }),
      },
      plugins: { tooltip: tooltip((ns) => `${trimNumber(ns)} ns`) },
    }),
  };
}

function figureOf(stage: Stage | undefined): Figure {
  if (stage === undefined) return { y: 0, yMin: 0, yMax: 0 };
  const [yMin, yMax] = stage.ci95 ?? [stage.ns, stage.ns];
  return { y: stage.ns, yMin, yMax };
}
