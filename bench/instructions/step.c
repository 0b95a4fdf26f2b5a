/*
 * step OUT N PROGRAM [ARGS...]: runs the program until it sends itself SIGUSR2, then steps its first thread through N instructions,
 * writes their addresses to OUT (64-bit words) and ends it.
 */
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
#error "step reads the instruction pointer of x86-64"
#endif

static int fail(const char *what) { fprintf(stderr, "step: %s\n", what); return 1; }

int main(int argc, char **argv) {
  if (argc < 4) return fail("usage: step OUT N PROGRAM [ARGS...]");
  long count = atol(argv[2]);
  uint64_t *trace = malloc(count * sizeof *trace);
  FILE *out = fopen(argv[1], "wb");
  if (!trace || !out) return fail("no memory or no file for the trace");
  pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, 0, 0)) _exit(126);
    execvp(argv[3], argv + 3);
    _exit(127);
  }
  int status, signal = 0;
  for (;;) {
    if (waitpid(child, &status, __WALL) < 0 || WIFEXITED(status) || WIFSIGNALED(status)) return fail("the program ended before its mark, or may not be traced");
    if (WSTOPSIG(status) == SIGUSR2) break;
    signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
    if (ptrace(PTRACE_CONT, child, 0, signal)) return fail("ptrace");
  }
  signal = 0;
  for (long i = 0; i < count; i++) {
    trace[i] = ptrace(PTRACE_PEEKUSER, child, offsetof(struct user, regs.rip), 0);
    if (ptrace(PTRACE_SINGLESTEP, child, 0, signal) || waitpid(child, &status, __WALL) < 0 || !WIFSTOPPED(status)) return fail("the program ended while it was stepped");
    signal = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status);
  }
  kill(child, SIGKILL);
  return fwrite(trace, sizeof *trace, count, out) == (size_t)count && fclose(out) == 0 ? 0 : fail("the trace could not be written");
}
