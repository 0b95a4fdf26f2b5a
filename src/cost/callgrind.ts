// callgrind.out: instructions and accesses by line of the source, as callgrind_annotate and KCachegrind read it (Valgrind manual, Callgrind
// format specification). Functions are whole: what they call is not told apart, because the optimiser has made one of them. An arm is part of
// a function's name: the tools add up what has the same.
import type { CostCell, CostDocument, LineCost } from './document.ts';

/** Costs are whole numbers there: those of so many I/Os. */
const IOS = 1000;

export function callgrindText({ cells, compiler }: CostDocument): string {
  const parts = cells.filter(({ functions }) => functions !== undefined).map(partOf);
  const head = [
    '# callgrind format',
    'version: 1',
    'creator: p2plab',
    `desc: Trigger: ${IOS} I/Os of each arm`,
    `desc: Compiler: ${compiler}`,
  ];
  return `${[...head, 'positions: line', 'events: Ir Accesses', '', ...parts].join('\n')}\n`;
}

function partOf(cell: CostCell): string {
  const lines: string[] = [];
  const byFunction = Map.groupBy(
    cell.functions as LineCost[],
    ({ core, file, function: name }) => `${file}\n${core}: ${name}`,
  );
  for (const [key, own] of byFunction) {
    const [file, name] = key.split('\n');
    lines.push(`fl=${file}`, `fn=[${cell.id}] ${name}`);
    for (const { line, ops, accesses } of [...own].sort((a, b) => a.line - b.line))
      lines.push(`${line} ${Math.round(ops * IOS)} ${Math.round(accesses * IOS)}`);
  }
  return lines.join('\n');
}
