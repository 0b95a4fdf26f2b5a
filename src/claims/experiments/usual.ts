// Experiments that several claims share: what is alike is run once.
import { counted } from './counted.ts';

/** Every scheme, and the page of other kernels. */
export const SCHEMES = [
  ...['page', 'page@5.2', 'page@6.17', 'dma_vec', 'phys', 'provider', 'dmabuf', 'vma', 'sgl', 'pfn_t'],
] as const;

/** Those of them without struct pages for P2P memory. */
export const PAGE_LESS = ['dma_vec', 'phys', 'provider', 'dmabuf', 'vma', 'pfn_t'] as const;

export const BUFFERS = ['pool', 'fixed', 'user'] as const;

/** P2P memory, 4 KiB. */
export const P2P_4K = counted({ scheme: [...SCHEMES], bs: '4k' });

export const P2P_128K = counted({ scheme: [...SCHEMES], bs: '128k', iodepth: 32 });

/** Host RAM, without any P2P memory. */
export const RAM_4K = counted({ scheme: [...SCHEMES], bs: '4k', 'p2p-share': 0, buffers: ['pool', 'user'] });

export const RAM_128K = counted({
  scheme: [...SCHEMES],
  bs: '128k',
  iodepth: 32,
  'p2p-share': 0,
  buffers: ['pool', 'user'],
});

export const RAM_1M = counted({
  scheme: ['page', 'phys'],
  bs: '1m',
  iodepth: 32,
  'p2p-share': 0,
  buffers: ['pool', 'user'],
});

/** Provider and client below different host bridges, whose bus addresses begin alike. */
export const TWO_HOST_BRIDGES = counted({ scheme: [...SCHEMES], bs: '4k', topology: 'two-host-bridges' });

/** No queue takes P2P memory. */
export const QUEUE_WITHOUT_P2P = counted({ scheme: ['page', 'dma_vec', 'pfn_t'], bs: '4k', 'p2p-queue': 'off' });

/** One drive to another, without a host's copy. */
export const COPY = counted({ scheme: [...SCHEMES], flow: 'copy', bs: '128k', iodepth: 32 });

/** An NVMe-oF target: RNIC and drive. */
export const NVMET = counted({ scheme: [...SCHEMES], flow: 'nvmet', bs: '128k', iodepth: 32 });

const SGL = { scheme: ['sgl', 'sgl@no-p2p-flag'], buffers: 'fixed', bs: '4k' } as const;

/** Homogeneous scatterlists to a driver as most are, and to one that takes CPU addresses (HFI). */
export const BY_DMA_ADDRESSES = counted(SGL);

export const BY_CPU_ADDRESSES = counted(SGL, 'dma_virt_ops');
