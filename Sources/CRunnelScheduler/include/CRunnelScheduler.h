// What the scheduler needs and Swift cannot do: a variable of each thread that costs no call, and to talk to ThreadSanitizer.

#ifndef CRUNNELSCHEDULER_H
#define CRUNNELSCHEDULER_H

/// The worker that the calling thread is, NULL on all other threads.
void *runnel_current_worker(void);
void runnel_set_current_worker(void *worker);

/// Tell ThreadSanitizer of an order between threads that it does not see. Nothing without it.
void runnel_sanitizer_acquired(const void *address);
void runnel_sanitizer_will_release(const void *address);

#endif
