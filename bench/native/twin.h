/* What the parts of the native twin share. Sizes and offsets are Linux 6.12's, as in the lab's src/machine/layout. */
#ifndef TWIN_H
#define TWIN_H
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>

#define DEPTH 1024
#define IODEPTH 256
#define BATCH 32
#define PIN_BIAS 1024

struct page { uint64_t flags, pgmap, pad[4]; int32_t mapcount; _Atomic int32_t refcount; uint64_t memcg; };

struct nvme_command {
  uint8_t opcode, flags; uint16_t command_id; uint32_t nsid; uint64_t cdw2, metadata, prp1, prp2, slba;
  uint16_t length, control; uint32_t dsmgmt, reftag; uint16_t lbat, lbatm;
};
struct nvme_completion { uint64_t result; uint16_t sq_head, sq_id, command_id, status; };

/* One I/O of an access stream of STREAM I/Os, as the lab compiles them. */
struct io { uint64_t block; uint32_t blocks_op, buffer; };
#define STREAM (1u << 20)
/* blocks_op of a 4 KiB read. */
#define READ_4K (8 | 2u << 24)

/* A word that another thread reads, two cache lines from the next. */
struct shared_word { _Atomic uint32_t v; char pad[124]; } __attribute__((aligned(128)));

extern uint64_t sink;
double now_ns(void);
void run_on_cpu(int cpu);
uint32_t next_random(uint32_t *state);

/* Zone number in the upper bits of page.flags; every page here is the provider's. */
#define ZONE_SHIFT 55
#define ZONE_DEVICE 4ull
struct pgmap { uint64_t bus_offset; uint32_t type; };
extern struct pgmap provider;

/* The memmap of MIB bytes of struct pages; kept until another size is asked for. */
struct page *memmap_of(uint64_t mib);

/* Each answers with nanoseconds for one operation. */
double ring(uint32_t ios);
double latency(uint64_t mib, uint32_t count);
double stream(uint64_t mib, uint32_t run, uint32_t count, uint32_t depth);
double refcounts(uint64_t mib, uint32_t count, int locked);
double copies(uint64_t mib, uint32_t count);
double path(int user_pages, uint64_t mib, uint32_t ios, int threads, int locked, int serial);

#endif
