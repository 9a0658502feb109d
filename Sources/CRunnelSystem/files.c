// Calls that Swift cannot import because they are variadic, and those on structures of flags.

#define _GNU_SOURCE
#include "runnel_files.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <termios.h>

int runnel_open_at(int directory, const char *name, int flags) {
  int fd;
  do {
    fd = openat(directory, name, flags | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd < 0 ? -errno : fd;
}

int runnel_wait_writable(int fd, int milliseconds) {
  struct pollfd entry = {fd, POLLOUT, 0};
  int result = poll(&entry, 1, milliseconds);
  return result < 0 ? -errno : result;
}

int runnel_terminal_set_echo(int fd, int on) {
  struct termios state;
  if (tcgetattr(fd, &state) != 0) return -errno;
  int was = (state.c_lflag & ECHO) != 0;
  if (on) {
    state.c_lflag |= ECHO;
  } else {
    state.c_lflag &= ~(tcflag_t)ECHO;
  }
  if (tcsetattr(fd, TCSADRAIN, &state) != 0) return -errno;
  return was;
}
