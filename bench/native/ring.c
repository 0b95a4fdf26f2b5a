/* The bare ring: what the queues alone cost. */
#include "twin.h"
#include <pthread.h>

static struct nvme_command sq[DEPTH] __attribute__((aligned(4096)));
static struct nvme_completion cq[DEPTH] __attribute__((aligned(4096)));
static struct shared_word sq_db, cq_db, posted, quit;

static void *controller(void *unused) {
  uint32_t head = 0, tail_cq = 0, room_seen = 0, done = 0, phase = 1;
  (void)unused;
  run_on_cpu(1);
  while (!atomic_load(&quit.v)) {
    uint32_t tail = atomic_load(&sq_db.v), unpublished = 0;
    while (head != tail) {
      uint32_t next = tail_cq + 1 == DEPTH ? 0 : tail_cq + 1;
      if (next == room_seen && next == (room_seen = atomic_load(&cq_db.v))) break;
      struct nvme_command *e = &sq[head];
      if (++head == DEPTH) head = 0;
      sink += e->prp1 ^ e->slba ^ e->length;
      struct nvme_completion c = {0, (uint16_t)head, 1, e->command_id, (uint16_t)((e->opcode == 2 && e->nsid == 1 ? 0 : 2) | phase)};
      cq[tail_cq] = c;
      if (++tail_cq == DEPTH) { tail_cq = 0; phase ^= 1; }
      done++;
      if (++unpublished == BATCH) { atomic_store(&posted.v, done); unpublished = 0; }
    }
    if (unpublished) atomic_store(&posted.v, done);
  }
  return NULL;
}

double ring(uint32_t ios) {
  static struct io stream[STREAM];
  pthread_t thread;
  uint32_t issued = 0, completed = 0, tail = 0, head = 0, errors = 0;
  double start = 0;
  static uint32_t position;
  if (stream[0].blocks_op == 0)
    for (uint32_t i = 0; i < STREAM; i++) stream[i] = (struct io){(uint64_t)(i * 2654435761u) << 3, READ_4K, i * 2654435761u >> 10};
  atomic_store(&sq_db.v, 0); atomic_store(&cq_db.v, 0); atomic_store(&posted.v, 0); atomic_store(&quit.v, 0);
  run_on_cpu(0);
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
        struct io *io = &stream[position++ & (STREAM - 1)];
        struct nvme_command e = {2, 0, (uint16_t)tail, 1, 0, 0, (uint64_t)io->buffer << 12, 0, io->block, 7, 0, 0, 0, 0, 0};
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
