/*
 * The native twin: the same rings, page operations and copies in C, to see what the lab's compiler costs.
 * Reads one command a line, answers with one number a line (nanoseconds for each operation):
 *   ring IOS          SQE -> controller -> CQE on two pinned threads, batch 32, iodepth 256
 *   latency MIB N     dependent loads over a memmap of MIB
 *   stream MIB PAGES N DEPTH  pin, look at, unpin PAGES struct pages in a row at N random places of a memmap of MIB,
 *                     DEPTH of them pinned at any time (at most 256)
 *   copy MIB N        memcpy of 4 KiB between two windows of MIB
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define DEPTH 1024
#define IODEPTH 256
#define BATCH 32
#define BIAS 1024

struct sqe { uint8_t opcode, flags; uint16_t cid; uint32_t nsid; uint64_t r0, r1, prp1, prp2, slba; uint16_t len, ctl; uint32_t r2[3]; };
struct cqe { uint64_t result; uint16_t sq_head, sq_id, cid, status; };
struct page { uint64_t flags, pgmap, pad[4]; int32_t mapcount; _Atomic int32_t refcount; uint64_t memcg; };

static struct sqe sq[DEPTH] __attribute__((aligned(4096)));
static struct cqe cq[DEPTH] __attribute__((aligned(4096)));
static struct { _Atomic uint32_t v; char pad[124]; } sq_db __attribute__((aligned(128))), cq_db __attribute__((aligned(128))),
    posted __attribute__((aligned(128))), quit __attribute__((aligned(128)));
static uint64_t sink;

static double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

static void *controller(void *unused) {
  uint32_t head = 0, tail_cq = 0, room_seen = 0, done = 0, phase = 1;
  (void)unused;
  pin(1);
  while (!atomic_load(&quit.v)) {
    uint32_t tail = atomic_load(&sq_db.v), unpublished = 0;
    while (head != tail) {
      uint32_t next = tail_cq + 1 == DEPTH ? 0 : tail_cq + 1;
      if (next == room_seen && next == (room_seen = atomic_load(&cq_db.v))) break;
      struct sqe *e = &sq[head];
      if (++head == DEPTH) head = 0;
      sink += e->prp1 ^ e->slba ^ e->len;
      struct cqe c = {0, (uint16_t)head, 1, e->cid, (uint16_t)((e->opcode == 2 && e->nsid == 1 ? 0 : 2) | phase)};
      cq[tail_cq] = c;
      if (++tail_cq == DEPTH) { tail_cq = 0; phase ^= 1; }
      done++;
      if (++unpublished == BATCH) { atomic_store(&posted.v, done); unpublished = 0; }
    }
    if (unpublished) atomic_store(&posted.v, done);
  }
  return NULL;
}

static double ring(uint32_t ios) {
  static uint32_t stream[1 << 16];
  pthread_t thread;
  uint32_t issued = 0, completed = 0, tail = 0, head = 0, errors = 0;
  double start = 0;
  for (uint32_t i = 0; i < 1 << 16; i++) stream[i] = i * 2654435761u;
  atomic_store(&sq_db.v, 0); atomic_store(&cq_db.v, 0); atomic_store(&posted.v, 0); atomic_store(&quit.v, 0);
  pin(0);
  pthread_create(&thread, NULL, controller, NULL);
  /* The first quarter is the lead-in. */
  uint32_t lead = ios / 4, all = ios + lead;
  while (completed < all) {
    uint32_t ready = atomic_load(&posted.v) - completed;
    if (ready) {
      for (uint32_t i = 0; i < ready; i++) { errors += cq[head].status >> 1; if (++head == DEPTH) head = 0; }
      if (completed < lead && completed + ready >= lead) start = now_ns();
      completed += ready;
      atomic_store(&cq_db.v, head);
    }
    while (issued < all && IODEPTH - (issued - completed) >= BATCH) {
      for (int i = 0; i < BATCH; i++) {
        struct sqe e = {2, 0, (uint16_t)tail, 1, 0, 0, (uint64_t)stream[issued & 65535] << 12, 0, issued, 7, 0, {0}};
        sq[tail] = e;
        issued++;
        if (++tail == DEPTH) tail = 0;
      }
      atomic_store(&sq_db.v, tail);
    }
  }
  double took = now_ns() - start;
  atomic_store(&quit.v, 1);
  pthread_join(thread, NULL);
  sink += errors;
  return took / ios;
}

