// Which worker the calling thread is.

#include "CRunnelScheduler.h"

// In an executable this is one instruction relative to the thread pointer.
static _Thread_local void *current;

void *runnel_current_worker(void) { return current; }

void runnel_set_current_worker(void *worker) { current = worker; }
