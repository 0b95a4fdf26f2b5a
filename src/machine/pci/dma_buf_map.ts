// A dma-buf mapped for one device before any I/O: struct nvme_dmabuf_map, struct io_dmabuf_map and their token ("Add dmabuf
// read/write via io_uring", Pavel Begunkov, v3 of 2026-04-29, patches 4 and 7). Mapping asks the exporter for DMA addresses
// and lists one for each controller page; I/O takes a reference on the map and copies PRPs from the list.
// Revocation (move_notify): the map takes no more references, its fence signals when the last one goes. A later I/O would
// map anew, and an exporter that is being removed answers ENODEV (vfio_pci_dma_buf_map of a revoked buffer).
// Left out: the release work behind the fence, dma_sync (nothing to do on x86).
import { counters } from "../base/counting";
import { DmaClient, Machine, MAP_BUS_ADDR, MAP_THRU_HOST_BRIDGE } from "../layout/machine";
import { NVME_CTRL_PAGE_SIZE } from "../layout/nvme";
import {
  initPercpuRef, PercpuRef, percpuRefBytes, percpuRefCount, percpuRefKill, percpuRefPut, percpuRefRevive, percpuRefTryGet,
} from "../mm/percpu_ref";
import { takeState } from "../mm/scheme_state";
import { iommuMapOnce } from "./dma_iommu";
import { mapTypeAnswer } from "./map_types";

/** struct nvme_dmabuf_map, 88 bytes; begins with struct io_dmabuf_map (64). */
@unmanaged
export class NvmeDmabufMap {
  // struct percpu_ref refs.
  percpu_count_ptr: u64;
  ref_data: u64;
  work0: u64; work1: u64; work2: u64; work3: u64;
  fence: u64;
  token: u64;
  /** DMA address of each controller page of the buffer. */
  dma_list: u64;
  sgt: u64;
  nr_entries: u32;
  pad84: u32;
}

/** struct io_dmabuf_token. */
const TOKEN_BYTES: f64 = 88;
/** struct sg_table and one scatterlist entry for each 4 GiB less a page. */
const SG_TABLE_BYTES: f64 = 16;
const SG_BYTES: f64 = 32;
const SG_MOST_BYTES: f64 = 4294963200;

/** Bytes kept for one buffer mapped for one device: the map with its token, list, scatterlist, and one CPU's counter. */
export function dmabufMapBytes(bytes: f64): f64 {
  const sg = SG_TABLE_BYTES + Math.ceil(bytes / SG_MOST_BYTES) * SG_BYTES;
  return <f64>offsetof<NvmeDmabufMap>() + TOKEN_BYTES + percpuRefBytes(1) + listBytes(bytes) + sg;
}

/** Bytes of the list alone. */
export function listBytes(bytes: f64): f64 {
  return (bytes / <f64>NVME_CTRL_PAGE_SIZE) * 8;
}

/**
 * nvme_dmabuf_token_map of the provider's whole BAR for one client, exported as one dma-buf; 0 when it cannot reach it.
 * @param atomicRefs references by one shared count instead of one for each CPU
 */
export function mapBarDmabuf(machine: Machine, client: DmaClient, atomicRefs: bool): usize {
  const type = mapTypeAnswer(machine, client.key);
  if (type != MAP_BUS_ADDR && type != MAP_THRU_HOST_BRIDGE) return 0;
  let address = type == MAP_BUS_ADDR ? machine.barBus : iommuMapOnce(client, machine.barPhys, machine.barBytes);
  if (address == 0) return 0;
  const map = changetype<NvmeDmabufMap>(takeState(machine, offsetof<NvmeDmabufMap>()));
  initPercpuRef(machine, changetype<PercpuRef>(changetype<usize>(map)), atomicRefs);
  map.nr_entries = <u32>(machine.barBytes / NVME_CTRL_PAGE_SIZE);
  map.dma_list = <u64>takeState(machine, <u64>map.nr_entries << 3);
  for (let i: u32 = 0; i < map.nr_entries; i++) {
    store<u64>(<usize>map.dma_list + (<usize>i << 3), address);
    address += NVME_CTRL_PAGE_SIZE;
  }
  return changetype<usize>(map);
}

/** io_dmabuf_get_map on one CPU. False when the map is being invalidated. */
@inline
export function getMap(map: usize, cpu: u32): bool {
  if (COUNTING) counters().mapRefs += 1;
  return percpuRefTryGet(changetype<PercpuRef>(map), cpu);
}

/** The request's reference goes back. */
@inline
export function putMap(map: usize, cpu: u32): void {
  if (COUNTING) counters().mapRefs += 1;
  percpuRefPut(changetype<PercpuRef>(map), cpu);
}

/** dma_buf_move_notify of an exporter that goes away. */
export function invalidateMap(map: usize): void {
  if (map != 0) percpuRefKill(changetype<PercpuRef>(map));
}

/** A new buffer, mapped in the same place. */
export function restoreMap(map: usize): void {
  if (map != 0) percpuRefRevive(changetype<PercpuRef>(map));
}

/** References that requests hold. */
export function mapReferences(map: usize): f64 {
  return map == 0 ? 0 : <f64>percpuRefCount(changetype<PercpuRef>(map));
}

/** The list's entry for byte `offset` of the buffer. */
@inline
export function entryOf(map: usize, offset: u64): usize {
  return <usize>changetype<NvmeDmabufMap>(map).dma_list + (<usize>(offset / NVME_CTRL_PAGE_SIZE) << 3);
}
