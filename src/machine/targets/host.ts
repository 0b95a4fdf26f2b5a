// host.SCHEME.wasm: the host's side of the path, compiled once for each variant of each scheme. Generic code gets the scheme as its
// type parameter, so that its hooks flatten into the path; the build decides which scheme `chosen_scheme` is.
import { completeFirst, completeRest, rewritePrps, submitFirst, submitRest } from "../agents/path_stages";
import { plugIn as plugInTo, removalRule as ruleOf, removeStep, takeWindows as takeWindowsOf } from "../agents/removal";
import { Scheme } from "../chosen_scheme";
import { runCopy } from "../flows/copy";
import { Direct, runDirect } from "../flows/direct";
import { runMixed } from "../flows/mixed";
import { runNvmet } from "../flows/nvmet";
import { clientAt, clientIndex, Machine, WRITER_STRIDE } from "../layout/machine";
import { NvmetRdmaQueue } from "../layout/nvmet";
import { DeviceQueue, FLOW_COPY, FLOW_MIXED, FLOW_NVMET, HostQueue } from "../layout/queue";
import { newSchemeState, schemeState } from "../mm/scheme_state";
import { holdP2pmem, p2pmemReferences } from "../pci/p2pmem";

/** One instance of the scheme's fields for each client; what two queues write shares no line. */
const STRIDE: u32 = (<u32>offsetof<Scheme>() + WRITER_STRIDE - 1) & ~(WRITER_STRIDE - 1);

/** Its memory has struct pages. */
const HAS_PAGES: bool = Scheme.memmapBytes(4096) > 0;

function instanceFor(machine: Machine, client: u32): u32 {
  return schemeState(machine, SCHEME_SLOT) + client * STRIDE;
}

/** The queue with the scheme's instance for the client behind it. */
function queueAt(at: usize): HostQueue {
  const queue = changetype<HostQueue>(at);
  const machine = changetype<Machine>(<usize>queue.machine);
  queue.scheme = instanceFor(machine, clientIndex(machine, queue.client));
  return queue;
}

/** Works for one host queue until its completion mark, its budget of I/Os, or idleness; I/Os completed. */
export function run(at: usize, budget: u32, idleTurns: u32): u32 {
  const queue = queueAt(at);
  if (queue.flow == FLOW_COPY) {
    queueAt(<usize>queue.next);
    return runCopy<Scheme>(queue, budget, idleTurns);
  }
  if (COUNTING) {
    if (queue.flow == FLOW_MIXED) return runMixed<Scheme>(queue, budget, idleTurns);
  }
  if (queue.flow == FLOW_NVMET) return nvmet(at, budget, idleTurns);
  return runDirect<Scheme>(queue, budget, idleTurns);
}
/** Exported so that the optimiser does not make it one function with the loop of the other flows. */
export function nvmet(at: usize, budget: u32, idleTurns: u32): u32 {
  const queue = changetype<HostQueue>(at);
  const target = changetype<NvmetRdmaQueue>(<usize>queue.nvmet);
  const machine = changetype<Machine>(<usize>queue.machine);
  target.scheme = instanceFor(machine, clientIndex(machine, target.client));
  return runNvmet<Scheme>(queue, budget, idleTurns);
}
/**
 * The stages of submission up to `stage` for groups of I/Os, each a plug; `hold` keeps what is left to do. `inTurn`: no I/O begins
 * before the struct page of the one before has arrived. Flow direct; see agents/path_stages.
 */
