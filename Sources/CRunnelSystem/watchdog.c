// The watchdog: a process of its own that learns the numbers of all process groups we start, and kills what
// is left of them once our end of its pipe is closed, which the kernel does however we die. That keeps the
// promise of language.md §10.5 even against SIGKILL.
//
// It is a fork without exec: after the fork it runs only async-signal-safe C. It has a session of its own
// and all signals blocked, so that neither Ctrl-C nor a terminal's hangup ends it, and its exit raises no
// SIGCHLD. The records of children reach the pipe before their exec, and each child holds the pipe open
// until then, so the end of file comes after the last record.

#define _GNU_SOURCE
#include "CRunnelSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

// libc by one non-lazy pointer: once the heap is forgotten, the dynamic linker could resolve nothing more.
typedef long (*system_call)(long number, ...);

// The groups to kill: an unordered table in memory of its own, because malloc is off limits.
struct table {
  int32_t *groups;
  size_t count;
  size_t capacity;
};

static const size_t first_capacity = 1024;

static void add(struct table *table, int32_t group, system_call call) {
  if (table->count == table->capacity) {
    size_t old = table->capacity * sizeof(int32_t), new = old == 0 ? first_capacity * sizeof(int32_t) : 2 * old;
    long larger = old == 0
      ? call(SYS_mmap, NULL, new, (long)(PROT_READ | PROT_WRITE), (long)(MAP_PRIVATE | MAP_ANONYMOUS), -1L, 0L)
      : call(SYS_mremap, table->groups, old, new, (long)MREMAP_MAYMOVE, 0L);
    if (larger == -1) return;
    table->groups = (int32_t *)larger;
    table->capacity = new / sizeof(int32_t);
  }
  table->groups[table->count++] = group;
}

static void remove_group(struct table *table, int32_t group) {
  // The youngest are struck off most.
  for (size_t index = table->count; index-- > 0;) {
    if (table->groups[index] != group) continue;
    table->groups[index] = table->groups[--table->count];
    return;
  }
}

static void obey(struct table *table, const struct runnel_watchdog_record *record, system_call call) {
  // 0 and 1 would be our own group and init: never.
  if (record->group <= 1) return;
  if (record->operation == RUNNEL_WATCHDOG_ADD) add(table, record->group, call);
  if (record->operation == RUNNEL_WATCHDOG_REMOVE) remove_group(table, record->group);
}

static bool take_digits(const char **cursor, const char *end, uintptr_t *value) {
  *value = 0;
  const char *start = *cursor;
  for (; *cursor < end; (*cursor)++) {
    char c = **cursor;
    if (c >= '0' && c <= '9') *value = *value * 16 + (uintptr_t)(c - '0');
    else if (c >= 'a' && c <= 'f') *value = *value * 16 + (uintptr_t)(c - 'a' + 10);
    else break;
  }
  return *cursor > start;
}

struct range {
  uintptr_t low, high;
};

// Whether one line of /proc/self/maps is heap-like: private, anonymous, writable, large, and without anything
// that we still run on.
static bool is_heap(const char *line, const char *end, struct range *range) {
  if (!take_digits(&line, end, &range->low) || line >= end || *line++ != '-') return false;
  if (!take_digits(&line, end, &range->high) || end - line < 6 || memcmp(line, " rw-p ", 6) != 0) return false;
  // What is mapped from a file, and the stack, end in a name after the last space; heaps do not.
  const char *name = end;
  while (name > line && name[-1] != ' ') name--;
  if (name < end && !(end - name == 6 && memcmp(name, "[heap]", 6) == 0)) return false;
  char here;
  uintptr_t stack = (uintptr_t)&here, thread = (uintptr_t)&errno;
  if (range->low <= stack && stack < range->high) return false;
  if (range->low <= thread && thread < range->high) return false;
  return range->high - range->low >= 1024 * 1024;
}

