// Calls on names within an open directory that glibc declares as variadic (files.c).

#ifndef RUNNEL_FILES_H
#define RUNNEL_FILES_H

/// openat(2) with CLOEXEC. A descriptor or -errno.
int runnel_open_at(int directory, const char *name, int flags);

/// Waits until `fd` is writable; milliseconds, 0 only looks. A count or -errno.
int runnel_wait_writable(int fd, int milliseconds);

/// Echo on or off on a terminal. Returns 1 if it was on, 0 if it was off, or -errno.
int runnel_terminal_set_echo(int fd, int on);

#endif
