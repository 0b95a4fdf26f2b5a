// Which loads an address comes from: for each site the loads whose values flow into its address through operands and locals, at most
// three. Static and within one function: values that pass through memory, globals or parameters have no source.
import { ByteReader } from './wasm/bytes.ts';
import { type Instruction, OP, readInstructions, stackEffect } from './wasm/instructions.ts';
import type { FunctionBody, FunctionType, ModuleShape } from './wasm/sections.ts';

/** Ids of load sites, ascending. */
type Sources = readonly number[];

/** More are not followed: those nearest before the access are kept. */
const MOST_SOURCES = 3;
const NONE: Sources = [];
/** Loops are walked again until nothing new flows along their back edges; each source crosses one local at a time. */
const MOST_WALKS = 6;

/** What is known at a place: sources of each local, and whether the place is reached at all. */
interface State {
  locals: Sources[];
  stack: Sources[];
  reached: boolean;
}

interface Frame {
  isLoop: boolean;
  /** Position of its opening instruction. */
  start: number;
  /** Values on the stack below it. */
  height: number;
  params: number;
  results: number;
  /** What branches to its end bring along: locals, then results. */
  exits: Sources[] | undefined;
  exitValues: Sources[] | undefined;
  /** `if`: the locals at its beginning, for `else`. */
  before: Sources[] | undefined;
  reachedBefore: boolean;
}

/**
 * @param siteAt ids of the sites at a byte offset, in the order of their operands
 * @returns for each site with sources, their ids
 */
export function loadDependences(
  bytes: Uint8Array,
  shape: ModuleShape,
  siteAt: ReadonlyMap<number, readonly number[]>,
): Map<number, Sources> {
  const found = new Map<number, Sources>();
  for (const body of shape.bodies) new Walk(bytes, shape, body, siteAt, found).run();
  return found;
}

function union(a: Sources, b: Sources): Sources {
  if (a === b || b.length === 0) return a;
  if (a.length === 0) return b;
  const all = [...new Set([...a, ...b])].sort((x, y) => x - y);
  if (all.length === a.length && all.every((id, i) => id === a[i])) return a;
  return all.slice(-MOST_SOURCES);
}

class Walk {
  readonly #instructions: Instruction[];
  readonly #shape: ModuleShape;
  readonly #siteAt: ReadonlyMap<number, readonly number[]>;
  readonly #found: Map<number, Sources>;
  readonly #type: FunctionType;
  readonly #localCount: number;
  /** Locals at the start of each loop, by position: what came along its back edges. */
  readonly #loops = new Map<number, Sources[]>();
  #changed = false;
  #state: State = { locals: [], stack: [], reached: true };
  #frames: Frame[] = [];

  constructor(
    bytes: Uint8Array,
    shape: ModuleShape,
    body: FunctionBody,
    siteAt: ReadonlyMap<number, readonly number[]>,
    found: Map<number, Sources>,
  ) {
    const reader = new ByteReader(bytes, body.at, body.end);
    let locals = body.type.params.length;
    for (let groups = reader.u32(); groups > 0; groups--) {
      locals += reader.u32();
      reader.u8();
    }
    this.#instructions = readInstructions(reader);
    this.#shape = shape;
    this.#siteAt = siteAt;
    this.#found = found;
    this.#type = body.type;
    this.#localCount = locals;
  }

