// @title phys_addr_t + length
// @summary bios carry physical addresses; merging and mapping never look at a page; P2P is told by a flag or looked up (Hellwig 2019-06-24)
// @carries pool,fixed
// @variant phys-lookup=flag
// @variant phys-lookup=hash
// @variant phys-lookup=tree
// @refuses EFAULT(user) P2P memory without struct pages: GUP finds a VM_IO | VM_PFNMAP mapping and has no page to pin (check_vma_flags)
// @refuses EINVAL the queue does not take P2P memory (nvmet_p2pmem_ns_enable), or the client cannot reach the provider (BLK_STS_INVAL, as in 6.17)
// @refuses ENOMEM the provider's gen_pool is empty (pci_alloc_p2pmem)
//
// Host RAM: GUP pins pages and hands on addresses; everything up to the device works on them, and completion goes back
// to the page once for each vector. P2P: wholly one provider's bio, never merged, mapped by the map type of (provider,
// client). Who the provider is, --phys-lookup decides: `flag` numbers it in the vector's flags (Logan Gunthorpe: a lookup
// costs more); `hash` and `tree` mark the bio and look the address up once for each request (Jason Gunthorpe, 2019-06-26).
// A place is the address, with the flags of the 16-byte vector in its top byte; the packed 12-byte vector (341 instead of
// 256 in a page) has no room for flags and so goes with a lookup. It is accounted (layout/phys_vec), not run.
import { counters } from "../base/counting";
import { bioAdd, joinsMarked } from "../block/bio";
import { addUserBuffer, releasePages } from "../block/page_bio";
import { Bio, REQ_NOMERGE, REQ_P2PDMA } from "../layout/bio";
import { EFAULT, EINVAL } from "../layout/errno";
import { DmaClient, Machine } from "../layout/machine";
import { clientOf, Dio, HostQueue, machineOf } from "../layout/queue";
import { BLK_FEAT_PCI_P2PDMA, Request } from "../layout/request";
import { Scatterlist, SG_DMA_BUS_ADDRESS, sgAt } from "../layout/scatterlist";
import { BUFFERS_USER } from "../layout/stream";
import { pageToPhys, physToPage } from "../mm/page";
import { takeState } from "../mm/scheme_state";
import { dmaAddressOf, isBusAddress, physToDma } from "../pci/dma_direct";
import { enterProvider, p2pAddress } from "../pci/map_state";
import { enableNvmetP2p } from "../pci/orchestrator";
import { initProvider, P2pdmaProvider } from "../pci/provider";
import { buildHash, buildTree, findByHash, findInTree, hashBytes, rangesStateBytes, treeBytes } from "../pci/provider_ranges";

const FLAGS_SHIFT: u64 = 56;
const PHYS_MASK: u64 = (1 << FLAGS_SHIFT) - 1;
/** Flags of a vector on P2P memory: the provider's number. Host RAM has 0. */
const PROVIDER_1: u64 = 1 << FLAGS_SHIFT;

@unmanaged
export class Scheme {
  /** flag: table of providers by number. hash, tree: the structure that is searched. */
  lookup: u32;

  setup(machine: Machine): void {
    if (PHYS_LOOKUP_HASH) {
      this.lookup = <u32>buildHash(machine);
    } else if (PHYS_LOOKUP_TREE) {
      this.lookup = <u32>buildTree(machine);
    } else {
      this.lookup = <u32>takeState(machine, 2 * offsetof<P2pdmaProvider>());
      initProvider(machine, this.provider(1));
    }
  }

  @inline
  static stateBytes(barBytes: f64): f64 {
    return rangesStateBytes(barBytes);
  }

  @inline
  static memmapBytes(_barBytes: f64): f64 {
    return 0;
  }

  /** The provider, the client's entry in its map types, and the BAR's part of the lookup structure. */
  @inline
  static mapStateBytes(barBytes: f64): f64 {
    const lookup = PHYS_LOOKUP_HASH ? hashBytes(barBytes) : PHYS_LOOKUP_TREE ? treeBytes() : 0;
    return <f64>offsetof<P2pdmaProvider>() + 8 + lookup;
  }

  /** The client's entry in the map types. */
  @inline
  static attachBytes(_barBytes: f64): f64 {
    return 8;
  }

  @inline
  add(queue: HostQueue, bio: Bio, dio: Dio): i32 {
    const machine = machineOf(queue);
    if (dio.inRam) {
      const phys = machine.ramPhys + dio.bufferOffset;
      if (machine.buffers == BUFFERS_USER) return addUserBuffer(queue, this, bio, phys, dio.lenBytes);
      bioAdd(queue, this, bio, phys, 0, dio.lenBytes);
      return 0;
    }
    if (machine.buffers == BUFFERS_USER) return -EFAULT;
    if ((machine.queueFeatures & BLK_FEAT_PCI_P2PDMA) == 0) return -EINVAL;
    bio.bi_opf |= REQ_P2PDMA | REQ_NOMERGE;
    const place = machine.barPhys + dio.bufferOffset;
    bioAdd(queue, this, bio, PHYS_LOOKUP_FLAG ? place | PROVIDER_1 : place, 0, dio.lenBytes);
    return 0;
  }

