/* struct pages and payload without a path around them. */
#include "twin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct pgmap provider;

/* Each function goes on where its random places ended: what an earlier call touched may still be in a cache. */

struct page *memmap_of(uint64_t mib) {
  static struct page *map;
  static uint64_t have;
  if (have == mib) return map;
  if (map) munmap(map, have << 20);
  map = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) { perror("mmap"); exit(1); }
  for (uint64_t i = 0; i < (mib << 20) / sizeof *map; i++) { map[i].flags = ZONE_DEVICE << ZONE_SHIFT; map[i].pgmap = (uint64_t)&provider; map[i].refcount = 1; }
  have = mib;
  return map;
}

double latency(uint64_t mib, uint32_t count) {
  struct page *map = memmap_of(mib);
  uint64_t pages = (mib << 20) / sizeof *map;
  static uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    uint64_t flags = *(volatile uint64_t *)&map[((uint64_t)state * pages) >> 32].flags;
    state = state * 1664525u + 1013904223u + (uint32_t)flags;
  }
  sink += state;
  return (now_ns() - start) / count;
}

static int try_get(struct page *p) {
  int32_t seen = atomic_load_explicit(&p->refcount, memory_order_relaxed);
  while (seen) if (atomic_compare_exchange_weak(&p->refcount, &seen, seen + 1)) return 1;
  return 0;
}

/* Fast GUP with FOLL_PIN, the merge test of the block layer, and the unpin of an I/O that was pinned `depth` I/Os ago. */
double stream(uint64_t mib, uint32_t run, uint32_t count, uint32_t depth) {
  static struct page *in_flight[IODEPTH];
  struct page *map = memmap_of(mib);
  uint64_t runs = (mib << 20) / sizeof *map / run;
  static uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count + depth; i++) {
    struct page *old = in_flight[i % depth];
    if (i >= depth) for (uint32_t n = 0; n < run; n++) { sink += old[n].flags; atomic_fetch_sub(&old[n].refcount, PIN_BIAS); }
    if (i >= count) continue;
    struct page *p = map + (((uint64_t)next_random(&state) * runs) >> 32) * run;
    for (uint32_t n = 0; n < run; n++) if (!(p[n].pgmap & 1) && try_get(&p[n])) atomic_fetch_add(&p[n].refcount, PIN_BIAS - 1);
    for (uint32_t n = 1; n < run; n++) if (p[n].flags == p[0].flags && p[n].pgmap == p[0].pgmap) sink++;
    in_flight[i % depth] = p;
  }
  return (now_ns() - start) / count / run;
}

/* One struct page in a path of its own: zone test, get, put. */
double refcounts(uint64_t mib, uint32_t count, int locked) {
  struct page *map = memmap_of(mib);
  uint64_t pages = (mib << 20) / sizeof *map;
  static uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    struct page *p = map + (((uint64_t)next_random(&state) * pages) >> 32);
    if (p->flags >> ZONE_SHIFT != ZONE_DEVICE) continue;
    if (locked) {
      atomic_fetch_add(&p->refcount, 1);
      atomic_fetch_sub(&p->refcount, 1);
    } else {
      volatile int32_t *count_of = (volatile int32_t *)&p->refcount;
      *count_of += 1;
      *count_of -= 1;
    }
  }
  return (now_ns() - start) / count;
}

/* The library's, which the lab's engine calls as well: gcc would put a string instruction in its place. */
static void *(*volatile copy)(void *, const void *, size_t) = memcpy;

double copies(uint64_t mib, uint32_t count) {
  static char *a, *b;
  static uint64_t have;
  if (have != mib) {
    /* On pages, as the lab's windows: malloc's are 16 bytes off, which makes 65 lines of 64. */
    a = aligned_alloc(4096, mib << 20);
    b = aligned_alloc(4096, mib << 20);
    memset(a, 1, mib << 20);
    memset(b, 2, mib << 20);
    have = mib;
  }
  uint64_t blocks = (mib << 20) / 4096;
  static uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    uint64_t from = ((uint64_t)next_random(&state) * blocks) >> 32, to = ((uint64_t)next_random(&state) * blocks) >> 32;
    copy(b + to * 4096, a + from * 4096, 4096);
  }
  return (now_ns() - start) / count;
}
