/*
 * The whole block path of one queue pair, as the lab's schemes take it: 4 KiB random reads, iodepth 256, batch 32, nothing moved.
 * Bus addresses (the RFC's dma-direct bios) or pinned struct pages (O_DIRECT on Linux 6.12). The same structures are filled and
 * read, in the same order, as in src/machine: bio and its vector, split test, tag, request, plug, scatterlist, PRP, SQE;
 * controller with a routing table; CQE, end of request and bio. Left out, as no I/O here needs it: chained PRP lists.
 */
#include "twin.h"
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BIO_STRIDE 256
#define REQUEST_STRIDE 512
#define REQ_DMA_DIRECT (1u << 26)
#define REQ_NOMERGE (1u << 14)

struct bio_vec { uint64_t place; uint32_t bv_len, bv_offset; };
struct bio {
  struct bio *bi_next; uint64_t bi_bdev; uint32_t bi_opf; uint16_t bi_flags, bi_ioprio;
  uint8_t bi_write_hint, pad25, bi_status, pad27; int32_t remaining;
  uint64_t bi_sector; uint32_t bi_size, bi_idx, bi_bvec_done, bi_cookie;
  uint64_t bi_end_io, bi_private, bi_blkg, bi_issue, bi_iocost_cost, bi_integrity;
  uint16_t bi_vcnt, bi_max_vecs; int32_t cnt; struct bio_vec *bi_io_vec; uint64_t bi_pool;
};
struct dio { uint64_t block; uint32_t blocks_op, pad; uint64_t buffer_offset; uint32_t len, in_ram; double start_ns; uint32_t pad40[6]; };
struct bio_slot { struct bio bio; struct bio_vec vecs[4]; struct dio dio; };
struct request {
  uint64_t q, mq_ctx, mq_hctx; uint32_t cmd_flags, rq_flags; int32_t tag, internal_tag; uint32_t timeout, data_len;
  uint64_t sector; struct bio *bio, *biotail; uint64_t rest1[6]; uint16_t wbt, stats, nr_phys_segments, nr_integrity;
  uint64_t rest2[15];
};
struct sg { uint64_t page_link; uint32_t offset, length; uint64_t dma_address; uint32_t dma_length, dma_flags; };
struct iod {
  uint64_t req_cmd, req_result; uint8_t genctr, retries, flags, pad; uint16_t status, pad22; uint64_t start_time, ctrl;
  struct nvme_command cmd; uint8_t aborted; int8_t nr_allocations; uint16_t pad106; uint32_t dma_len;
  uint64_t first_dma, meta_dma; struct sg *sgl; uint32_t nents, orig_nents; uint64_t rest[8];
};
struct request_slot { struct request rq; struct iod iod; char pad[REQUEST_STRIDE - sizeof(struct request) - sizeof(struct iod)]; };
struct limits { uint64_t seg_boundary_mask, virt_boundary_mask; uint32_t max_sectors, max_segment_size; uint16_t max_segments; };
struct window { uint64_t start, bytes; uint32_t hits; };
struct xa_node { uint32_t shift; uintptr_t slots[64]; };

_Static_assert(sizeof(struct bio) == 128 && sizeof(struct bio_slot) == BIO_STRIDE, "struct bio is 128 bytes");
_Static_assert(sizeof(struct request) == 248 && sizeof(struct iod) == 208, "struct request 248, nvme_iod 208");
_Static_assert(sizeof(struct request_slot) == REQUEST_STRIDE, "requests are 512 bytes apart");

static struct nvme_command sq[DEPTH] __attribute__((aligned(4096)));
static struct nvme_completion cq[DEPTH] __attribute__((aligned(4096)));
static struct shared_word sq_db, cq_db, posted_word, quit;
static struct request_slot requests[DEPTH] __attribute__((aligned(4096)));
static struct bio_slot bios[DEPTH] __attribute__((aligned(4096)));
static struct sg sgs[DEPTH][128] __attribute__((aligned(4096)));
static struct window windows[2];
/* pci_p2pdma.map_types: an xarray of two levels, the client's key in it. */
static struct xa_node map_type_root, map_type_leaf, *map_types;
/* What the user's mapping has lost; GUP reads the PTE again once it has the page. */
static _Atomic uint64_t unmapped_bytes;

