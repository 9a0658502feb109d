"""Generates sequential Runnel programs: expressions.py has typed expressions, statements.py loops and bindings,
snippets.py one topic each, jumps.py defer and finally in every nesting, program.py a whole program."""
