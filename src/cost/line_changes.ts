// What changed by line of the source between two builds of it: lines move when others are put above them, so the lines of a function are
// laid beside each other by what they execute, and only what has no counterpart is a change.
import type { LineCost } from './document.ts';

/** Baselines have them with three decimals. */
const ROUNDING = 2e-3;
/** Functions longer than this are laid beside each other by their line numbers. */
const MOST_LINES = 2000;

/** What a line does more than before; lines that are gone have their old number. */
export type LineChange = LineCost;

/** Lines whose counts differ, those with most accesses first, then by instructions. */
export function lineChanges(now: readonly LineCost[], before: readonly LineCost[]): LineChange[] {
  const [a, b] = [byFunction(now), byFunction(before)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .flatMap((key) => functionChanges(a.get(key) ?? [], b.get(key) ?? []))
    .sort(
      (x, y) =>
        Math.abs(y.accesses) - Math.abs(x.accesses) ||
        Math.abs(y.ops) - Math.abs(x.ops) ||
        (x.file < y.file ? -1 : x.file > y.file ? 1 : x.line - y.line),
    );
}

function byFunction(lines: readonly LineCost[]): Map<string, LineCost[]> {
  const found = Map.groupBy(lines, ({ core, file, function: name }) => `${core} ${file} ${name}`);
  return new Map([...found].map(([key, own]) => [key, own.toSorted((x, y) => x.line - y.line)]));
}

function functionChanges(now: readonly LineCost[], before: readonly LineCost[]): LineChange[] {
  if (isSame(total(now), total(before))) return [];
  const kept = now.length * before.length > MOST_LINES ** 2 ? [] : commonLines(now, before);
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  for (const [nextNow, nextBefore] of [...kept, [now.length, before.length] as const]) {
    changes.push(...gapChanges(now.slice(i, nextNow), before.slice(j, nextBefore)));
    [i, j] = [nextNow + 1, nextBefore + 1];
  }
  return changes;
}

/** Lines between two that are the same: the first of now is the first of before, changed. */
function gapChanges(now: readonly LineCost[], before: readonly LineCost[]): LineChange[] {
  return Array.from({ length: Math.max(now.length, before.length) }, (_, i): LineChange => {
    const [a, b] = [now[i], before[i]];
    const place = (a ?? b) as LineCost;
    return {
      ...place,
      ops: (a?.ops ?? 0) - (b?.ops ?? 0),
      accesses: (a?.accesses ?? 0) - (b?.accesses ?? 0),
    };
  }).filter((change) => !isSame(change, { ops: 0, accesses: 0 }));
}

type Counts = Pick<LineCost, 'ops' | 'accesses'>;

function total(lines: readonly LineCost[]): Counts {
  const sum = (name: keyof Counts): number => lines.reduce((all, line) => all + line[name], 0);
  return { ops: sum('ops'), accesses: sum('accesses') };
}

function isSame(a: Counts, b: Counts): boolean {
  const near = (x: number, y: number): boolean => Math.abs(x - y) <= ROUNDING;
  return near(a.ops, b.ops) && near(a.accesses, b.accesses);
}

/** Pairs of indices of the longest common subsequence of lines with the same counts. */
function commonLines(now: readonly LineCost[], before: readonly LineCost[]): (readonly [number, number])[] {
  const width = before.length + 1;
  const longest = new Uint32Array((now.length + 1) * width);
  for (let i = now.length - 1; i >= 0; i--) {
    for (let j = before.length - 1; j >= 0; j--) {
      longest[i * width + j] = isSame(now[i] as LineCost, before[j] as LineCost)
        ? (longest[(i + 1) * width + j + 1] as number) + 1
        : Math.max(longest[(i + 1) * width + j] as number, longest[i * width + j + 1] as number);
    }
  }
  const pairs: [number, number][] = [];
  let [i, j] = [0, 0];
  while (i < now.length && j < before.length) {
    if (isSame(now[i] as LineCost, before[j] as LineCost)) pairs.push([i++, j++]);
    else if ((longest[(i + 1) * width + j] as number) >= (longest[i * width + j + 1] as number)) i++;
    else j++;
  }
  return pairs;
}
