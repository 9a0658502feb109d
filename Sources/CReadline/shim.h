// GNU readline, with what Swift cannot reach safely: its settings are C globals, which are set here.

#ifndef CREADLINE_SHIM_H
#define CREADLINE_SHIM_H

#include <stdio.h>
#include <readline/readline.h>
#include <readline/history.h>

/// Settings of the whole process, made once. Signals come to us through the reactor, never to readline.
static inline void runnel_readline_setup(rl_completion_func_t *complete, rl_getc_func_t *next_byte, FILE *output) {
  rl_readline_name = "runnel";
  rl_catch_signals = 0;
  rl_catch_sigwinch = 0;
  rl_change_environment = 0;
  rl_instream = stdin;
  rl_outstream = output;
  rl_getc_function = next_byte;
  rl_attempted_completion_function = complete;
  rl_completer_word_break_characters = " \t\n\"'`$><=;|&{}()[],+-*%!?:";
  // Entries of several lines stay whole in the file.
  history_comment_char = '#';
  history_write_timestamps = 1;
}

static inline FILE *runnel_readline_stream(int is_error) { return is_error ? stderr : stdout; }

/// Whether names are completed and not, for want of one, files.
static inline void runnel_readline_names_only(void) {
  rl_attempted_completion_over = 1;
  rl_completion_append_character = '\0';
}

/// The text of the line so far.
static inline const char *runnel_readline_text(void) { return rl_line_buffer; }

/// Throws the line away and gives the terminal back, as after a signal, whose key (`^C`) is shown at the cursor unless it
/// is 0: after that readline leaves the cursor anywhere.
static inline void runnel_readline_discard(int signal) {
  rl_free_line_state();
  rl_callback_sigcleanup();
  if (signal != 0) rl_echo_signal_char(signal);
  fflush(rl_outstream);
  rl_cleanup_after_signal();
  rl_callback_handler_remove();
}

/// Takes the prompt and the line off the screen.
static inline void runnel_readline_hide(void) {
  rl_clear_visible_line();
  fflush(rl_outstream);
}

/// Puts them on it again, below what was written meanwhile.
static inline void runnel_readline_show(void) {
  rl_on_new_line();
  rl_forced_update_display();
}

/// The process was stopped at the prompt and goes on.
static inline void runnel_readline_resume(void) {
  rl_reset_after_signal();
  rl_forced_update_display();
}

#endif