/* The host's side, written by one thread only. */
static struct {
  struct io *stream; uint32_t position, issued, completed, errors;
  struct bio_slot *bio_stack[DEPTH]; uint32_t bios_free;
  struct sg *sg_stack[DEPTH]; uint32_t sgs_free;
  uint64_t tags[DEPTH / 64]; struct request_slot *plug[BATCH]; uint32_t plugged;
  uint32_t sq_tail, cq_head, phase, consumed;
  struct page *memmap; int user_pages, locked, serial; uint32_t client_key; uint64_t bus_base; struct limits limits; uint64_t bytes_done;
} host;

/* The controller's. */
static struct { uint32_t head, cq_tail, phase, posted, head_seen, unclaimed; } device;

static int zone_of(struct page *p) { return (p->flags >> ZONE_SHIFT) & 7; }

static int is_p2p(struct page *p) { return zone_of(p) == ZONE_DEVICE && ((struct pgmap *)p->pgmap)->type == 5; }

static int same_pgmap(struct page *a, struct page *b) {
  int device_a = zone_of(a) == ZONE_DEVICE, device_b = zone_of(b) == ZONE_DEVICE;
  return device_a == device_b && (!device_a || a->pgmap == b->pgmap);
}

static void ref_add(struct page *p, int32_t delta) {
  if (host.locked) atomic_fetch_add(&p->refcount, delta);
  else *(int32_t *)&p->refcount += delta;
}

static int pin_page(struct page *p) {
  if (p->pgmap & 1) return 0;
  if (host.locked) {
    int32_t seen = atomic_load_explicit(&p->refcount, memory_order_relaxed);
    while (seen && !atomic_compare_exchange_weak(&p->refcount, &seen, seen + 1)) {}
    if (!seen) return 0;
  } else ref_add(p, 1);
  ref_add(p, PIN_BIAS - 1);
  return 1;
}

/* xa_load. */
static uintptr_t map_type_of(uint32_t key) {
  struct xa_node *node = map_types;
  if ((uint64_t)key >> (node->shift + 6)) return 0;
  while (node->shift > 0) {
    node = (struct xa_node *)node->slots[key >> node->shift & 63];
    if (!node) return 0;
  }
  return node->slots[key & 63];
}

static uint64_t phys_of(struct page *p) { return (uint64_t)(p - host.memmap) << 12; }

static uint64_t address_of(uint64_t place, uint32_t offset) {
  return (host.user_pages ? phys_of((struct page *)place) : place) + offset;
}

/* Waits for every load before it. */
static void wait_for_loads(void) {
#if defined(__x86_64__)
  __builtin_ia32_lfence();
#elif defined(__aarch64__)
  __asm__ volatile("dsb ld\n\tisb" ::: "memory");
#else
#error "wait_for_loads: this processor's barrier is missing"
#endif
}

static struct bio *fill_bio(const struct io *io) {
  if (host.serial) wait_for_loads();
  struct bio_slot *slot = host.bio_stack[--host.bios_free];
  struct bio *bio = &slot->bio;
  bio->bi_next = NULL;
  bio->bi_opf = 0; bio->bi_flags = 0; bio->bi_ioprio = 0;
  bio->bi_write_hint = 0; bio->bi_status = 0; bio->remaining = 1;
  bio->bi_sector = io->block; bio->bi_size = 0; bio->bi_idx = 0; bio->bi_bvec_done = 0; bio->bi_private = 0;
  bio->bi_vcnt = 0; bio->bi_max_vecs = 4; bio->cnt = 0; bio->bi_io_vec = slot->vecs;
  struct dio *dio = &slot->dio;
  dio->block = io->block; dio->blocks_op = io->blocks_op; dio->len = (io->blocks_op & 0xffffff) << 9;
  dio->in_ram = io->buffer >> 31; dio->buffer_offset = (uint64_t)(io->buffer & 0x7fffffff) << 12; dio->start_ns = 0;
  uint64_t place = host.bus_base + dio->buffer_offset;
  if (host.user_pages) {
    struct page *p = host.memmap + (dio->buffer_offset >> 12);
    bio->bi_flags |= 1;
    if (!pin_page(p)) host.errors++;
    if (dio->buffer_offset < atomic_load(&unmapped_bytes)) host.errors++;
    place = (uint64_t)p;
  } else bio->bi_opf |= REQ_DMA_DIRECT;
  struct bio_vec *vec = &bio->bi_io_vec[bio->bi_vcnt++];
  vec->place = place; vec->bv_len = dio->len; vec->bv_offset = 0;
  bio->bi_size += dio->len;
  return bio;
}

