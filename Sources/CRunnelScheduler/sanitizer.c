// What ThreadSanitizer is told of orders between threads that it does not see; nothing in other builds.

#include "CRunnelScheduler.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define IS_SANITIZED 1
#endif
#endif

#ifdef IS_SANITIZED
void __tsan_acquire(void *address);
void __tsan_release(void *address);

void runnel_sanitizer_acquired(const void *address) { __tsan_acquire((void *)address); }

void runnel_sanitizer_will_release(const void *address) { __tsan_release((void *)address); }
#else
void runnel_sanitizer_acquired(const void *address) { (void)address; }

void runnel_sanitizer_will_release(const void *address) { (void)address; }
#endif
