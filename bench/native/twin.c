/*
 * The native twin: the lab's rings, page operations, copies and whole block path in C, to see what the lab's compiler costs.
 * Reads one command a line, answers with one number a line (nanoseconds for each operation, host side):
 *   ring IOS                  SQE -> controller -> CQE on two pinned threads, batch 32, iodepth 256
 *   path USER MIB IOS THREADS LOCKED SERIAL  4 KiB reads through bio, request, scatterlist, PRP, SQE, CQE; USER 0: bus
 *                             addresses, 1: pinned struct pages of a memmap of MIB; THREADS 1: only the host's turns are
 *                             timed; LOCKED 0: plain refcounts; SERIAL 1: no I/O begins before the loads of the one before
 *                             have ended, as in code too long for the processor to look ahead
 *   latency MIB N             dependent loads over a memmap of MIB
 *   stream MIB PAGES N DEPTH  pin, look at, unpin PAGES struct pages in a row at N random places of a memmap of MIB,
 *                             DEPTH of them pinned at any time (at most 256)
 *   refcounts MIB N LOCKED    test, get and put one page at N random places, by locked or plain operations
 *   copy MIB N                memcpy of 4 KiB between two windows of MIB
 *   mark                      sends itself SIGUSR2, from which on it is stepped (bench/instructions)
 */
#include "twin.h"
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

uint64_t sink;

double now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

void run_on_cpu(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  sched_setaffinity(0, sizeof set, &set);
}

uint32_t next_random(uint32_t *state) { return *state = *state * 1664525u + 1013904223u; }

int main(void) {
  char line[128];
  while (fgets(line, sizeof line, stdin)) {
    unsigned a = 0, b = 0, c = 0, d = 0, e = 0, f = 0;
    double ns = -1;
    if (sscanf(line, "ring %u", &a) == 1) ns = ring(a);
    else if (sscanf(line, "path %u %u %u %u %u %u", &a, &b, &c, &d, &e, &f) == 6) ns = path(a, b, c, d, e, f);
    else if (sscanf(line, "latency %u %u", &a, &b) == 2) ns = latency(a, b);
    else if (sscanf(line, "stream %u %u %u %u", &a, &b, &c, &d) == 4 && d > 0 && d <= IODEPTH) ns = stream(a, b, c, d);
    else if (sscanf(line, "refcounts %u %u %u", &a, &b, &c) == 3) ns = refcounts(a, b, c);
    else if (strcmp(line, "mark\n") == 0) ns = raise(SIGUSR2);
    else if (sscanf(line, "copy %u %u", &a, &b) == 2) ns = copies(a, b);
    printf("%.4f\n", ns);
    fflush(stdout);
  }
  return sink == 42;
}