  run(): void {
    for (let walk = 0; walk < MOST_WALKS; walk++) {
      this.#changed = false;
      this.#state = { locals: Array.from({ length: this.#localCount }, () => NONE), stack: [], reached: true };
      this.#frames = [this.#frame(-1, false, 0, this.#type.results.length)];
      this.#instructions.forEach((instruction, position) => {
        this.#step(instruction, position);
      });
      if (!this.#changed) return;
    }
  }

  #frame(start: number, isLoop: boolean, params: number, results: number): Frame {
    return {
      ...{ start, isLoop, params, results, height: this.#state.stack.length - params },
      ...{ exits: undefined, exitValues: undefined, before: undefined, reachedBefore: this.#state.reached },
    };
  }

  #pop(): Sources {
    const floor = this.#frames.at(-1)?.height ?? 0;
    // In code that is never reached the stack is whatever it has to be.
    return this.#state.stack.length > floor ? (this.#state.stack.pop() as Sources) : NONE;
  }

  #push(count: number, sources: Sources): void {
    for (let i = 0; i < count; i++) this.#state.stack.push(sources);
  }

  #step(instruction: Instruction, position: number): void {
    const { op, index } = instruction;
    const { locals } = this.#state;
    switch (op) {
      case OP.block:
      case OP.loop:
      case OP.if:
        this.#open(instruction, position);
        break;
      case OP.else:
        this.#else();
        break;
      case OP.end:
        this.#end();
        break;
      case OP.br:
        this.#branch(index);
        this.#unreachable();
        break;
      case OP.brIf:
        this.#pop();
        this.#branch(index);
        break;
      case OP.brTable:
        this.#pop();
        for (const label of instruction.labels ?? []) this.#branch(label);
        this.#unreachable();
        break;
      case OP.return:
      case OP.unreachable:
      case OP.returnCall:
      case OP.returnCallIndirect:
        this.#unreachable();
        break;
      case OP.call:
        this.#call(this.#shape.functionTypes[index] as FunctionType);
        break;
      case OP.callIndirect:
        this.#pop();
        this.#call(this.#shape.types[index] as FunctionType);
        break;
      case OP.localGet:
        this.#state.stack.push(locals[index] ?? NONE);
        break;
      case OP.localSet:
        locals[index] = this.#pop();
        break;
      case OP.localTee:
        locals[index] = this.#pop();
        this.#state.stack.push(locals[index] as Sources);
        break;
      default:
        this.#plain(instruction);
        break;
    }
  }

  #open({ op, index }: Instruction, position: number): void {
    if (op === OP.if) this.#pop();
    // A block's type: none, one value, or a function type.
    const type = index >= 0 ? this.#shape.types[index] : undefined;
    const params = type?.params.length ?? 0;
    const frame = this.#frame(position, op === OP.loop, params, type?.results.length ?? (index === -64 ? 0 : 1));
    if (op === OP.if) frame.before = [...this.#state.locals];
    this.#frames.push(frame);
    const back = op === OP.loop ? this.#loops.get(position) : undefined;
    if (back !== undefined) this.#state.locals = this.#state.locals.map((each, i) => union(each, back[i] as Sources));
  }

  #else(): void {
    const frame = this.#frames.at(-1) as Frame;
    if (this.#state.reached) this.#exit(frame);
    this.#state.stack.length = frame.height;
    this.#push(frame.params, NONE);
    this.#state.locals = frame.before ?? this.#state.locals;
    frame.before = undefined;
    this.#state.reached = frame.reachedBefore;
  }

  #end(): void {
    const frame = this.#frames.pop() as Frame;
    if (this.#frames.length === 0) return;
    this.#frames.push(frame);
    if (this.#state.reached) this.#exit(frame);
    this.#frames.pop();
    // An `if` without `else` may be passed by.
    if (frame.before !== undefined && frame.reachedBefore) {
      const before = frame.before;
      frame.exits = frame.exits?.map((each, i) => union(each, before[i] as Sources)) ?? before;
    }
    this.#state.stack.length = Math.max(0, frame.height);
    const values = frame.exitValues ?? Array.from({ length: frame.results }, () => NONE);
    this.#state.stack.push(...values);
    this.#state.reached = frame.exits !== undefined;
    if (frame.exits !== undefined) this.#state.locals = [...frame.exits];
  }

  /** What is here now comes to the frame's end as well. */
  #exit(frame: Frame): void {
    const { locals, stack } = this.#state;
    frame.exits = frame.exits?.map((each, i) => union(each, locals[i] as Sources)) ?? [...locals];
    const own = frame.results === 0 ? [] : stack.slice(Math.max(frame.height, stack.length - frame.results));
    const values = Array.from({ length: frame.results }, (_, i) => own[i] ?? NONE);
    frame.exitValues = frame.exitValues?.map((each, i) => union(each, values[i] as Sources)) ?? values;
  }

  #branch(label: number): void {
    const frame = this.#frames[this.#frames.length - 1 - label];
    if (frame === undefined || !this.#state.reached) return;
    if (!frame.isLoop) {
      this.#exit(frame);
      return;
    }
    const { locals } = this.#state;
    const had = this.#loops.get(frame.start);
    const now = had?.map((each, i) => union(each, locals[i] as Sources)) ?? [...locals];
    if (had === undefined || now.some((each, i) => each !== had[i])) this.#changed = true;
    this.#loops.set(frame.start, now);
  }

  #unreachable(): void {
    this.#state.stack.length = Math.max(0, this.#frames.at(-1)?.height ?? 0);
    this.#state.reached = false;
  }

  #call({ params, results }: FunctionType): void {
    for (const _ of params) this.#pop();
    this.#push(results.length, NONE);
  }

  #plain(instruction: Instruction): void {
    const [takes, puts] = stackEffect(instruction);
    const operands = Array.from({ length: takes }, () => this.#pop()).reverse();
    const sites = this.#siteAt.get(instruction.at) ?? [];
    if (instruction.range !== undefined) {
      // memory.copy reads its second operand and writes its first.
      sites.forEach((site, i) => {
        this.#note(site, operands[sites.length - 1 - i] as Sources);
      });
    }
    if (instruction.access !== undefined && sites[0] !== undefined) {
      this.#note(sites[0], operands[0] as Sources);
      this.#push(puts, [sites[0]]);
    } else this.#push(puts, operands.reduce(union, NONE));
  }

  #note(site: number, sources: Sources): void {
    const had = this.#found.get(site);
    const now = had === undefined ? sources : union(had, sources);
    if (now.length > 0) this.#found.set(site, now);
  }
}
