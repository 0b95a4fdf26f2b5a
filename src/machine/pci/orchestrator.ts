// The orchestrator's check at set-up, before any buffer is handed out: nvmet_p2pmem_ns_enable (drivers/nvme/target/core.c,
// 4.20 on). It asks the queue's flag and pci_p2pdma_distance; after its refusal (EINVAL) no P2P memory is allocated. The
// only check there is in the schemes whose mapping asks nothing: v5.2, the RFC, the scatterlists of 2018.
import { EINVAL } from "../layout/errno";
import { DmaClient, Machine, MAP_BUS_ADDR, MAP_NOT_SUPPORTED, REACHABLE, REACHABLE_5_2 } from "../layout/machine";
import { clientOf, HostQueue, machineOf } from "../layout/queue";
import { mapTypeAnswer } from "./map_types";

/** Answer of enableNvmetP2p: the port's RNIC cannot reach the provider, so nvmet takes host RAM and says nothing. */
export const NVMET_TAKES_RAM: i32 = 1;

/** pci_p2pdma_distance is not negative for the machine's provider and this client, by the rules of the run's era. */
export function isReachable(client: DmaClient): bool {
  return (client.reachable & REACHABLE) != 0;
}

/** The same by the rules of v5.2, whatever the run's era. */
export function isReachableIn52(client: DmaClient): bool {
  return (client.reachable & REACHABLE_5_2) != 0;
}

/** upstream_bridges_match of the 2018 series: provider and client are below one switch. No way through a host bridge. */
export function isUnderOneSwitch(machine: Machine, client: DmaClient): bool {
  return mapTypeAnswer(machine, client.key) == MAP_BUS_ADDR;
}

/**
 * What an nvmet namespace with p2pmem comes to. nvmet_p2pmem_ns_enable refuses a block device whose queue lacks `feature` or
 * that cannot reach the provider: -EINVAL. nvmet_p2pmem_ns_add_p2p, for each connection, needs both clients within reach.
 * @param rules REACHABLE or REACHABLE_5_2 where only the distance is asked, 0 for the map types of 6.12
 */
@inline
export function enableNvmetP2p(queue: HostQueue, rnic: DmaClient, feature: u32, rules: u32): i32 {
  const machine = machineOf(queue);
  if ((machine.queueFeatures & feature) == 0 || !hasDistance(machine, clientOf(queue), rules)) return -EINVAL;
  return hasDistance(machine, rnic, rules) ? 0 : NVMET_TAKES_RAM;
}

@inline
function hasDistance(machine: Machine, client: DmaClient, rules: u32): bool {
  return rules != 0 ? (client.reachable & rules) != 0 : mapTypeAnswer(machine, client.key) != MAP_NOT_SUPPORTED;
}
