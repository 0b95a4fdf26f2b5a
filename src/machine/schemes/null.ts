// @title null (harness floor)
// @summary the same rings, stream, bios, requests and PRPs with a ready address and no rule about it: what the lab itself costs
// @carries pool,fixed,user
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// Not a proposal: no owner, no flag, no mapping, no lifetime. Its figure is the floor that every other figure contains.
// A place is the bus address at which the client reaches the buffer, whatever memory it is in; behind an IOMMU, an address
// in a mapping of all of that memory, made once.
import { bioAdd } from "../block/bio";
import { Bio } from "../layout/bio";
import { DmaClient } from "../layout/machine";
import { clientOf, Dio, HostQueue, machineOf } from "../layout/queue";
import { Request } from "../layout/request";
import { Scatterlist, sgAt } from "../layout/scatterlist";
import { busAddress } from "../pci/dma_direct";

@unmanaged
export class Scheme {
  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  @inline
  static mapStateBytes(_barBytes: f64): f64 {
    return 0;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const client = clientOf(queue);
    bioAdd(queue, this, bio, (dio.inRam ? client.ramReached : client.barReached) + dio.bufferOffset, 0, dio.lenBytes);
    return 0;
  }

  @inline
  release(_queue: HostQueue, _bio: Bio, _dio: Dio): void {}

  @inline
  address(_queue: HostQueue, place: u64, offset: u32): u64 {
    return place + offset;
  }

  @inline
  sameOwner(_a: u64, _b: u64): bool {
    return true;
  }

  @inline
  mapSegment(_queue: HostQueue, _request: Request, place: u64, offset: u32, _first: bool): u64 {
    return busAddress(place + offset);
  }

  @inline
  enableNvmet(_queue: HostQueue, _rnic: DmaClient): i32 {
    return 0;
  }

  @inline
  addHostPage(queue: HostQueue, bio: Bio, phys: u64, bytes: u32): void {
    bioAdd(queue, this, bio, clientOf(queue).ramReached + (phys - machineOf(queue).ramPhys), 0, bytes);
  }

  @inline
  fillRdma(_queue: HostQueue, sg: Scatterlist, phys: u64, bytes: u32, _inRam: bool): void {
    sg.dma_address = phys;
    sg.dma_length = bytes;
  }

  @inline
  mapRdma(queue: HostQueue, rnic: DmaClient, sgl: usize, count: u32, inRam: bool): i32 {
    const machine = machineOf(queue);
    const offset = inRam ? rnic.ramReached - machine.ramPhys : rnic.barReached - machine.barPhys;
    for (let i: u32 = 0; i < count; i++) {
      sgAt(sgl, i).dma_address += offset;
    }
    return 0;
  }
}
