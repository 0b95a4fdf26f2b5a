// struct pci_p2pdma_map_state of 6.17 and later: how P2P memory is mapped is decided once for each request, on its first
// segment, and kept while the request is mapped. Mirrors pci_p2pdma_state, pci_p2pdma_bus_addr_map (pci-p2pdma.h) and
// their use in blk_rq_dma_map_iter_start (block/blk-mq-dma.c).
// On the stack in Linux; here two words of the queue, which maps one request at a time.
import { counters } from "../base/counting";
import { DmaClient, MAP_BUS_ADDR, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { HostQueue, machineOf } from "../layout/queue";
import { busAddress, physToDma } from "./dma_direct";
import { mapType } from "./map_types";

/** __pci_p2pdma_update_state: the map type for the client and the provider's bus offset. */
@inline
export function enterProvider(queue: HostQueue, client: DmaClient, busOffset: i64): void {
  if (COUNTING) counters().mapCalls += 1;
  queue.p2pMapType = mapType(machineOf(queue), client.key);
  queue.p2pBusOffset = <u64>busOffset;
}

/** What mapSegment answers for `phys` of the provider entered last; 0 when the client cannot reach it. */
@inline
export function p2pAddress(queue: HostQueue, phys: u64): u64 {
  const type = queue.p2pMapType;
  if (type == MAP_BUS_ADDR) return busAddress(phys + queue.p2pBusOffset);
  return type == MAP_THRU_HOST_BRIDGE ? physToDma(phys) : 0;
}
