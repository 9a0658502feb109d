#!/usr/bin/env python3
"""Generate sequential Runnel programs: generate.py --seed N --count M --out DIR. The same seed gives the same programs."""
import argparse, os, sys
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generator.program import Program


def program(seed, index, tasks=False, topics=None):
    """The text of the program with this number; needs nothing of those before it."""
    return Program(f"{seed}/{index}", tasks, topics).text()


def main():
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--first", type=int, default=0, help="number of the first program")
    ap.add_argument("--count", type=int, default=10)
    ap.add_argument("--out", default="generated")
    ap.add_argument("--tasks", action="store_true", help="also plain spawn, await, gather, retry, timeout and shield")
    ap.add_argument("--topic", action="append", help="only this topic of generator/snippets.py (may be repeated)")
    a = ap.parse_args()
    os.makedirs(a.out, exist_ok=True)
    for i in range(a.first, a.first + a.count):
        with open(os.path.join(a.out, f"{a.seed}-{i}.rnl"), "w", encoding="utf-8") as f:
            f.write(program(a.seed, i, a.tasks, a.topic))


if __name__ == "__main__":
    main()