  /** Wholly one owner's bio: its submitter keeps the rule, as bio_add_page does since 6.17. */
  joins(_queue: HostQueue, bio: Bio, dio: Dio): i32 {
    return joinsMarked(bio, REQ_P2PDMA, !dio.inRam);
  }

  @inline
  release(queue: HostQueue, bio: Bio, _dio: Dio): void {
    releasePages(queue, this, bio);
  }

  @inline
  placeOfPinned(queue: HostQueue, page: u64): u64 {
    return pageToPhys(machineOf(queue), page);
  }

  @inline
  pageOf(queue: HostQueue, place: u64): u64 {
    if (COUNTING) counters().pageLookups += 1;
    return physToPage(machineOf(queue), place);
  }

  @inline
  address(_queue: HostQueue, place: u64, offset: u32): u64 {
    return (PHYS_LOOKUP_FLAG ? place & PHYS_MASK : place) + offset;
  }

  /** Flags must agree; without them a bio is one owner's by the rule that its submitter keeps. */
  @inline
  sameOwner(a: u64, b: u64): bool {
    return PHYS_LOOKUP_FLAG ? a >> FLAGS_SHIFT == b >> FLAGS_SHIFT : true;
  }

  @inline
  mapSegment(queue: HostQueue, request: Request, place: u64, offset: u32, first: bool): u64 {
    const phys = this.address(queue, place, offset);
    if (PHYS_LOOKUP_FLAG) {
      const number = <u32>(place >> FLAGS_SHIFT);
      if (number == 0) return physToDma(phys);
      if (first) enterProvider(queue, clientOf(queue), this.provider(number).bus_offset);
      return p2pAddress(queue, phys);
    }
    if ((request.cmd_flags & REQ_P2PDMA) == 0) return physToDma(phys);
    if (first) {
      const found = PHYS_LOOKUP_HASH ? findByHash(<usize>this.lookup, phys) : findInTree(<usize>this.lookup, phys);
      if (found == 0) return 0;
      enterProvider(queue, clientOf(queue), changetype<P2pdmaProvider>(<usize>found).bus_offset);
    }
    return p2pAddress(queue, phys);
  }

  @inline
  enableNvmet(queue: HostQueue, rnic: DmaClient): i32 {
    return enableNvmetP2p(queue, rnic, BLK_FEAT_PCI_P2PDMA, 0);
  }

  @inline
  addHostPage(queue: HostQueue, bio: Bio, phys: u64, bytes: u32): void {
    bioAdd(queue, this, bio, phys, 0, bytes);
  }

  /** A list of physical addresses, with the flags of the vector that they came from. */
  @inline
  fillRdma(_queue: HostQueue, sg: Scatterlist, phys: u64, bytes: u32, inRam: bool): void {
    sg.page_link = PHYS_LOOKUP_FLAG && !inRam ? phys | PROVIDER_1 : phys;
    sg.offset = 0;
    sg.length = bytes;
  }

  /** The map type of (provider, RNIC), once: nvmet's P2P list is one entry. */
  @inline
  mapRdma(queue: HostQueue, rnic: DmaClient, sgl: usize, count: u32, inRam: bool): i32 {
    if (!inRam && !this.enterProviderOf(queue, rnic, changetype<Scatterlist>(sgl).page_link)) return -EINVAL;
    for (let i: u32 = 0; i < count; i++) {
      const sg = sgAt(sgl, i);
      const phys = this.address(queue, sg.page_link, 0);
      const answer = inRam ? physToDma(phys) : p2pAddress(queue, phys);
      if (answer == 0) return -EINVAL;
      sg.dma_address = dmaAddressOf(answer);
      sg.dma_flags = isBusAddress(answer) ? SG_DMA_BUS_ADDRESS : 0;
      sg.dma_length = sg.length;
    }
    return 0;
  }

  /** Who the provider of a P2P place is, by its flag or by a lookup. False when nobody is. */
  @inline
  private enterProviderOf(queue: HostQueue, client: DmaClient, place: u64): bool {
    let provider: P2pdmaProvider;
    if (PHYS_LOOKUP_FLAG) {
      provider = this.provider(<u32>(place >> FLAGS_SHIFT));
    } else {
      const found = PHYS_LOOKUP_HASH ? findByHash(<usize>this.lookup, place) : findInTree(<usize>this.lookup, place);
      if (found == 0) return false;
      provider = changetype<P2pdmaProvider>(<usize>found);
    }
    enterProvider(queue, client, provider.bus_offset);
    return true;
  }

  @inline
  private provider(number: u32): P2pdmaProvider {
    return changetype<P2pdmaProvider>(<usize>this.lookup + <usize>number * offsetof<P2pdmaProvider>());
  }
}
