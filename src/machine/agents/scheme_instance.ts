// The fields of a scheme in a machine: one instance for each client, found by the slot of the module's variant. Code that is generic in the
// scheme gets at them here; what they are is the scheme's.
import { clientIndex, Machine, WRITER_STRIDE } from "../layout/machine";
import { HostQueue, machineOf } from "../layout/queue";
import { newSchemeState, schemeState } from "../mm/scheme_state";

/** Bytes from one client's instance to the next: what two queues write shares no line. */
@inline
export function instanceStride<S>(): u32 {
  return (<u32>offsetof<S>() + WRITER_STRIDE - 1) & ~(WRITER_STRIDE - 1);
}

/** Zeroed instances for all clients; the first. */
export function newInstances<S>(machine: Machine): usize {
  return newSchemeState(machine, SCHEME_SLOT, machine.clientCount * instanceStride<S>());
}

/** The instance for client number `index`. */
@inline
export function instanceFor<S>(machine: Machine, index: u32): u32 {
  return schemeState(machine, SCHEME_SLOT) + index * instanceStride<S>();
}

/** The instance for a client, by its DmaClient. */
@inline
export function instanceOf<S>(machine: Machine, client: u32): u32 {
  return instanceFor<S>(machine, clientIndex(machine, client));
}

/** Gives the queue the instance for the client behind it. */
@inline
export function bindScheme<S>(queue: HostQueue): S {
  const instance = instanceOf<S>(machineOf(queue), queue.client);
  queue.scheme = instance;
  return changetype<S>(<usize>instance);
}
