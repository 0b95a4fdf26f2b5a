// Errnos with which the machine answers, negative (include/uapi/asm-generic/errno-base.h and errno.h).

export const EIO: i32 = 5;
/** pci_alloc_p2pmem returned NULL: the provider has no pool, or it is empty. */
export const ENOMEM: i32 = 12;
/** GUP's answer where a mapping has no struct page (check_vma_flags: VM_IO | VM_PFNMAP). */
export const EFAULT: i32 = 14;
/**
 * An exporter's answer to a new mapping once its device is going; and that of nvmet's p2pmem attribute where a device
 * publishes no p2pmem (pci_p2pdma_enable_store, pci_has_p2pmem).
 */
export const ENODEV: i32 = 19;
/** The orchestrator's check at set-up, and mappings since 6.17 (BLK_STS_INVAL). */
export const EINVAL: i32 = 22;
export const EOPNOTSUPP: i32 = 95;
/** dma_map_sgtable: the client cannot reach the provider; GUP: the queue takes no P2P pages. */
export const EREMOTEIO: i32 = 121;