// The fork shares its parent's pages, and would keep a copy of each that the parent changes; it would also
// look as large as its parent to the OOM killer. It needs none of them. First all are found, then all are
// given back: afterwards the dynamic linker's own data may be gone.
static void forget_heap(system_call call) {
  int maps = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  if (maps < 0) return;
  struct range ranges[256];
  size_t found = 0, filled = 0;
  char buffer[4096];
  while (found < 256) {
    ssize_t count = read(maps, buffer + filled, sizeof buffer - filled);
    if (count <= 0) break;
    filled += (size_t)count;
    size_t start = 0;
    for (size_t index = 0; index < filled && found < 256; index++) {
      if (buffer[index] != '\n') continue;
      if (is_heap(buffer + start, buffer + index, &ranges[found])) found++;
      start = index + 1;
    }
    if (start == 0 && filled == sizeof buffer) break;
    memmove(buffer, buffer + start, filled - start);
    filled -= start;
  }
  close(maps);
  for (size_t index = 0; index < found; index++)
    call(SYS_madvise, ranges[index].low, ranges[index].high - ranges[index].low, (long)MADV_DONTNEED);
}

static void close_everything_but(int keep) {
  if (keep != 3) {
    if (dup2(keep, 3) < 0) _exit(1);
  }
  if (syscall(SYS_close_range, 4U, ~0U, 0U) != 0) {
    for (int fd = 4; fd < 65536; fd++) close(fd);
  }
  int null = open("/dev/null", O_RDWR);
  if (null < 0) null = 3;
  for (int fd = 0; fd < 3; fd++) dup2(null, fd);
  if (null > 3) close(null);
}

_Noreturn static void watch(int pipe) {
  setsid();
  close_everything_but(pipe);
  if (chdir("/") != 0) { /* then it holds on to where it was started */ }
  prctl(PR_SET_NAME, "runnel-watchdog", 0, 0, 0);
  const system_call volatile pointer = syscall;
  const system_call call = pointer;
  struct table table = {NULL, 0, 0};
  struct runnel_watchdog_record records[128];
  forget_heap(call);

  for (;;) {
    // All signals are blocked, so nothing interrupts it. Records are written atomically and the buffer holds a whole number of them, so no read splits one.
    long count = call(SYS_read, 3L, records, sizeof records);
    if (count <= 0) break;
    for (size_t index = 0; index < (size_t)count / sizeof *records; index++) obey(&table, &records[index], call);
  }
  for (size_t index = 0; index < table.count; index++) call(SYS_kill, -(long)table.groups[index], (long)SIGKILL);
  for (;;) call(SYS_exit_group, 0L);
}

int runnel_watchdog_start(pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  // Above 2, so that placing a program's standard descriptors can never hit it.
  for (int end = 0; end < 2; end++) {
    if (ends[end] > 2) continue;
    int moved = fcntl(ends[end], F_DUPFD_CLOEXEC, 3);
    int error = errno;
    close(ends[end]);
    if (moved < 0) {
      close(ends[1 - end]);
      return -error;
    }
    ends[end] = moved;
  }
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // A fork whose end raises no signal and which waitpid(-1) does not see; no atfork handlers run.
  long child = syscall(SYS_clone, 0L, 0L, 0L, 0L, 0L);
  if (child == 0) watch(ends[0]);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  close(ends[0]);
  if (child < 0) {
    close(ends[1]);
    return -error;
  }
  *pid = (pid_t)child;
  return ends[1];
}

int runnel_watchdog_send(int pipe, int32_t operation, int32_t group) {
  struct runnel_watchdog_record record = {operation, group};
  sigset_t broken, before, pending;
  // SIGPIPE is held back and, if it was us who raised it, taken away again.
  sigemptyset(&broken);
  sigaddset(&broken, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken, &before);
  sigpending(&pending);
  bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  ssize_t count;
  do {
    count = write(pipe, &record, sizeof record);
  } while (count < 0 && errno == EINTR);
  int error = count < 0 ? errno : 0;
  if (error == EPIPE && !was_pending) {
    struct timespec now = {0, 0};
    while (sigtimedwait(&broken, NULL, &now) < 0 && errno == EINTR) {
    }
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}
