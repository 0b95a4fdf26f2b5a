// The device for which a queue's buffers are mapped: struct device of the DMA API as far as P2P asks it.
import { DmaClient, Machine } from "../layout/machine";
import { HostQueue } from "../layout/queue";

@inline
export function clientOf(queue: HostQueue): DmaClient {
  return changetype<DmaClient>(<usize>queue.client);
}

/** Number `index` of the machine's clients. */
@inline
export function clientAt(machine: Machine, index: u32): DmaClient {
  return changetype<DmaClient>(<usize>machine.clients + <usize>index * offsetof<DmaClient>());
}

/** Position among the machine's clients. */
@inline
export function clientIndex(machine: Machine, client: u32): u32 {
  return (client - machine.clients) / <u32>offsetof<DmaClient>();
}
