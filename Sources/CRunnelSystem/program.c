// Starting a program: clone with CLONE_VM | CLONE_VFORK (what vfork is, but with a stack of its own for the
// child, and with a pidfd from the very start), then execve. The child shares our memory while we stand
// still, so it copies nothing however large we are, and leaves its errno in our `struct`, without a pipe.
//
// Rules for the child, which must not disturb the parent's memory: only async-signal-safe calls, no
// allocation, no return. All signals are blocked around it, so that no handler of ours runs in the child.

#define _GNU_SOURCE
#include "CRunnelSystem.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x00001000
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

// glibc's own name for clone. ThreadSanitizer takes the usual one for a fork and would start afresh in the
// child, on memory that is still the parent's.
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

struct child {
  const struct runnel_program *program;
  struct runnel_started *result;
};

static void fail(struct runnel_started *result, int stage) {
  result->error = errno;
  result->stage = stage;
  // Not _exit, which sanitizers take for the end of the parent.
  for (;;) syscall(SYS_exit_group, 127);
}

// Puts the three standard descriptors where they belong, whatever their numbers are now.
static bool place_standard_descriptors(const struct runnel_program *program) {
  int source[3];
  for (int target = 0; target < 3; target++) {
    int fd = program->standard[target];
    if (fd < 0) fd = open("/dev/null", (target == 0 ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
    if (fd < 0) return false;
    // One that lies where another belongs is moved out of the way first.
    if (fd < 3 && fd != target) fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return false;
    source[target] = fd;
  }
  for (int target = 0; target < 3; target++) {
    if (source[target] == target) {
      if (fcntl(target, F_SETFD, 0) < 0) return false;
    } else if (dup2(source[target], target) < 0) {
      return false;
    }
  }
  return true;
}

// A belt beside the braces of CLOEXEC everywhere: what *our* parent left open must not leak on either.
static bool protect_descriptors(const struct runnel_program *program) {
  if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) != 0 && errno != ENOSYS && errno != EINVAL)
    return false;
  for (int index = 0; index < program->inherited_count; index++)
    if (fcntl(program->inherited[index], F_SETFD, 0) < 0) return false;
  return true;
}

// Only after this may signals come in: our handlers would run here, on the parent's memory.
static void reset_signals(void) {
  // By the raw call: glibc refuses its own two signals, which may have been inherited as ignored as well.
  // Whatever the kernel's structure looks like, all zeroes mean SIG_DFL.
  char standard[64] = {0};
  for (int signal = 1; signal < NSIG; signal++) {
    if (signal == SIGKILL || signal == SIGSTOP) continue;
    if (signal == SIGHUP) {
      // Under nohup the programs of a script survive as the script does.
      struct sigaction current;
      if (sigaction(signal, NULL, &current) == 0 && current.sa_handler == SIG_IGN) continue;
    }
    syscall(SYS_rt_sigaction, signal, standard, NULL, (long)((NSIG - 1) / 8));
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

// What the terminal sent to the script's group while this was still in it was meant for the script: SIGQUIT shows its tasks.
// To ignore a signal discards one that is pending. SIGINT stays: it is for commands as well.
static void discard_signals_of_terminal(void) {
  char ignored[64] = {0};
  void (*ignore)(int) = SIG_IGN;
  memcpy(ignored, &ignore, sizeof ignore);
  syscall(SYS_rt_sigaction, SIGQUIT, ignored, NULL, (long)((NSIG - 1) / 8));
  syscall(SYS_rt_sigaction, SIGTSTP, ignored, NULL, (long)((NSIG - 1) / 8));
}

static int child_main(void *argument) {
  const struct child *child = argument;
  const struct runnel_program *program = child->program;
  struct runnel_started *result = child->result;

  if (program->group >= 0 && setpgid(0, program->group) != 0) fail(result, RUNNEL_STAGE_GROUP);
  discard_signals_of_terminal();
  if (program->group == 0 && program->watchdog >= 0) {
    // Before exec: whatever happens to our parent from here on, the watchdog knows of this group.
    int error = runnel_watchdog_send(program->watchdog, RUNNEL_WATCHDOG_ADD, getpid());
    if (error != 0) result->watchdog_lost = true;
  }
  // All signals are blocked, SIGTTOU too, so the background may do this.
  if (program->terminal >= 0 && tcsetpgrp(program->terminal, getpgrp()) != 0)
    fail(result, RUNNEL_STAGE_TERMINAL);
  if (program->directory != NULL && chdir(program->directory) != 0) fail(result, RUNNEL_STAGE_DIRECTORY);
  if (!place_standard_descriptors(program) || !protect_descriptors(program))
    fail(result, RUNNEL_STAGE_DESCRIPTORS);
  reset_signals();
  execve(program->path, program->arguments, program->environment);
  fail(result, RUNNEL_STAGE_EXECUTE);
  return 127;
}

void runnel_start(const struct runnel_program *program, struct runnel_started *result) {
  memset(result, 0, sizeof *result);
  result->pidfd = -1;
  struct child child = {program, result};
  // The child's stack; ours stands still meanwhile. execve needs next to nothing of it.
  char stack[16 * 1024] __attribute__((aligned(16)));

  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  pid_t pid = __clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child,
                    &pidfd);
  int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, NULL);

  if (pid < 0) {
    result->error = error;
    result->stage = RUNNEL_STAGE_START;
    return;
  }
  result->pid = pid;
  if (result->error != 0) {
    // Struck off while the number is still its own.
    if (program->group == 0 && program->watchdog >= 0)
      runnel_watchdog_send(program->watchdog, RUNNEL_WATCHDOG_REMOVE, pid);
    struct runnel_exit ignored;
    runnel_wait(pidfd, RUNNEL_REAP, &ignored);
    close(pidfd);
    return;
  }
  // The kernel makes pidfds CLOEXEC.
  result->pidfd = pidfd;
}

int runnel_wait(int pidfd, int manner, struct runnel_exit *result) {
  memset(result, 0, sizeof *result);
  siginfo_t info;
  memset(&info, 0, sizeof info);
  int options = WEXITED | (manner == RUNNEL_REAP ? 0 : WNOWAIT) | (manner == RUNNEL_PEEK ? WNOHANG : 0);
  int code;
  do {
    code = waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, options);
  } while (code != 0 && errno == EINTR);
  if (code != 0) return errno;
  if (info.si_pid == 0) return 0;
  result->ended = true;
  result->signalled = info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED;
  result->core_dumped = info.si_code == CLD_DUMPED;
  result->status = info.si_status;
  return 0;
}

int runnel_take_stop(int pidfd) {
  siginfo_t info;
  memset(&info, 0, sizeof info);
  if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WSTOPPED | WNOHANG) != 0) return -errno;
  return info.si_pid == 0 ? 0 : info.si_status;
}
