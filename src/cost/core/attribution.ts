// What an access is part of: the region of the simulated memory, and the field of the structure there. Regions are rows in ascending
// order; a region repeats every `stride` bytes, and a table says for each of them which field it is.

/** One region. */
@unmanaged
export class Region {
  start: u32;
  end: u32;
  /** 0: all of it is one field. */
  stride: u32;
  /** Table of u16: field of each byte of the stride, counted from the region's first. */
  fields: u32;
  firstField: u32;
  pad: u32;
}

let regions: usize = 0;
let regionCount: u32 = 0;
/** The region in which each site was last seen: sites seldom change it. */
let lastRegions: usize = 0;

export function setRegions(at: usize, count: u32, last: usize): void {
  regions = at;
  regionCount = count;
  lastRegions = last;
}

/** Number of the field; 0 where no region has the address. */
@inline
export function fieldOf(address: u32, site: u32): u32 {
  const last = lastRegions + (<usize>site << 2);
  let region = changetype<Region>(<usize>load<u32>(last));
  if (changetype<usize>(region) == 0 || address - region.start >= region.end - region.start) {
    region = search(address);
    if (changetype<usize>(region) == 0) return 0;
    store<u32>(last, <u32>changetype<usize>(region));
  }
  if (region.stride == 0) return region.firstField;
  const offset = (address - region.start) % region.stride;
  return region.firstField + <u32>load<u16>(<usize>region.fields + (<usize>offset << 1));
}

function search(address: u32): Region {
  let low: u32 = 0;
  let high = regionCount;
  while (low < high) {
    const middle = (low + high) >> 1;
    const region = changetype<Region>(regions + <usize>middle * offsetof<Region>());
    if (address < region.start) high = middle;
    else if (address >= region.end) low = middle + 1;
    else return region;
  }
  return changetype<Region>(0);
}