static int tag_get(void) {
  for (int word = 0; word < DEPTH / 64; word++) {
    uint64_t free = host.tags[word];
    if (!free) continue;
    host.tags[word] = free & (free - 1);
    return word * 64 + __builtin_ctzll(free);
  }
  return -1;
}

/* Back merge of a bio that continues the request plugged last. */
static int merged(struct bio *bio) {
  if (!host.plugged) return 0;
  struct request *last = &host.plug[host.plugged - 1]->rq;
  if (last->sector + (last->data_len >> 9) != bio->bi_sector) return 0;
  if ((last->cmd_flags | bio->bi_opf) & (REQ_NOMERGE | REQ_DMA_DIRECT)) return 0;
  struct bio *tail = last->biotail;
  struct bio_vec *end = &tail->bi_io_vec[0], *begin = &bio->bi_io_vec[0];
  if ((address_of(end->place, end->bv_len) | address_of(begin->place, 0)) & host.limits.virt_boundary_mask) return 0;
  if ((last->data_len + bio->bi_size) >> 9 > host.limits.max_sectors) return 0;
  if (last->nr_phys_segments + 1 > host.limits.max_segments) return 0;
  tail->bi_next = bio;
  last->biotail = bio;
  last->data_len += bio->bi_size;
  last->nr_phys_segments++;
  return 1;
}

static void submit_bio(struct bio *bio) {
  int tag = tag_get();
  struct bio_vec *vec = &bio->bi_io_vec[0];
  /* One vector inside one page never needs the split's walk. */
  if (bio->bi_vcnt != 1 || (address_of(vec->place, vec->bv_offset) & 4095) + vec->bv_len > 4096) abort();
  if (merged(bio)) { host.tags[tag >> 6] |= 1ull << (tag & 63); return; }
  /* As large a request would flush the plug before the next one (BLK_PLUG_FLUSH_SIZE); none is here. */
  if (host.plugged && host.plug[host.plugged - 1]->rq.data_len >= 128 * 1024) abort();
  struct request_slot *slot = &requests[tag];
  struct request *rq = &slot->rq;
  rq->tag = tag; rq->cmd_flags = bio->bi_opf; rq->sector = bio->bi_sector; rq->data_len = bio->bi_size;
  rq->nr_phys_segments = 1; rq->bio = bio; rq->biotail = bio;
  host.plug[host.plugged++] = slot;
}

static void map_data(struct request_slot *slot) {
  struct request *rq = &slot->rq;
  struct iod *iod = &slot->iod;
  struct bio *bio = rq->bio;
  struct sg *sgl = host.sg_stack[--host.sgs_free];
  uint32_t count = 0;
  iod->dma_len = 0;
  if (host.user_pages && rq->nr_phys_segments == 1 && !is_p2p((struct page *)bio->bi_io_vec[bio->bi_idx].place)) abort();
  iod->sgl = sgl;
  for (struct bio *each = bio; each; each = each->bi_next) {
    struct bio_vec *vec = &each->bi_io_vec[each->bi_idx];
    struct sg *sg = &sgl[count];
    uint64_t address = address_of(vec->place, vec->bv_offset + each->bi_bvec_done);
    if (count && address_of(sgl[count - 1].page_link, sgl[count - 1].length) == address && host.user_pages
        && same_pgmap((struct page *)sgl[count - 1].page_link, (struct page *)vec->place)) {
      sgl[count - 1].length += vec->bv_len;
      continue;
    }
    sg->page_link = host.user_pages ? vec->place : 0;
    sg->offset = 0; sg->length = vec->bv_len;
    if (!host.user_pages) { sg->dma_address = address; sg->dma_length = vec->bv_len; }
    count++;
  }
  iod->orig_nents = count; iod->nents = count;
  if (host.user_pages) {
    struct pgmap *state = NULL;
    for (uint32_t i = 0; i < count; i++) {
      struct page *p = (struct page *)sgl[i].page_link;
      sgl[i].dma_length = sgl[i].length;
      if (!is_p2p(p)) abort();
      if ((struct pgmap *)p->pgmap != state) { state = (struct pgmap *)p->pgmap; if (map_type_of(host.client_key) != 2) abort(); }
      sgl[i].dma_address = phys_of(p) + state->bus_offset;
      sgl[i].dma_flags = 1;
    }
  }
  /* Two PRPs hold any single segment here. */
  uint64_t first = sgl[0].dma_address;
  uint32_t room = 4096 - (first & 4095);
  iod->nr_allocations = -1;
  iod->cmd.prp1 = first;
  iod->cmd.prp2 = rq->data_len > room ? (count == 1 ? first + room : sgl[1].dma_address) : 0;
}

