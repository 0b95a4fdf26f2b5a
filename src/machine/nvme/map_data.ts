// nvme_map_data / nvme_unmap_data (drivers/nvme/host/pci.c): from a request's memory to the command's PRPs.
// Three ways, as the kernels and proposals had them: through a scatterlist (before 6.17; single plain segments skip it),
// segment by segment without one (6.17 on), or from a list that holds one DMA address for each page of a buffer mapped
// before. Which one a request takes follows from the hooks that its scheme defines; all three are shared by all schemes.
// Left out: SGLs (the lab's controller reports no SGL support), metadata.
import { counters } from "../base/counting";
import { must } from "../base/must";
import { mapIterMore, mapIterNext, mapIterStart } from "../block/map_iter";
import { Bio, BLK_STS_INVAL, BLK_STS_OK, BLK_STS_RESOURCE, BLK_STS_TARGET, vecAt } from "../layout/bio";
import { EREMOTEIO } from "../layout/errno";
import { commandOf, iodOf, NVME_CTRL_PAGE_SIZE } from "../layout/nvme";
import { HostQueue } from "../layout/queue";
import { Request } from "../layout/request";
import { Scatterlist, sgAt } from "../layout/scatterlist";
import { peekFree, pushFree } from "../mm/free_stack";
import { dmaAddressOf, isBusAddress } from "../pci/dma_direct";
import { iommuMapRequest, iommuMapSg, iommuUnmapRequest, iovaBegin, iovaLink, isTranslated } from "../pci/dma_iommu";
import { prpAdd, prpAddList, prpBegin, prpFree, prpSimple } from "./prp";

/** Maps the request and writes the command's data pointer. Returns a block status. */
@inline
export function mapData<S>(queue: HostQueue, scheme: S, request: Request): u8 {
  if (isDefined(scheme.isListed)) {
    if (scheme.isListed(request)) return mapListed(queue, scheme, request);
  }
  if (isDefined(scheme.fillSg)) {
    if (usesSg(scheme)) return mapThroughSg(queue, scheme, request);
  }
  if (isDefined(scheme.mapSegment)) return mapDirect(queue, scheme, request);
  return unreachable();
}

/** A scheme that defines both ways says which one it takes; else the hooks say it. */
@inline
function usesSg<S>(scheme: S): bool {
  if (isDefined(scheme.throughSg)) return scheme.throughSg();
  return isDefined(scheme.fillSg);
}

/** Offset of what is left of a bio in its first vector. With one segment counted, all of a request follows from there. */
@inline
function startOffset(bio: Bio): u32 {
  return vecAt(bio, bio.bi_idx).bv_offset + bio.bi_bvec_done;
}

/** PRP1 and PRP2 reach this far without a list. */
@inline
function fitsTwoPages(address: u64, bytes: u32): bool {
  return <u32>(address & (NVME_CTRL_PAGE_SIZE - 1)) + bytes <= NVME_CTRL_PAGE_SIZE * 2;
}

/** Undoes mapData on completion. */
@inline
export function unmapData<S>(queue: HostQueue, scheme: S, request: Request): void {
  const iod = iodOf(request);
  if (isDefined(scheme.unmap)) scheme.unmap(queue, request);
  if (isDefined(scheme.fillSg)) {
    if (usesSg(scheme) && iod.dma_len == 0) returnSg(queue, <usize>iod.sgt_sgl);
  }
  if (isTranslated(queue)) iommuUnmapRequest(queue, request);
  prpFree(queue, iod);
}

@inline
function mapThroughSg<S>(queue: HostQueue, scheme: S, request: Request): u8 {
  const iod = iodOf(request);
  const command = commandOf(request);
  if (request.nr_phys_segments == 1) {
    const bio = changetype<Bio>(<usize>request.bio);
    const place = vecAt(bio, bio.bi_idx).place;
    if (scheme.isPlain(request, place)) {
      const bytes = request.__data_len;
      let address = scheme.mapPlain(queue, place, startOffset(bio));
      if (fitsTwoPages(address, bytes)) {
        if (isTranslated(queue)) {
          address = iommuMapRequest(queue, request, address, bytes);
          if (address == 0) return BLK_STS_RESOURCE;
        }
        iod.dma_len = bytes;
        iod.first_dma = address;
        iod.nr_allocations = -1;
        prpSimple(command, address, bytes);
        return BLK_STS_OK;
      }
    }
  }
  iod.dma_len = 0;
  must(queue.sgFree > 0);
  const sgl = peekFree(queue.sgStack, queue.sgFree);
  queue.sgFree -= 1;
  iod.sgt_sgl = <u64>sgl;
  let count = fillSg(queue, scheme, request, sgl);
  iod.sgt_orig_nents = count;
  const error = scheme.mapSg(queue, request, sgl, count);
  if (error != 0) {
    returnSg(queue, sgl);
    return error == -EREMOTEIO ? BLK_STS_TARGET : BLK_STS_INVAL;
  }
  if (isTranslated(queue)) {
    count = iommuMapSg(queue, request, sgl, count);
    if (count == 0) {
      returnSg(queue, sgl);
      return BLK_STS_RESOURCE;
    }
  }
  iod.sgt_nents = count;
  const first = changetype<Scatterlist>(sgl).dma_address;
  if (count == 1 && fitsTwoPages(first, request.__data_len)) {
    iod.nr_allocations = -1;
    prpSimple(command, first, request.__data_len);
    return BLK_STS_OK;
  }
  prpBegin(queue, iod, command, first, request.__data_len);
  for (let i: u32 = 0; i < count; i++) {
    const sg = sgAt(sgl, i);
    prpAdd(queue, iod, command, sg.dma_address, sg.dma_length);
  }
  return BLK_STS_OK;
}

