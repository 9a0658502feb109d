// What Swift cannot do itself: starting programs (vfork), the watchdog (fork), signal handlers, and calls
// that glibc declares as variadic, as macros or as unions. Everything else is Swift, in RunnelSystem.

#ifndef CRUNNELSYSTEM_H
#define CRUNNELSYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/types.h>

// MARK: Programs (program.c)

/// At which step starting a program failed.
enum runnel_stage {
  RUNNEL_STAGE_START = 0,
  RUNNEL_STAGE_GROUP,
  RUNNEL_STAGE_TERMINAL,
  RUNNEL_STAGE_DIRECTORY,
  RUNNEL_STAGE_DESCRIPTORS,
  RUNNEL_STAGE_EXECUTE,
};

/// What to start. All pointers stay the caller's.
struct runnel_program {
  /// The file to execute, found already; relative paths count from `directory`.
  const char *path;
  char *const *arguments;
  char *const *environment;
  /// The working directory, NULL for the caller's.
  const char *directory;
  /// Descriptors for 0, 1 and 2, in any order and overlap; -1 is /dev/null.
  int standard[3];
  /// Descriptors (3 and up) that the program inherits under their own numbers.
  const int *inherited;
  int inherited_count;
  /// -1: the caller's group; 0: a new one; else the group to join.
  pid_t group;
  /// A terminal whose foreground group the new group becomes, or -1.
  int terminal;
  /// The watchdog's pipe, or -1.
  int watchdog;
};

struct runnel_started {
  pid_t pid;
  int pidfd;
  /// An errno, 0 if the program runs; `stage` says where it happened.
  int error;
  int stage;
  /// The watchdog's pipe has no reader any more.
  bool watchdog_lost;
};

/// Starts a program with default signal dispositions and an empty signal mask. Returns when it executes or
/// has failed; the process of a failed start is reaped. `result->error` says which.
void runnel_start(const struct runnel_program *program, struct runnel_started *result);

/// How a child ended.
struct runnel_exit {
  /// Whether it has ended at all.
  bool ended;
  bool signalled;
  bool core_dumped;
  /// The exit code, or the signal's number.
  int status;
};

/// How to ask for an exit: only look; wait for it, but leave it there; wait for it and take it away.
enum runnel_wait_manner { RUNNEL_PEEK, RUNNEL_AWAIT, RUNNEL_REAP };

/// Asks for the exit of the child behind a pidfd, in one of `runnel_wait_manner`. Returns 0 or an errno.
int runnel_wait(int pidfd, int manner, struct runnel_exit *result);

/// Takes the news that the child has been stopped (Ctrl-Z). Returns the signal, 0 if there is none, or -errno.
int runnel_take_stop(int pidfd);

// MARK: The watchdog (watchdog.c)

enum runnel_watchdog_operation { RUNNEL_WATCHDOG_ADD = 1, RUNNEL_WATCHDOG_REMOVE = 2 };

/// What goes through the watchdog's pipe; small enough to be written atomically.
struct runnel_watchdog_record {
  int32_t operation;
  int32_t group;
};

/// Forks the watchdog. Gives the write end of its pipe (CLOEXEC), or -errno.
int runnel_watchdog_start(pid_t *pid);

/// Writes one record without ever raising SIGPIPE. Returns 0 or an errno (EPIPE: no watchdog any more).
int runnel_watchdog_send(int pipe, int32_t operation, int32_t group);

// MARK: Signals (signals.c)

/// Set by the handler; read by everybody at slice ends. Cleared by `runnel_signals_take`.
extern volatile int runnel_signals_flag;

/// Whether a watched signal has come that nobody has taken yet.
static inline bool runnel_signals_pending(void) {
  return __atomic_load_n(&runnel_signals_flag, __ATOMIC_RELAXED) != 0;
}

/// Catches a signal from now on; each arrival is counted and written to `event`, an eventfd.
/// A SIGHUP that was ignored on entry stays so (nohup). Returns 0 or an errno.
int runnel_signals_catch(int signal, int event);

/// Takes the count of a signal's arrivals and sets it to 0.
unsigned runnel_signals_take(int signal);

/// Clears the flag; to be called before the counts are taken.
void runnel_signals_clear(void);

/// Puts back the default disposition. Returns 0 or an errno.
int runnel_signals_reset(int signal);

/// Ignores SIGPIPE and SIGXFSZ: writes say EPIPE and EFBIG instead.
void runnel_ignore_broken_pipe(void);

/// Stops this process as Ctrl-Z does, with the rest of its group if asked to, and returns when it goes on. Returns at once
/// where nobody could let it go on (an orphaned group, which the kernel does not stop) and where SIGTSTP is ignored.
void runnel_suspend(bool group);

/// Sets SIGCHLD back to its default if it was inherited as ignored: children must be waitable.
void runnel_restore_child_signal(void);

