// `lspci -t`: the tree as drawn with lines. Gives each function's bus range; classes and capabilities it has none.
import { LabError } from '../../base/errors.ts';
import { excerpt } from '../input.ts';
import type { BusRange } from '../model.ts';
import { formatId } from '../model.ts';

export interface TreeNode {
  readonly id: string;
  readonly domain: number;
  readonly bus: number;
  readonly devfn: number;
  /** Set for bridges. */
  readonly buses: BusRange | undefined;
  readonly line: number;
}

const MAX_TREE_FUNCTIONS = 65_536;

interface Bus {
  readonly domain: number;
  readonly bus: number;
}

/** Whether a line is part of a drawn tree. */
export function isTreeLine(text: string): boolean {
  return /^ *(?:-\[|-\+-|\||[+\\]-)/.test(text);
}

const TOKEN =
  /\[([0-9a-f]{4,8}):([0-9a-f]{2})\]|\[([0-9a-f]{2})(?:-([0-9a-f]{2}))?\]|([01][0-9a-f])\.([0-7])|[-+\\| ]/iy;

/** Reads tree lines in order; branches of later lines hang below the column where an earlier line began them. */
export class TreeText {
  readonly nodes: TreeNode[] = [];
  readonly #source: string;
  readonly #branches = new Map<number, Bus>();

  constructor(source: string) {
    this.#source = source;
  }

  /** @throws LabError when the line is not one of a tree, or its branch has no beginning above */
  add(text: string, line: number): void {
    let bus: Bus | undefined;
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < text.length) {
      const column = TOKEN.lastIndex;
      const token = TOKEN.exec(text);
      if (!token) throw this.#damaged(text, line);
      const [word, domain, rootBus, first, last, device, fn] = token;
      if (word === '+' || word === '\\') {
        if (bus) this.#branches.set(column, bus);
        else bus = this.#branches.get(column);
      } else if (domain !== undefined) {
        bus = { domain: Number.parseInt(domain, 16), bus: Number.parseInt(rootBus ?? '', 16) };
      } else if (first !== undefined) {
        bus = this.#enter(first, last ?? first, bus, text, line);
      } else if (device !== undefined) {
        if (!bus) throw this.#damaged(text, line);
        if (this.nodes.length >= MAX_TREE_FUNCTIONS) {
          throw new LabError(`${this.#source}:${line}: more than ${MAX_TREE_FUNCTIONS} functions in the tree.`);
        }
        const devfn = (Number.parseInt(device, 16) << 3) | Number(fn);
        this.nodes.push({ ...bus, id: formatId(bus.domain, bus.bus, devfn), devfn, buses: undefined, line });
        // -tv: two spaces, then words to the end of the line.
        if (text.startsWith('  ', TOKEN.lastIndex)) return;
      }
    }
  }

  /** `[01-04]` after a device: it is a bridge, and what follows stands on its secondary bus. */
  #enter(first: string, last: string, bus: Bus | undefined, text: string, line: number): Bus {
    const bridge = this.nodes.pop();
    if (!bridge || !bus || bridge.line !== line) throw this.#damaged(text, line);
    const secondary = Number.parseInt(first, 16);
    const buses = { primary: bridge.bus, secondary, subordinate: Number.parseInt(last, 16) };
    this.nodes.push({ ...bridge, buses });
    return { domain: bus.domain, bus: secondary };
  }

  #damaged(text: string, line: number): LabError {
    return new LabError(`${this.#source}:${line}: '${excerpt(text)}' is not a line of lspci -t: cut off or damaged.`);
  }
}
