// A set-associative table with least-recently-used replacement: caches of lines and of translations. A set is a row of words, the most
// recently used first, what is free last; a word is a key above two bits of state.

/** Where a table's words are, and its shape. Sets are a power of two. */
@unmanaged
export class Cache {
  words: u32;
  setMask: u32;
  ways: u32;
}

/** States of MESI; 0: not there. A table that has no use for them holds EXCLUSIVE. */
export const SHARED: u32 = 1;
export const EXCLUSIVE: u32 = 2;
export const MODIFIED: u32 = 3;
export const STATE: u32 = 3;

@inline
function setAt(cache: Cache, index: u32): usize {
  return <usize>cache.words + (<usize>(index & cache.setMask) * cache.ways << 2);
}

/** Address of a key's word without making it the most recent; 0 where it is not there. */
export function peek(cache: Cache, index: u32, key: u32): usize {
  const set = setAt(cache, index);
  const end = set + (<usize>cache.ways << 2);
  for (let at = set; at < end; at += 4) if (load<u32>(at) >> 2 == key) return at;
  return 0;
}

/** Address of a key's word, which becomes the most recent of its set; 0 where it is not there. */
@inline
export function find(cache: Cache, index: u32, key: u32): usize {
  const set = setAt(cache, index);
  return load<u32>(set) >> 2 == key ? set : findBehind(set, cache.ways, key);
}

function findBehind(set: usize, ways: u32, key: u32): usize {
  const end = set + (<usize>ways << 2);
  for (let at = set + 4; at < end; at += 4) {
    const word = load<u32>(at);
    if (word >> 2 != key) continue;
    for (; at > set; at -= 4) store<u32>(at, load<u32>(at - 4));
    store<u32>(set, word);
    return set;
  }
  return 0;
}

/** Puts a key that is not there first in its set; the word that had to go, 0 for none. */
export function insert(cache: Cache, index: u32, word: u32): u32 {
  const set = setAt(cache, index);
  const last = set + (<usize>(cache.ways - 1) << 2);
  const gone = load<u32>(last);
  for (let at = last; at > set; at -= 4) store<u32>(at, load<u32>(at - 4));
  store<u32>(set, word);
  return gone;
}

/** Takes a key out; its word, 0 where it is not there. */
export function remove(cache: Cache, index: u32, key: u32): u32 {
  const found = peek(cache, index, key);
  if (found == 0) return 0;
  const word = load<u32>(found);
  const last = setAt(cache, index) + (<usize>(cache.ways - 1) << 2);
  for (let at = found; at < last; at += 4) store<u32>(at, load<u32>(at + 4));
  store<u32>(last, 0);
  return word;
}

@inline
export function setState(at: usize, state: u32): void {
  store<u32>(at, load<u32>(at) & ~STATE | state);
}
