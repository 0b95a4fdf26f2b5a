// host.SCHEME.wasm: the host's side of the path, compiled once for each variant of each scheme. Generic code gets the scheme as its
// type parameter, so that its hooks flatten into the path; the build decides which scheme `chosen_scheme` is, and makes `chosen_flows` of the
// flows there are.
import { completeFirst, completeRest, rewritePrps, submitFirst, submitRest } from "../agents/path_stages";
import { plugIn as plugInTo, removalRule as ruleOf, removeStep, takeWindows as takeWindowsOf } from "../agents/removal";
import { bindScheme, instanceFor, instanceStride, newInstances } from "../agents/scheme_instance";
import { Scheme } from "../chosen_scheme";
import { Direct } from "../flows/direct";
import { clientAt, Machine } from "../layout/machine";
import { DeviceQueue, HostQueue } from "../layout/queue";
import { holdP2pmem, p2pmemReferences } from "../pci/p2pmem";

export * from "../chosen_flows";

/** Its memory has struct pages. */
const HAS_PAGES: bool = Scheme.memmapBytes(4096) > 0;

/** The queue with the scheme's instance for the client behind it. */
@inline
function queueAt(at: usize): HostQueue {
  const queue = changetype<HostQueue>(at);
  bindScheme<Scheme>(queue);
  return queue;
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
  const first = newInstances<Scheme>(machine);
  const scheme = changetype<Scheme>(first);
  if (isDefined(scheme.setup)) scheme.setup(machine);
  for (let client: u32 = 1; client < machine.clientCount; client++) {
    memory.copy(<usize>instanceFor<Scheme>(machine, client), first, offsetof<Scheme>());
  }
  for (let client: u32 = 0; client < machine.clientCount; client++) {
    const own = changetype<Scheme>(<usize>instanceFor<Scheme>(machine, client));
    if (isDefined(own.attach)) own.attach(machine, clientAt(machine, client));
  }
}
/** Bytes that setup takes for the scheme's own structures and one client, alignment not counted. */
export function stateBytes(barBytes: f64): f64 {
  return <f64>instanceStride<Scheme>() + (isDefined(Scheme.stateBytes) ? Scheme.stateBytes(barBytes) : 0);
}
/** References and mappings that the scheme holds: none when no I/O is in flight. */
export function held(at: usize): f64 {
  const machine = changetype<Machine>(at);
  let sum: f64 = 0;
  for (let client: u32 = 0; client < machine.clientCount; client++) {
    const scheme = changetype<Scheme>(<usize>instanceFor<Scheme>(machine, client));
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
  return removeStep<Scheme>(machine, instanceFor<Scheme>(machine, 0), instanceStride<Scheme>(), removalRule(at), <u64>unmapBytes, quiesced);
}
/** Takes the provider's windows out of one controller's routing table. */
export function takeWindows(at: usize, device: usize): void {
  takeWindowsOf(changetype<Machine>(at), changetype<DeviceQueue>(device));
}
/** The provider is plugged in anew, mapped by a process where user buffers have pages. */
export function plugIn(at: usize): void {
  const machine = changetype<Machine>(at);
  plugInTo<Scheme>(machine, instanceFor<Scheme>(machine, 0), instanceStride<Scheme>(), HAS_PAGES, removalRule(at));
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
