// Signals as events: the handler counts, raises a flag and writes to an eventfd, all of it
// async-signal-safe; whoever polls that eventfd takes the counts. errno stays what it was.

#define _GNU_SOURCE
#include "CRunnelSystem.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

volatile int runnel_signals_flag = 0;
static unsigned counts[NSIG];
static int event_descriptor = -1;

static void handle(int signal) {
  int saved = errno;
  __atomic_fetch_add(&counts[signal], 1, __ATOMIC_RELAXED);
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
