// What a list of instruction addresses says: how many instructions one side of an I/O takes.

/** Code of one function: from its first byte to the one behind its last. */
export interface CodeRange {
  name: string;
  start: number;
  end: number;
}

/** Functions in V8's listing of WebAssembly code (--print-wasm-code). */
export function functionsOfListing(listing: string): CodeRange[] {
  const found: CodeRange[] = [];
  for (const part of listing.split(/^name: /m).slice(1)) {
    const name = part.slice(0, part.indexOf('\n'));
    const code = /^Instructions \(size = (\d+)\)\n(?:0x)?([0-9a-f]+)/m.exec(part);
    if (code === null) continue;
    const start = Number.parseInt(code[2] as string, 16);
    found.push({ name, start, end: start + Number(code[1]) });
  }
  return found;
}

/** Functions in the symbol table of a program (nm -S). */
export function functionsOfSymbols(table: string): CodeRange[] {
  return [...table.matchAll(/^([0-9a-f]+) ([0-9a-f]+) [tT] (\S+)$/gm)].map(([, at = '', size = '', name = '']) => {
    const start = Number.parseInt(at, 16);
    return { name, start, end: start + Number.parseInt(size, 16) };
  });
}

/** What is counted of a trace. */
export interface Side {
  /** The function that each turn of the side enters once, first. */
  turn: RegExp;
  /** Functions that belong to the side. */
  functions: RegExp;
  iosPerTurn: number;
}

/**
 * Instructions of the side for each I/O, over whole turns.
 * @param trace addresses of instructions in the order in which they ran
 * @throws Error when there is no whole turn in it
 */
export function instructionsPerIo(trace: Iterable<bigint>, code: readonly CodeRange[], side: Side): number {
  const entries = new Set(code.filter(({ name }) => side.turn.test(name)).map(({ start }) => start));
  const own = code.filter(({ name }) => side.functions.test(name));
  let turns = -1;
  let sinceTurn = 0;
  let counted = 0;
  for (const address of trace) {
    const at = Number(address);
    if (entries.has(at)) {
      if (turns >= 0) counted += sinceTurn;
      turns++;
      sinceTurn = 0;
    }
    if (own.some(({ start, end }) => at >= start && at < end)) sinceTurn++;
  }
  if (turns < 1) throw new Error('the trace has no whole turn; step through more instructions');
  return counted / turns / side.iosPerTurn;
}
