// Where a thread sleeps that finds a lock held (see Lock.swift).

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "CRunnelScheduler.h"

void runnel_futex_wait(const void *address, unsigned int value) {
  // Whatever it returns for (woken, the value has changed, a signal), the caller looks again.
  syscall(SYS_futex, address, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}

void runnel_futex_wake(const void *address) { syscall(SYS_futex, address, FUTEX_WAKE_PRIVATE, 1, 0, 0, 0); }

void runnel_spin_hint(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}
