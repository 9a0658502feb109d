// The watchdog: a process of its own that learns the numbers of all process groups we start, and kills what
// is left of them once our end of its pipe is closed, which the kernel does however we die. That keeps the
// promise of language.md §10.5 even against SIGKILL.
//
// It is a fork without exec: after the fork it makes nothing but raw system calls, so that no lock of libc or
// of a sanitizer that another thread held can matter. It has a session of its own and all signals blocked, so
// that neither Ctrl-C nor a terminal's hangup ends it, and its exit raises no SIGCHLD. The records of children
// reach the pipe before their exec, and each child holds the pipe open until then, so the end of file comes
// after the last record.

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

// syscall(2) by a pointer that the loader has filled in: once the heap is forgotten, the dynamic linker can
// resolve nothing more.
typedef long (*system_call)(long number, ...);

// For what runs after the fork: a sanitizer's state is as it was in the middle of other threads' work.
#define AFTER_FORK __attribute__((no_sanitize("thread", "address")))

// The groups to kill: an unordered table in memory of its own, because malloc is off limits.
struct table {
  int32_t *groups;
  size_t count;
  size_t capacity;
};

static const size_t first_capacity = 1024;

AFTER_FORK static void add(struct table *table, int32_t group, system_call call) {
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

AFTER_FORK static void remove_group(struct table *table, int32_t group) {
  // The youngest are struck off most.
  for (size_t index = table->count; index-- > 0;) {
    if (table->groups[index] != group) continue;
    table->groups[index] = table->groups[--table->count];
    return;
  }
}

AFTER_FORK static void obey(struct table *table, const struct runnel_watchdog_record *record, system_call call) {
  // 0 and 1 would be our own group and init: never.
  if (record->group <= 1) return;
  if (record->operation == RUNNEL_WATCHDOG_ADD) add(table, record->group, call);
  if (record->operation == RUNNEL_WATCHDOG_REMOVE) remove_group(table, record->group);
}

AFTER_FORK static bool take_digits(const char **cursor, const char *end, uintptr_t *value) {
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

// Whether the text begins with these six characters.
AFTER_FORK static bool begins(const char *text, const char *six) {
  for (int index = 0; index < 6; index++)
    if (text[index] != six[index]) return false;
  return true;
}

struct range {
  uintptr_t low, high;
};

// Whether one line of /proc/self/maps is heap-like: private, anonymous, writable, large, and without anything
// that we still run on.
AFTER_FORK static bool is_heap(const char *line, const char *end, struct range *range) {
  if (!take_digits(&line, end, &range->low) || line >= end || *line++ != '-') return false;
  if (!take_digits(&line, end, &range->high) || end - line < 6 || !begins(line, " rw-p ")) return false;
  // What is mapped from a file, and the stack, end in a name after the last space; heaps do not.
  const char *name = end;
  while (name > line && name[-1] != ' ') name--;
  if (name < end && !(end - name == 6 && begins(name, "[heap]"))) return false;
  char here;
  uintptr_t stack = (uintptr_t)&here, thread = (uintptr_t)&errno;
  if (range->low <= stack && stack < range->high) return false;
  if (range->low <= thread && thread < range->high) return false;
  return range->high - range->low >= 1024 * 1024;
}

// The fork shares its parent's pages, and would keep a copy of each that the parent changes; it would also
// look as large as its parent to the OOM killer. It needs none of them. First all are found, then all are
// given back: afterwards the dynamic linker's own data may be gone.
AFTER_FORK static void forget_heap(system_call call) {
  long maps = call(SYS_openat, (long)AT_FDCWD, "/proc/self/maps", (long)O_RDONLY, 0L);
  if (maps < 0) return;
  struct range ranges[256];
  size_t found = 0, length = 0;
  char buffer[4096], line[128];
  for (;;) {
    long count = call(SYS_read, maps, buffer, sizeof buffer);
    if (count <= 0) break;
    for (long index = 0; index < count; index++) {
      if (buffer[index] != '\n') {
        // What does not fit has a long path, and so is no heap.
        if (length < sizeof line) line[length++] = buffer[index];
        continue;
      }
      if (length < sizeof line && found < 256 && is_heap(line, line + length, &ranges[found])) found++;
      length = 0;
    }
  }
  call(SYS_close, maps);
  for (size_t index = 0; index < found; index++)
    call(SYS_madvise, ranges[index].low, ranges[index].high - ranges[index].low, (long)MADV_DONTNEED);
}

// Leaves the pipe at 3, and /dev/null at 0, 1 and 2.
AFTER_FORK static void keep_only(long pipe, system_call call) {
  if (pipe != 3) call(SYS_dup3, pipe, 3L, 0L);
  if (call(SYS_close_range, 4U, ~0U, 0U) != 0) {
    for (long fd = 4; fd < 65536; fd++) call(SYS_close, fd);
  }
  long null = call(SYS_openat, (long)AT_FDCWD, "/dev/null", (long)O_RDWR, 0L);
  for (long fd = 0; fd < 3; fd++) {
    // Where 0, 1 or 2 was closed, /dev/null may be there already.
    if (null >= 0 && null != fd) call(SYS_dup3, null, fd, 0L);
  }
  if (null > 3) call(SYS_close, null);
}

AFTER_FORK _Noreturn static void watch(int pipe, system_call call) {
  struct table table = {NULL, 0, 0};
  struct runnel_watchdog_record records[128];
  call(SYS_setsid);
  keep_only(pipe, call);
  call(SYS_chdir, "/");
  call(SYS_prctl, (long)PR_SET_NAME, "runnel-watchdog", 0L, 0L, 0L);
  forget_heap(call);

  for (;;) {
    // All signals are blocked, so nothing interrupts it. Records are written atomically and the buffer holds a
    // whole number of them, so no read splits one.
    long count = call(SYS_read, 3L, records, sizeof records);
    if (count <= 0) break;
    for (size_t index = 0; index < (size_t)count / sizeof *records; index++) obey(&table, &records[index], call);
  }
  for (size_t index = 0; index < table.count; index++) call(SYS_kill, -(long)table.groups[index], (long)SIGKILL);
  for (;;) call(SYS_exit_group, 0L);
}

AFTER_FORK int runnel_watchdog_start(pid_t *pid) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
  int error = runnel_lift_ends(ends);
  if (error != 0) return -error;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  // A fork whose end raises no signal and which waitpid(-1) does not see; no atfork handlers run.
  const system_call volatile pointer = syscall;
  const system_call call = pointer;
  long child = call(SYS_clone, 0L, 0L, 0L, 0L, 0L);
  if (child == 0) watch(ends[0], call);
  error = errno;
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
