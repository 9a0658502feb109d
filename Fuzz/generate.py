#!/usr/bin/env python3
"""Generate Runnel programs: generate.py --seed N --count M --out DIR. The same seed gives the same programs."""
import argparse, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generator.concurrent.program import ConcurrentProgram
from generator.program import Program


def program(seed, index, tasks=False, concurrent=False, topics=None):
    """The text of the program with this number; needs nothing of those before it."""
    name = f"{seed}/{index}"
    return (ConcurrentProgram(name, topics) if concurrent else Program(name, tasks, topics)).text()


def add_options(parser, count):
    """The options that say which programs: also those of compare.py."""
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first program")
    parser.add_argument("--count", type=int, default=count)
    parser.add_argument("--tasks", action="store_true", help="also plain spawn, await, gather, retry, timeout and shield")
    parser.add_argument("--concurrent", action="store_true", help="programs of many tasks, for virtual time")
    parser.add_argument("--topic", action="append", help="only this topic of generator/snippets.py, or this statement of generator/concurrent (may be repeated)")


def text_of(options, index):
    """The program with this number that the options ask for."""
    return program(options.seed, index, options.tasks, options.concurrent, options.topic)


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    add_options(ap, count=10)
    ap.add_argument("--out", default="generated")
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for i in range(a.first, a.first + a.count):
        with open(os.path.join(a.out, f"{a.seed}-{i}.rnl"), "w", encoding="utf-8") as f:
            f.write(text_of(a, i))


if __name__ == "__main__":
    main()
