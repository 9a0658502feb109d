// Thread-local state of Teardown.swift: how deep this thread is in nested releases, and what was put aside.
#ifndef RUNNEL_TEARDOWN_H
#define RUNNEL_TEARDOWN_H

struct runnel_teardown_state {
  long depth;
  void *pending;
};

static inline struct runnel_teardown_state *runnel_teardown_state(void) {
  static __thread struct runnel_teardown_state state;
  return &state;
}

#endif