/// The highest signal number.
int runnel_signal_limit(void);

/// "TERM" for 15, NULL for none.
const char *runnel_signal_name(int signal);

// MARK: Shims (shims.c)

/// "ENOENT", or NULL.
const char *runnel_error_name(int error);
/// "No such file or directory", or NULL.
const char *runnel_error_text(int error);

/// Whether `fd` is the side of a pseudo-terminal that plays the terminal.
int runnel_terminal_is_master(int fd);
/// Columns of the terminal, 0 if `fd` is none.
int runnel_terminal_width(int fd);
/// Rows of the terminal, 0 if `fd` is none.
int runnel_terminal_height(int fd);
/// Makes `group` the foreground group, also from the background. Returns 0 or an errno.
int runnel_terminal_set_group(int fd, pid_t group);

/// epoll_pwait2 with a fall-back to epoll_wait; nanoseconds, -1 waits for ever. A count or -errno.
int runnel_epoll_wait(int epoll, struct epoll_event *events, int count, int64_t nanoseconds);

/// Waits until `fd` is readable; nanoseconds, -1 waits for ever. A count or -errno.
int runnel_wait_readable(int fd, int64_t nanoseconds);

/// The environment of this process.
char **runnel_environment(void);

/// open(2) with CLOEXEC. A descriptor or -errno.
int runnel_open(const char *path, int flags, mode_t mode);

/// Sets O_NONBLOCK. Returns 0 or an errno.
int runnel_set_nonblocking(int fd, bool on);

/// Sets or clears FD_CLOEXEC. Returns 0 or an errno.
int runnel_set_close_on_exec(int fd, bool on);

/// A pipe with CLOEXEC on both ends, and O_NONBLOCK on those that are named. Returns 0 or an errno.
int runnel_pipe(int32_t *reader, int32_t *writer, bool nonblocking_reader, bool nonblocking_writer);

/// Makes `fd` another name of `replacement`, which is closed; CLOEXEC, in one step. Returns 0 or an errno.
int runnel_replace(int fd, int replacement);

/// Copies up to `count` bytes within the kernel, from and to the files' positions. A count or -errno.
int64_t runnel_copy_range(int source, int target, int64_t count);

/// Sends a signal to the process behind a pidfd. Returns 0 or an errno.
int runnel_pidfd_signal(int pidfd, int signal);

/// Makes a private directory by a template that ends in XXXXXX. Returns 0 or an errno.
int runnel_make_directory(char *template);
/// Makes a private file by a template with XXXXXX before a suffix. A descriptor or -errno.
int runnel_make_file(char *template, int suffix_length);

/// The processors that this process may use.
int runnel_processor_count(void);

/// A duplicate with CLOEXEC, numbered 3 or above. A descriptor or -errno.
int runnel_duplicate(int fd);

/// The name that `ps` and `pgrep` show for this process, 15 bytes at most.
void runnel_name_process(const char *name);

// MARK: Between processes (exchange.c)

/// Numbers both ends of a pipe or socket 3 or above, CLOEXEC: a program's standard descriptors are placed over those below. Returns
/// 0, or an errno with both closed.
int runnel_lift_ends(int32_t ends[2]);

/// Both ends of a stream socket, CLOEXEC, numbered 3 or above. Returns 0 or an errno.
int runnel_socket_pair(int32_t *one, int32_t *other);

/// The most descriptors that go with one message.
enum { RUNNEL_DESCRIPTOR_LIMIT = 64 };

/// Sends bytes, and descriptors with the first of them, never waiting. Never raises SIGPIPE. How many bytes went, or -errno.
int64_t runnel_send(int socket, const void *bytes, size_t count, const int32_t *descriptors, int descriptor_count);

/// Takes bytes and the descriptors that came with them (CLOEXEC), never waiting. How many bytes came, 0 at the end, or -errno.
int64_t runnel_receive(int socket, void *bytes, size_t count, int32_t *descriptors, int *descriptor_count);

/// Makes memory of so many bytes that processes can share and that nobody can shrink. A descriptor or -errno.
int runnel_shared_memory(int64_t size);
/// Its size, or -errno.
int64_t runnel_shared_memory_size(int fd);
/// Maps it; NULL if it cannot be.
void *runnel_map_shared(int fd, int64_t size);
void runnel_unmap(void *address, int64_t size);

/// Eight bytes at an address, in one piece, in one order for all processes.
static inline int64_t runnel_atomic_load(const int64_t *address) { return __atomic_load_n(address, __ATOMIC_SEQ_CST); }
static inline void runnel_atomic_store(int64_t *address, int64_t value) { __atomic_store_n(address, value, __ATOMIC_SEQ_CST); }
/// Puts a value where `expected` is; else says what is there in `expected`.
static inline bool runnel_atomic_exchange_if(int64_t *address, int64_t *expected, int64_t value) {
  return __atomic_compare_exchange_n(address, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

#endif