@inline
function returnSg(queue: HostQueue, sgl: usize): void {
  queue.sgFree = pushFree(queue.sgStack, queue.sgFree, sgl);
}

/** blk_rq_map_sg. */
@inline
function fillSg<S>(queue: HostQueue, scheme: S, request: Request, sgl: usize): u32 {
  if (request.nr_phys_segments == 1) {
    const bio = changetype<Bio>(<usize>request.bio);
    const place = vecAt(bio, bio.bi_idx).place;
    scheme.fillSg(changetype<Scatterlist>(sgl), request, place, startOffset(bio), request.__data_len);
    if (COUNTING) countSg();
    return 1;
  }
  const iter = mapIterStart(queue, request);
  let count: u32 = 0;
  let sg = sgl;
  while (mapIterMore(iter)) {
    mapIterNext(queue, scheme, iter);
    scheme.fillSg(changetype<Scatterlist>(sg), request, iter.place, iter.offset, iter.len);
    sg += offsetof<Scatterlist>();
    count++;
    if (COUNTING) countSg();
  }
  return count;
}

function countSg(): void {
  counters().descriptorBytes += offsetof<Scatterlist>();
  counters().segments += 1;
}

@inline
function mapDirect<S>(queue: HostQueue, scheme: S, request: Request): u8 {
  const iod = iodOf(request);
  const command = commandOf(request);
  const bytes = request.__data_len;
  iod.nr_allocations = -1;
  if (request.nr_phys_segments == 1) {
    const bio = changetype<Bio>(<usize>request.bio);
    const answer = scheme.mapSegment(queue, request, vecAt(bio, bio.bi_idx).place, startOffset(bio), true);
    if (answer == 0) return BLK_STS_INVAL;
    let address = dmaAddressOf(answer);
    if (isTranslated(queue) && !isBusAddress(answer)) {
      address = iommuMapRequest(queue, request, address, bytes);
      if (address == 0) return BLK_STS_RESOURCE;
    }
    if (COUNTING) counters().segments += 1;
    if (fitsTwoPages(address, bytes)) {
      prpSimple(command, address, bytes);
    } else {
      prpBegin(queue, iod, command, address, bytes);
      prpAdd(queue, iod, command, address, bytes);
    }
    return BLK_STS_OK;
  }
  return mapSegments(queue, scheme, request);
}

/**
 * blk_rq_dma_map_iter_start and _next. Behind an IOMMU the segments are linked into one range of IOVAs, which the driver
 * sees as one segment: the controller's page is the IOMMU's, so every interior edge fits (blk_can_dma_map_iova).
 */
function mapSegments<S>(queue: HostQueue, scheme: S, request: Request): u8 {
  const iod = iodOf(request);
  const iter = mapIterStart(queue, request);
  let first = true;
  let linked: u64 = 0;
  while (mapIterMore(iter)) {
    mapIterNext(queue, scheme, iter);
    const answer = scheme.mapSegment(queue, request, iter.place, iter.offset, first);
    if (answer == 0) {
      if (isTranslated(queue)) iommuUnmapRequest(queue, request);
      prpFree(queue, iod);
      return BLK_STS_INVAL;
    }
    let address = dmaAddressOf(answer);
    if (isTranslated(queue) && !isBusAddress(answer)) {
      const phys = address;
      address = first ? iovaBegin(queue, request, phys, request.__data_len) : linked;
      if (address == 0 || !iovaLink(queue, request, address, phys, iter.len)) {
        prpFree(queue, iod);
        return BLK_STS_RESOURCE;
      }
      linked = address + iter.len;
    }
    if (first) prpBegin(queue, iod, commandOf(request), address, request.__data_len);
    first = false;
    prpAdd(queue, iod, commandOf(request), address, iter.len);
    if (COUNTING) counters().segments += 1;
  }
  return BLK_STS_OK;
}

/**
 * nvme_rq_setup_dmabuf_map of the 2026 dma-buf series: PRPs are copied from the buffer's list of DMA addresses. Such a
 * request is one vector of one bio: its scheme never lets it merge.
 */
function mapListed<S>(queue: HostQueue, scheme: S, request: Request): u8 {
  const iod = iodOf(request);
  const command = commandOf(request);
  const bio = changetype<Bio>(<usize>request.bio);
  const place = vecAt(bio, bio.bi_idx).place;
  const offset = startOffset(bio);
  const bytes = request.__data_len;
  const inPage = <u32>(scheme.address(queue, place, offset) & (NVME_CTRL_PAGE_SIZE - 1));
  must(bio.bi_next == 0);
  iod.dma_len = bytes;
  iod.nr_allocations = -1;
  const list = scheme.dmaList(queue, request, place, offset);
  if (list == 0) return BLK_STS_INVAL;
  prpBegin(queue, iod, command, load<u64>(list) + inPage, bytes);
  prpAddList(queue, iod, command, list, inPage, bytes);
  if (COUNTING) {
    counters().segments += 1;
    counters().listEntries += (inPage + bytes + NVME_CTRL_PAGE_SIZE - 1) / NVME_CTRL_PAGE_SIZE;
  }
  return BLK_STS_OK;
}
