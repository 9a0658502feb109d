// What the scheduler needs and Swift cannot do: a variable of each thread that costs no call, and to sleep at an address.

#ifndef CRUNNELSCHEDULER_H
#define CRUNNELSCHEDULER_H

/// The worker that the calling thread is, NULL on all other threads.
void *runnel_current_worker(void);
void runnel_set_current_worker(void *worker);

/// Sleeps while the 32-bit number at an address has this value, and wakes one thread that does.
void runnel_futex_wait(const void *address, unsigned int value);
void runnel_futex_wake(const void *address);
/// Tells the processor that this thread looks at the same thing again and again.
void runnel_spin_hint(void);

#endif
