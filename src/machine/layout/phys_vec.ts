// {phys_addr_t, len} as it could stand in a bio (Christoph Hellwig, 2019-06-24 and 2025-06-23), in both forms.

/** 16 bytes: the hole behind the length holds flags (struct phys_vec of 6.17 has the same hole). */
@unmanaged
export class PhysVec {
  paddr: u64;
  len: u32;
  flags: u32;
}

/** 12 bytes, packed: no room for a flag. 341 in a page. */
@unmanaged
export class PackedPhysVec {
  paddrLow: u32;
  paddrHigh: u32;
  len: u32;
}