static void flush_plug(void) {
  for (uint32_t i = 0; i < host.plugged; i++) {
    struct request_slot *slot = host.plug[i];
    struct iod *iod = &slot->iod;
    iod->genctr = (iod->genctr + 1) & 15;
    struct nvme_command *command = &iod->cmd;
    command->opcode = 2; command->flags = 0; command->command_id = iod->genctr << 12 | slot->rq.tag; command->nsid = 1;
    command->cdw2 = 0; command->metadata = 0; command->slba = slot->rq.sector;
    command->length = (slot->rq.data_len >> 9) - 1; command->control = 0; command->dsmgmt = 0; command->reftag = 0;
    command->lbat = 0; command->lbatm = 0;
    map_data(slot);
    memcpy(&sq[host.sq_tail], command, sizeof *command);
    if (++host.sq_tail == DEPTH) host.sq_tail = 0;
  }
  host.plugged = 0;
  atomic_store(&sq_db.v, host.sq_tail);
}

static void end_bio(struct bio *bio) {
  struct bio_slot *slot = (struct bio_slot *)bio;
  if (--bio->remaining) return;
  if (bio->bi_status) host.errors++;
  else host.bytes_done += slot->dio.len;
  if (bio->bi_flags & 1) {
    struct page *p = (struct page *)bio->bi_io_vec[0].place;
    if (p->flags & (1 << 6)) abort();
    ref_add(p, -PIN_BIAS);
  }
  host.completed++;
  host.bio_stack[host.bios_free++] = slot;
}

static uint32_t reap(void) {
  uint32_t ready = atomic_load(&posted_word.v) - host.consumed;
  if (!ready) return 0;
  for (uint32_t i = 0; i < ready; i++) {
    struct nvme_completion *entry = &cq[host.cq_head];
    if ((entry->status & 1) != host.phase) abort();
    if (++host.cq_head == DEPTH) { host.cq_head = 0; host.phase ^= 1; }
    /* nvme_find_rq: a tag that the queue has, of this generation, and not yet ended. */
    uint32_t cid = entry->command_id, tag = cid & 0xfff;
    struct request_slot *slot = &requests[tag];
    if (tag + 1 >= DEPTH || slot->iod.genctr != cid >> 12 || !slot->rq.bio) abort();
    if (slot->iod.dma_len == 0) host.sg_stack[host.sgs_free++] = slot->iod.sgl;
    struct bio *bio = slot->rq.bio;
    slot->rq.bio = NULL;
    host.tags[slot->rq.tag >> 6] |= 1ull << (slot->rq.tag & 63);
    while (bio) {
      struct bio *next = bio->bi_next;
      if (entry->status >> 1) bio->bi_status = 10;
      end_bio(bio);
      bio = next;
    }
  }
  host.consumed += ready;
  atomic_store(&cq_db.v, host.cq_head);
  return ready;
}

/* Until nothing moves any more, or `until` I/Os are complete. */
static void host_turn(uint32_t until, uint32_t idle_turns) {
  for (uint32_t idle = 0; idle <= idle_turns && (int32_t)(until - host.completed) > 0;) {
    uint32_t moved = reap();
    while (host.issued != until && IODEPTH - (host.issued - host.completed) >= BATCH) {
      for (int i = 0; i < BATCH; i++) {
        submit_bio(fill_bio(&host.stream[host.position++ & (STREAM - 1)]));
        host.issued++;
      }
      flush_plug();
      moved++;
    }
    idle = moved ? 0 : idle + 1;
  }
}

static int route(uint64_t address, uint32_t bytes) {
  for (struct window *w = windows; w < windows + 2; w++) {
    uint64_t offset = address - w->start;
    if (offset < w->bytes && w->bytes - offset >= bytes) { w->hits++; return 1; }
  }
  device.unclaimed++;
  return 0;
}

