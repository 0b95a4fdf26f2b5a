// The orchestrator's check at set-up, before any buffer is handed out: nvmet_p2pmem_ns_enable (drivers/nvme/target/core.c,
// 4.20 on). It asks the queue's flag and pci_p2pdma_distance; after its refusal (EINVAL) no P2P memory is allocated. The
// only check there is in the schemes whose mapping asks nothing: v5.2, the RFC, the scatterlists of 2018.
import { IOMMU_OFF } from "../layout/iommu";
import { DmaClient, Machine, MAP_BUS_ADDR, MAP_NOT_SUPPORTED, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { HostQueue } from "../layout/queue";
import { clientOf } from "./dma_client";
import { mapTypeAnswer } from "./map_types";

export const EINVAL: i32 = 22;
/** GUP's answer where a mapping has no struct page (check_vma_flags: VM_IO | VM_PFNMAP). */
export const EFAULT: i32 = 14;
/**
 * An exporter's answer to a new mapping once its device is going; and that of nvmet's p2pmem attribute where a device
 * publishes no p2pmem (pci_p2pdma_enable_store, pci_has_p2pmem).
 */
export const ENODEV: i32 = 19;
/** pci_alloc_p2pmem returned NULL: the provider has no pool, or it is empty. */
export const ENOMEM: i32 = 12;
/** Answer of enableNvmetP2p: the port's RNIC cannot reach the provider, so nvmet takes host RAM and says nothing. */
export const NVMET_TAKES_RAM: i32 = 1;

/**
 * pci_p2pdma_distance of v5.2 is not negative for the machine's provider and this client: there the way through a host bridge
 * is refused as soon as an IOMMU is present, translating or not (root_complex_whitelist, iommu_present).
 */
export function isReachable(machine: Machine, client: DmaClient): bool {
  const type = mapTypeAnswer(machine, client.key);
  if (type == MAP_THRU_HOST_BRIDGE && machine.iommu != IOMMU_OFF) return false;
  return type != MAP_NOT_SUPPORTED;
}

/** upstream_bridges_match of the 2018 series: provider and client are below one switch. No way through a host bridge. */
export function isUnderOneSwitch(machine: Machine, client: DmaClient): bool {
  return mapTypeAnswer(machine, client.key) == MAP_BUS_ADDR;
}

/**
 * What an nvmet namespace with p2pmem comes to. nvmet_p2pmem_ns_enable refuses a block device whose queue lacks `feature` or
 * that cannot reach the provider: -EINVAL. nvmet_p2pmem_ns_add_p2p, for each connection, needs both clients within reach.
 * @param by52 distances as v5.2 counts them
 */
@inline
export function enableNvmetP2p(queue: HostQueue, rnic: DmaClient, feature: u32, by52: bool): i32 {
  const machine = changetype<Machine>(<usize>queue.machine);
  if ((machine.queueFeatures & feature) == 0 || !hasDistance(machine, clientOf(queue), by52)) return -EINVAL;
  return hasDistance(machine, rnic, by52) ? 0 : NVMET_TAKES_RAM;
}

@inline
function hasDistance(machine: Machine, client: DmaClient, by52: bool): bool {
  return by52 ? isReachable(machine, client) : mapTypeAnswer(machine, client.key) != MAP_NOT_SUPPORTED;
}
