// Source maps of modules: which line of the source an instruction comes from. The mappings are read as the specification has them
// (ECMA-426): lines of one, columns are byte offsets in the module.
import { LabError } from '../base/errors.ts';

/** Where an instruction comes from. */
export interface SourceLine {
  file: string;
  /** From 1 on. */
  line: number;
}

/** A mapping holds from its offset to the next one's. */
interface Mapping {
  at: number;
  source: number;
  line: number;
}

export interface SourceMap {
  /**
   * The line at an offset; where none is said of it, the nearest behind it, else before it, within these bounds: of one function.
   * Undefined where all of it says none.
   */
  lineAt(offset: number, from: number, to: number): SourceLine | undefined;
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @throws LabError for what is no source map */
export function readSourceMap(text: string, what: string): SourceMap {
  let map: { sources?: unknown; mappings?: unknown };
  try {
    map = JSON.parse(text);
  } catch {
    throw new LabError(`${what}: the source map is no JSON. Build the machine anew: npm run build.`);
  }
  const { sources, mappings } = map;
  if (!Array.isArray(sources) || typeof mappings !== 'string' || mappings.length === 0)
    throw new LabError(`${what}: the module has no source map: expected sources and mappings. Build the machine anew.`);
  const found = readMappings(mappings);
  return {
    lineAt: (offset, from, to) => {
      const own = lastUpTo(found, offset);
      const isSaid = (mapping: Mapping | undefined): mapping is Mapping =>
        mapping !== undefined && mapping.source >= 0 && mapping.at >= from && mapping.at < to;
      let mapping = found[own];
      for (let i = own + 1; !isSaid(mapping) && (found[i]?.at ?? to) < to; i++) mapping = found[i];
      for (let i = own - 1; !isSaid(mapping) && (found[i]?.at ?? -1) >= from; i--) mapping = found[i];
      if (!isSaid(mapping)) return undefined;
      return { file: String(sources[mapping.source]), line: mapping.line + 1 };
    },
  };
}

/** Index of the last mapping that begins at this offset or before; -1 for none. */
function lastUpTo(found: readonly Mapping[], offset: number): number {
  let low = 0;
  let high = found.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((found[middle] as Mapping).at <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function readMappings(text: string): Mapping[] {
  const found: Mapping[] = [];
  let [at, source, line] = [0, 0, 0];
  for (const segment of text.split(',')) {
    const numbers = readNumbers(segment);
    at += numbers[0] ?? 0;
    if (numbers.length < 4) {
      found.push({ at, source: -1, line: 0 });
      continue;
    }
    source += numbers[1] as number;
    line += numbers[2] as number;
    found.push({ at, source, line });
  }
  return found;
}

/** Base-64 VLQ: five bits a digit, the lowest bit of a number its sign. */
function readNumbers(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter);
    value += (digit & 31) * 2 ** shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value % 2 === 1 ? -((value - 1) / 2) : value / 2);
    value = 0;
    shift = 0;
  }
  return numbers;
}