static void device_turn(void) {
  uint32_t tail = atomic_load(&sq_db.v), unpublished = 0;
  while (device.head != tail) {
    uint32_t next = device.cq_tail + 1 == DEPTH ? 0 : device.cq_tail + 1;
    if (next == device.head_seen && next == (device.head_seen = atomic_load(&cq_db.v))) break;
    struct nvme_command *command = &sq[device.head];
    if (++device.head == DEPTH) device.head = 0;
    uint32_t left = (command->length + 1u) << 9, room = 4096 - (command->prp1 & 4095), first = left < room ? left : room;
    uint16_t status = 0;
    if (command->opcode != 2 || command->nsid != 1) status = 1;
    else if (!route(command->prp1, first) || (left > first && !route(command->prp2, left - first))) status = 4;
    struct nvme_completion entry = {0, (uint16_t)device.head, 1, command->command_id, (uint16_t)(status << 1 | device.phase)};
    cq[device.cq_tail] = entry;
    if (++device.cq_tail == DEPTH) { device.cq_tail = 0; device.phase ^= 1; }
    device.posted++;
    if (++unpublished == BATCH) { atomic_store(&posted_word.v, device.posted); unpublished = 0; }
  }
  if (unpublished) atomic_store(&posted_word.v, device.posted);
}

static void *controller(void *unused) {
  (void)unused;
  run_on_cpu(1);
  while (!atomic_load(&quit.v)) device_turn();
  return NULL;
}

static void set_up(int user_pages, uint64_t mib, int locked) {
  static struct io stream[STREAM];
  uint64_t pages = (mib << 20) / sizeof(struct page);
  /* Other places at each call: what an earlier one touched may still be in a cache. */
  static uint32_t state = 1;
  memset(&host, 0, sizeof host);
  memset(&device, 0, sizeof device);
  atomic_store(&sq_db.v, 0); atomic_store(&cq_db.v, 0); atomic_store(&posted_word.v, 0); atomic_store(&quit.v, 0);
  for (uint32_t i = 0; i < STREAM; i++) {
    uint64_t buffer = ((uint64_t)next_random(&state) * pages) >> 32;
    stream[i] = (struct io){(uint64_t)next_random(&state) << 3 & 0x7fffffff, READ_4K, (uint32_t)buffer};
  }
  for (int i = 0; i < DEPTH; i++) { host.bio_stack[i] = &bios[DEPTH - 1 - i]; host.sg_stack[i] = sgs[DEPTH - 1 - i]; }
  host.bios_free = host.sgs_free = DEPTH;
  memset(host.tags, 0xff, sizeof host.tags);
  host.stream = stream; host.phase = device.phase = 1;
  host.user_pages = user_pages; host.locked = locked; host.bus_base = 0x20000000000ull;
  host.limits = (struct limits){0xffffffff, 4095, 1024, 0xffffffff, 128};
  provider = (struct pgmap){host.bus_base, 5};
  host.client_key = 0x300;
  map_type_root = (struct xa_node){.shift = 6};
  map_type_leaf = (struct xa_node){.shift = 0};
  map_type_root.slots[host.client_key >> 6] = (uintptr_t)&map_type_leaf;
  map_type_leaf.slots[host.client_key & 63] = 2;
  map_types = &map_type_root;
  atomic_store(&unmapped_bytes, 0);
  windows[0] = (struct window){0, 1ull << 30, 0};
  windows[1] = (struct window){host.bus_base, mib << 26, 0};
  if (user_pages) host.memmap = memmap_of(mib);
}

/* Host and device in turn on this thread; the host's turns are timed, clock included, as in the lab's inline schedule. */
static double path_inline(uint32_t ios) {
  double host_ns = 0;
  uint32_t before = host.completed, until = host.issued + ios;
  while (host.completed != until) {
    double start = now_ns();
    host_turn(until, 0);
    host_ns += now_ns() - start;
    device_turn();
  }
  return host_ns / (host.completed - before);
}

double path(int user_pages, uint64_t mib, uint32_t ios, int threads, int locked, int serial) {
  uint32_t whole = ios / BATCH * BATCH, lead = whole / 4 / BATCH * BATCH;
  static int last_user = -1;
  static uint64_t last_mib;
  /* The stream is filled once for each arm in a row. */
  if (last_user != user_pages || last_mib != mib || host.locked != locked) set_up(user_pages, mib, locked);
  last_user = user_pages; last_mib = mib; host.serial = serial;
  run_on_cpu(0);
  if (threads == 1) {
    path_inline(lead);
    return path_inline(whole);
  }
  pthread_t thread;
  atomic_store(&quit.v, 0);
  pthread_create(&thread, NULL, controller, NULL);
  host_turn(host.issued + lead, UINT32_MAX - 1);
  double start = now_ns();
  host_turn(host.issued + whole, UINT32_MAX - 1);
  double took = now_ns() - start;
  atomic_store(&quit.v, 1);
  pthread_join(thread, NULL);
  sink += host.errors + device.unclaimed;
  return took / whole;
}
