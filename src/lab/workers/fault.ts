// Planned faults (run --fault): a worker or a replicate's process that ends or hangs, a completion that is lost or comes twice.
// They show what the lab makes of it.
import { HostQueue, QueueShared } from '../../../build/layout.ts';
import { LabError } from '../../base/errors.ts';
import type { MemoryView } from '../machine/arena.ts';
import { field, setField } from '../machine/fields.ts';

/** What a worker or a process can do: end without a word, or go on without ever doing anything again. */
const ENDS = ['exit', 'hang'] as const;
/** What can become of a completion on a host's queue: its CQE is passed over, or is there a second time. */
const COMPLETION_FAULTS = ['lose', 'repeat'] as const;

export type CompletionFault = (typeof COMPLETION_FAULTS)[number];
export type FaultKind = (typeof ENDS)[number] | CompletionFault;

export interface Fault {
  /** Name of a worker (placement.ts), or `process` and a replicate's index. */
  target: string;
  kind: FaultKind;
  /** Since the worker or the process began. */
  afterMs: number;
}

/** @throws LabError where the text is none */
export function parseFault(text: string): Fault {
  const match = /^([\w+]+):(\w+)@(\d+)$/.exec(text);
  const kinds: readonly string[] = [...ENDS, ...COMPLETION_FAULTS];
  if (match === null || !kinds.includes(match[2] as string)) {
    throw new LabError(
      `--fault: '${text}' is not TARGET:KIND@MS with a kind of ${kinds.join(', ')}, for example nvme0:hang@500.`,
    );
  }
  return { target: match[1] as string, kind: match[2] as FaultKind, afterMs: Number(match[3]) };
}

/** Whether it befalls a host's completions, not the worker itself. */
export function isOfCompletion(kind: FaultKind): kind is CompletionFault {
  return COMPLETION_FAULTS.some((each) => each === kind);
}

/**
 * Loses or repeats a completion of a host's queue, between two turns of that host.
 * @param at wasm address of the HostQueue
 * @returns false when there is none that could be: ask again later
 */
export function strikeCompletion(view: MemoryView, at: number, kind: CompletionFault): boolean {
  const shared = field(view, at, HostQueue.shared);
  const consumed = field(view, at, HostQueue.cqConsumed);
  const posted = Atomics.load(view.i32, (shared + QueueShared.cqPosted) / 4);
  if (kind === 'lose' ? posted === (consumed | 0) : consumed === 0) return false;
  const [head, depth] = [field(view, at, HostQueue.cqHead), field(view, at, HostQueue.depth)];
  const step = kind === 'lose' ? 1 : -1;
  const next = (head + step + depth) % depth;
  if (Math.abs(next - head) !== 1) setField(view, at, HostQueue.cqPhase, field(view, at, HostQueue.cqPhase) ^ 1);
  setField(view, at, HostQueue.cqHead, next);
  setField(view, at, HostQueue.cqConsumed, (consumed + step) >>> 0);
  return true;
}
