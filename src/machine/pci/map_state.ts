// struct pci_p2pdma_map_state of 6.17 and later: how P2P memory is mapped is decided once for each request, on its first
// segment, and kept while the request is mapped. Mirrors pci_p2pdma_state, pci_p2pdma_bus_addr_map (pci-p2pdma.h) and
// their use in blk_rq_dma_map_iter_start (block/blk-mq-dma.c).
// On the stack in Linux; here two words of the module instance, which maps one request at a time.
import { counters } from "../base/counting";
import { DmaClient, Machine, MAP_BUS_ADDR, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { busAddress, physToDma } from "./dma_direct";
import { mapType } from "./map_types";

let map: u32 = 0;
let busOffset: u64 = 0;

/** __pci_p2pdma_update_state: the map type for the client and the provider's bus offset. */
@inline
export function enterProvider(machine: Machine, client: DmaClient, providerBusOffset: i64): void {
  if (COUNTING) counters().mapCalls += 1;
  map = mapType(machine, client.key);
  busOffset = <u64>providerBusOffset;
}

/** What mapSegment answers for `phys` of the provider entered last; 0 when the client cannot reach it. */
@inline
export function p2pAddress(phys: u64): u64 {
  if (map == MAP_BUS_ADDR) return busAddress(phys + busOffset);
  return map == MAP_THRU_HOST_BRIDGE ? physToDma(phys) : 0;
}
