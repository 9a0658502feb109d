// Signals as events: the handler counts, raises a flag and writes to an eventfd, all of it
// async-signal-safe; whoever polls that eventfd takes the counts. errno stays what it was.
//
// A process that is stuck (in a write that nobody reads) polls nothing. Who asks it to end, and asks again half a second later
// while nobody has taken the first signal, gets what the signal does by default: the end. The watchdog sees to the programs.

#define _GNU_SOURCE
#include "CRunnelSystem.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

volatile int runnel_signals_flag = 0;
static unsigned counts[NSIG];
static int event_descriptor = -1;
/// When the first of the signals came that nobody has taken yet, in milliseconds.
static int64_t waiting_since[NSIG];

static int set_disposition(int signal, void (*handler)(int));

static int64_t milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/// Whether a signal that asks for the end comes again although the one before has led to nothing for long.
static bool is_stuck(int signal, unsigned waiting) {
  if (signal != SIGINT && signal != SIGTERM) return false;
  int64_t now = milliseconds();
  if (waiting > 0) return now - __atomic_load_n(&waiting_since[signal], __ATOMIC_RELAXED) >= 500;
  __atomic_store_n(&waiting_since[signal], now, __ATOMIC_RELAXED);
  return false;
}

static void handle(int signal) {
  int saved = errno;
  unsigned waiting = __atomic_fetch_add(&counts[signal], 1, __ATOMIC_RELAXED);
  if (is_stuck(signal, waiting)) {
    // Blocked in here, it comes as soon as the handler returns.
    set_disposition(signal, SIG_DFL);
    raise(signal);
  }
  __atomic_store_n(&runnel_signals_flag, 1, __ATOMIC_RELEASE);
  int event = __atomic_load_n(&event_descriptor, __ATOMIC_RELAXED);
  if (event >= 0) {
    uint64_t one = 1;
    // It can only fail if the counter is full, and then it is readable all the same.
    ssize_t ignored = write(event, &one, sizeof one);
    (void)ignored;
  }
  errno = saved;
}

int runnel_signals_catch(int signal, int event) {
  if (signal <= 0 || signal >= NSIG) return EINVAL;
  __atomic_store_n(&event_descriptor, event, __ATOMIC_RELAXED);
  struct sigaction action, current;
  if (signal == SIGHUP && sigaction(signal, NULL, &current) == 0 && current.sa_handler == SIG_IGN) return 0;
  memset(&action, 0, sizeof action);
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  sigfillset(&action.sa_mask);
  return sigaction(signal, &action, NULL) == 0 ? 0 : errno;
}

unsigned runnel_signals_take(int signal) {
  if (signal <= 0 || signal >= NSIG) return 0;
  return __atomic_exchange_n(&counts[signal], 0, __ATOMIC_ACQUIRE);
}

void runnel_signals_clear(void) { __atomic_store_n(&runnel_signals_flag, 0, __ATOMIC_RELAXED); }

static int set_disposition(int signal, void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  return sigaction(signal, &action, NULL) == 0 ? 0 : errno;
}

int runnel_signals_reset(int signal) { return set_disposition(signal, SIG_DFL); }

void runnel_ignore_broken_pipe(void) {
  set_disposition(SIGPIPE, SIG_IGN);
  // Past the limit of `ulimit -f` a write is an error like any other; programs get both back to the default.
  set_disposition(SIGXFSZ, SIG_IGN);
}

void runnel_suspend(bool group) {
  struct sigaction before;
  if (sigaction(SIGTSTP, NULL, &before) != 0 || before.sa_handler == SIG_IGN) return;
  if (group) {
    // Not to us: another thread might take it, a moment after we were to be stopped already.
    set_disposition(SIGTSTP, SIG_IGN);
    kill(0, SIGTSTP);
  }
  set_disposition(SIGTSTP, SIG_DFL);
  sigset_t stop, mask;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  pthread_sigmask(SIG_UNBLOCK, &stop, &mask);
  // To this thread, which therefore takes it before `raise` returns. All threads stop.
  raise(SIGTSTP);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  sigaction(SIGTSTP, &before, NULL);
}

void runnel_restore_child_signal(void) {
  // SA_NOCLDWAIT has the same effect as SIG_IGN: exits vanish before anybody can see them.
  struct sigaction current;
  if (sigaction(SIGCHLD, NULL, &current) != 0) return;
  if (current.sa_handler == SIG_IGN || (current.sa_flags & SA_NOCLDWAIT)) set_disposition(SIGCHLD, SIG_DFL);
}

int runnel_signal_limit(void) { return NSIG - 1; }

const char *runnel_signal_name(int signal) { return sigabbrev_np(signal); }
