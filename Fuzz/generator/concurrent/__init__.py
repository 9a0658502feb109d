"""Generates concurrent Runnel programs for virtual time: place.py says where a statement stands and what that forbids,
tasks.py, limits.py, sharing.py and streams.py have the statements, program.py a whole program."""
