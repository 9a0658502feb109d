// Calls that Swift cannot import: variadic ones, macros, GNU extensions.

#define _GNU_SOURCE
#include "CRunnelSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *runnel_error_name(int error) { return strerrorname_np(error); }

const char *runnel_error_text(int error) { return strerrordesc_np(error); }

int runnel_terminal_is_master(int fd) {
  unsigned int number;
  return ioctl(fd, TIOCGPTN, &number) == 0;
}

int runnel_terminal_width(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

int runnel_terminal_height(int fd) {
  struct winsize size;
  return ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_row : 0;
}

int runnel_terminal_set_group(int fd, pid_t group) {
  // A background process that takes the terminal back would otherwise be stopped by SIGTTOU.
  sigset_t output, before;
  sigemptyset(&output);
  sigaddset(&output, SIGTTOU);
  pthread_sigmask(SIG_BLOCK, &output, &before);
  int error = tcsetpgrp(fd, group) == 0 ? 0 : errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

static struct timespec split(int64_t nanoseconds) {
  struct timespec time = {nanoseconds / 1000000000, nanoseconds % 1000000000};
  return time;
}

int runnel_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds) {
  int result;
  if (nanoseconds <= 0) {
    result = epoll_wait(epoll, events, count, nanoseconds < 0 ? -1 : 0);
  } else {
    struct timespec time = split(nanoseconds);
    result = epoll_pwait2(epoll, events, count, &time, NULL);
    if (result < 0 && (errno == ENOSYS || errno == EPERM)) {
      // Older than Linux 5.11, or a sandbox that does not know it: whole milliseconds, never too early.
      int64_t milliseconds = nanoseconds / 1000000 + 1;
      result = epoll_wait(epoll, events, count, milliseconds > 2147483647 ? 2147483647 : (int)milliseconds);
    }
  }
  return result < 0 ? -errno : result;
}

int runnel_wait_readable(int fd, int64_t nanoseconds) {
  struct pollfd entry = {fd, POLLIN, 0};
  struct timespec time = split(nanoseconds);
  int result = ppoll(&entry, 1, nanoseconds < 0 ? NULL : &time, NULL);
  return result < 0 ? -errno : result;
}

char **runnel_environment(void) { return environ; }

int runnel_open(const char *path, int flags, mode_t mode) {
  int fd;
  do {
    fd = open(path, flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

int runnel_set_nonblocking(int fd, bool on) {
  int flags = fcntl(fd, F_GETFL);
  if (flags < 0) return errno;
  int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
  return wanted == flags || fcntl(fd, F_SETFL, wanted) == 0 ? 0 : errno;
}

int runnel_set_close_on_exec(int fd, bool on) {
  return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) == 0 ? 0 : errno;
}

int runnel_duplicate(int fd) {
  int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  return copy < 0 ? -errno : copy;
}

int runnel_replace(int fd, int replacement) {
  int error = dup3(replacement, fd, O_CLOEXEC) < 0 ? errno : 0;
  close(replacement);
  return error;
}

int64_t runnel_copy_range(int source, int target, int64_t count) {
  ssize_t copied;
  do {
    copied = copy_file_range(source, NULL, target, NULL, (size_t)count, 0);
  } while (copied < 0 && errno == EINTR);
  return copied < 0 ? -errno : copied;
}

int runnel_pidfd_signal(int pidfd, int signal) {
  return syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) == 0 ? 0 : errno;
}

void runnel_name_process(const char *name) { prctl(PR_SET_NAME, name, 0L, 0L, 0L); }

int runnel_make_directory(char *template) { return mkdtemp(template) != NULL ? 0 : errno; }

int runnel_make_file(char *template, int suffix_length) {
  int fd = mkostemps(template, suffix_length, O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

int runnel_processor_count(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (int)online : 1;
}

int runnel_pipe(int32_t *reader, int32_t *writer, bool nonblocking_reader, bool nonblocking_writer) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return errno;
  // Setting a flag of one's own new descriptor cannot fail.
  if (nonblocking_reader) runnel_set_nonblocking(ends[0], true);
  if (nonblocking_writer) runnel_set_nonblocking(ends[1], true);
  *reader = ends[0];
  *writer = ends[1];
  return 0;
}