export function submitStages(at: usize, stage: u32, groups: u32, perGroup: u32, hold: usize, inTurn: bool): void {
  submitFirst<Scheme, Direct>(queueAt(at), stage, groups, perGroup, hold, inTurn);
}
/** Whatever of submission comes after `stage`, for all groups. */
export function submitOthers(at: usize, stage: u32, groups: u32, hold: usize): void {
  submitRest<Scheme, Direct>(queueAt(at), stage, groups, hold);
}
/** The PRPs of what submitStages mapped, written once more: requests of one segment. */
export function writePrpsAgain(at: usize, groups: u32, hold: usize): void {
  rewritePrps(queueAt(at), groups, hold);
}
/** The stages of completion up to `stage` for everything posted; how many requests that were. */
export function completeStages(at: usize, stage: u32, hold: usize): u32 {
  return completeFirst<Scheme, Direct>(queueAt(at), stage, hold);
}
export function completeOthers(at: usize, stage: u32, count: u32, hold: usize): void {
  completeRest<Scheme, Direct>(queueAt(at), stage, count, hold);
}
/** Writes the scheme's metadata (the memmap). */
export function setup(at: usize): void {
  const machine = changetype<Machine>(at);
  const first = newSchemeState(machine, SCHEME_SLOT, machine.clientCount * STRIDE);
  const scheme = changetype<Scheme>(first);
  if (isDefined(scheme.setup)) scheme.setup(machine);
  for (let client: u32 = 1; client < machine.clientCount; client++) {
    memory.copy(<usize>instanceFor(machine, client), first, offsetof<Scheme>());
  }
  for (let client: u32 = 0; client < machine.clientCount; client++) {
    const own = changetype<Scheme>(<usize>instanceFor(machine, client));
    if (isDefined(own.attach)) own.attach(machine, clientAt(machine, client));
  }
}
/** Bytes that setup takes for the scheme's own structures and one client, alignment not counted. */
export function stateBytes(barBytes: f64): f64 {
  return <f64>STRIDE + (isDefined(Scheme.stateBytes) ? Scheme.stateBytes(barBytes) : 0);
}
/** References and mappings that the scheme holds: none when no I/O is in flight. */
export function held(at: usize): f64 {
  const machine = changetype<Machine>(at);
  let sum: f64 = 0;
  for (let client: u32 = 0; client < machine.clientCount; client++) {
    const scheme = changetype<Scheme>(<usize>instanceFor(machine, client));
    if (isDefined(scheme.held)) sum += scheme.held(machine);
  }
  return sum;
}
/** What keeps the provider while I/O on the machine's buffers is under way: RULE_*. */
export function removalRule(at: usize): u32 {
  const machine = changetype<Machine>(at);
  return ruleOf<Scheme>(machine, changetype<Scheme>(0), HAS_PAGES);
}
/** One step of the provider's removal; REMOVAL_* after it. `quiesced` as removeStep has it. */
export function remove(at: usize, unmapBytes: f64, quiesced: bool): u32 {
  const machine = changetype<Machine>(at);
  return removeStep<Scheme>(machine, instanceFor(machine, 0), STRIDE, removalRule(at), <u64>unmapBytes, quiesced);
}
/** Takes the provider's windows out of one controller's routing table. */
export function takeWindows(at: usize, device: usize): void {
  takeWindowsOf(changetype<Machine>(at), changetype<DeviceQueue>(device));
}
/** The provider is plugged in anew, mapped by a process where user buffers have pages. */
export function plugIn(at: usize): void {
  const machine = changetype<Machine>(at);
  plugInTo<Scheme>(machine, instanceFor(machine, 0), STRIDE, HAS_PAGES, removalRule(at));
}
/** References of long-lived users on the provider's memory: taken (positive), given back. */
export function hold(at: usize, count: i32): void {
  holdP2pmem(changetype<Machine>(at), <i64>count);
}
/** References that keep the provider now. */
export function references(at: usize): f64 {
  return <f64>p2pmemReferences(changetype<Machine>(at));
}
/** Bytes of struct pages for one BAR. */
export function memmapBytes(barBytes: f64): f64 {
  return Scheme.memmapBytes(barBytes);
}
/** Bytes of the scheme's other structures for one BAR and one client. */
export function mapStateBytes(barBytes: f64): f64 {
  return Scheme.mapStateBytes(barBytes);
}
/** What every client but the first adds to it. */
export function attachBytes(barBytes: f64): f64 {
  return isDefined(Scheme.attachBytes) ? Scheme.attachBytes(barBytes) : 0;
}
