// The orchestrator's check at set-up, before any buffer is handed out: nvmet_p2pmem_ns_enable (drivers/nvme/target/core.c,
// 4.20 on). It asks the queue's flag and pci_p2pdma_distance; after its refusal (EINVAL) no P2P memory is allocated. The
// only check there is in the schemes whose mapping asks nothing: v5.2, the RFC, the scatterlists of 2018.
import { IOMMU_OFF } from "../layout/iommu";
import { DmaClient, Machine, MAP_BUS_ADDR, MAP_NOT_SUPPORTED, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { mapTypeAnswer } from "./map_types";

export const EINVAL: i32 = 22;
/** GUP's answer where a mapping has no struct page (check_vma_flags: VM_IO | VM_PFNMAP). */
export const EFAULT: i32 = 14;
/** An exporter's answer to a new mapping once its device is going. */
export const ENODEV: i32 = 19;
/** pci_alloc_p2pmem returned NULL: the provider has no pool, or it is empty. */
export const ENOMEM: i32 = 12;

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