static struct page *memmap_of(uint64_t mib) {
  static struct page *map;
  static uint64_t have;
  if (have == mib) return map;
  if (map) munmap(map, have << 20);
  map = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) { perror("mmap"); exit(1); }
  for (uint64_t i = 0; i < (mib << 20) / sizeof *map; i++) { map[i].flags = 7; map[i].pgmap = 64; map[i].refcount = 1; }
  have = mib;
  return map;
}

static uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

static double latency(uint64_t mib, uint32_t count) {
  struct page *map = memmap_of(mib);
  uint64_t pages = (mib << 20) / sizeof *map;
  uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    uint64_t flags = *(volatile uint64_t *)&map[((uint64_t)state * pages) >> 32].flags;
    state = state * 1664525u + 1013904223u + (uint32_t)(flags - 7);
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
static double stream(uint64_t mib, uint32_t run, uint32_t count, uint32_t depth) {
  static struct page *in_flight[IODEPTH];
  struct page *map = memmap_of(mib);
  uint64_t runs = (mib << 20) / sizeof *map / run;
  uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count + depth; i++) {
    struct page *old = in_flight[i % depth];
    if (i >= depth) for (uint32_t n = 0; n < run; n++) { sink += old[n].flags; atomic_fetch_sub(&old[n].refcount, BIAS); }
    if (i >= count) continue;
    struct page *p = map + (((uint64_t)next_random(&state) * runs) >> 32) * run;
    for (uint32_t n = 0; n < run; n++) if (!(p[n].pgmap & 1) && try_get(&p[n])) atomic_fetch_add(&p[n].refcount, BIAS - 1);
    for (uint32_t n = 1; n < run; n++) if (p[n].flags == p[0].flags && p[n].pgmap == p[0].pgmap) sink++;
    in_flight[i % depth] = p;
  }
  return (now_ns() - start) / count / run;
}

static double copy(uint64_t mib, uint32_t count) {
  static char *a, *b;
  static uint64_t have;
  if (have != mib) { a = malloc(mib << 20); b = malloc(mib << 20); memset(a, 1, mib << 20); memset(b, 2, mib << 20); have = mib; }
  uint64_t blocks = (mib << 20) / 4096;
  uint32_t state = 1;
  double start = now_ns();
  for (uint32_t i = 0; i < count; i++) {
    uint64_t from = ((uint64_t)next_random(&state) * blocks) >> 32, to = ((uint64_t)next_random(&state) * blocks) >> 32;
    memcpy(b + to * 4096, a + from * 4096, 4096);
  }
  return (now_ns() - start) / count;
}

int main(void) {
  char line[128];
  while (fgets(line, sizeof line, stdin)) {
    unsigned a = 0, b = 0, c = 0, d = 0;
    double ns = -1;
    if (sscanf(line, "ring %u", &a) == 1) ns = ring(a);
    else if (sscanf(line, "latency %u %u", &a, &b) == 2) ns = latency(a, b);
    else if (sscanf(line, "stream %u %u %u %u", &a, &b, &c, &d) == 4 && d > 0 && d <= IODEPTH) ns = stream(a, b, c, d);
    else if (sscanf(line, "copy %u %u", &a, &b) == 2) ns = copy(a, b);
    printf("%.4f\n", ns);
    fflush(stdout);
  }
  return sink == 42;
}
