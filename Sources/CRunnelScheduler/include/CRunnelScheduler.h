// The one thing that the scheduler needs and Swift cannot do: a variable of each thread that costs no call.

#ifndef CRUNNELSCHEDULER_H
#define CRUNNELSCHEDULER_H

/// The worker that the calling thread is, NULL on all other threads.
void *runnel_current_worker(void);
void runnel_set_current_worker(void *worker);

#endif
