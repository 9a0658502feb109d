#!/usr/bin/env python3
"""Compare a runnel binary with the oracle on generated programs: the same stdout and exit status.

    compare.py --bin PATH --seed N --count M [--jobs 2]      generated programs
    compare.py --bin PATH --concurrent --count M             of many tasks, in virtual time, on one worker and on four
    compare.py --bin PATH FILE…                              these programs

Prints each difference and, for the first few, a diff; keeps the programs in --keep with what both printed; ends with
`M programs: K agree, D differ`. Exit status 1 where any differs. Programs on which the oracle itself fails are counted apart.
"""
import argparse, concurrent.futures, difflib, os, shutil, sys, tempfile, threading
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from generate import add_options, text_of
from harness import BINARY, HERE, ORACLE, PLAIN, VIRTUAL, Oracle, first_that_differs

local = threading.local()


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default=BINARY)
    ap.add_argument("--oracle", default=ORACLE)
    add_options(ap, count=100)
    ap.add_argument("--jobs", type=int, default=2)
    ap.add_argument("--timeout", type=float, default=20, help="seconds a program may take")
    ap.add_argument("--keep", default=os.path.join(HERE, "failures"))
    ap.add_argument("--show", type=int, default=5, help="how many diffs to print whole")
    ap.add_argument("--no-cache", action="store_true", help="ask the oracle again for what it has answered before")
    ap.add_argument("files", nargs="*")
    a = ap.parse_args()
    binary = os.path.abspath(a.bin) if "/" in a.bin else shutil.which(a.bin)
    if not binary or not os.access(binary, os.X_OK): sys.exit(f"no binary at {a.bin}")
    work, oracles = tempfile.mkdtemp(prefix="compare-"), []
    cache = None if a.no_cache else os.path.join(HERE, ".cache")

    def judge(item):
        if not hasattr(local, "oracle"):
            local.oracle = Oracle(a.oracle, cache)
            oracles.append(local.oracle)
            local.cwd = tempfile.mkdtemp(dir=work)
        path = item
        if isinstance(item, int):
            path = os.path.join(work, f"{a.seed}-{item}.rnl")
            with open(path, "w", encoding="utf-8") as f: f.write(text_of(a, item))
        want = local.oracle.run(os.path.abspath(path))
        if want[0] is None: return path, want, None, None
        got, what, flags = first_that_differs(want, VIRTUAL if a.concurrent else PLAIN, binary, os.path.abspath(path), a.timeout, local.cwd)
        return path, want, got, what and " ".join([what, *flags])

    agree = differ = failed = 0
    try:
        with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
            for path, want, got, what in pool.map(judge, a.files or range(a.first, a.first + a.count)):
                name = os.path.basename(path).removesuffix(".rnl")
                if got is None:
                    failed += 1
                    print(f"ORACLE FAILED {name}: {(want[2].strip().splitlines() or ['?'])[-1]}")
                elif what is None: agree += 1
                else:
                    differ += 1
                    print(f"DIFFERS {name}: {what}")
                    if got[2] and got[0] != want[0]: print("   ", got[2].strip().split("\n")[0][:160])
                    if differ <= a.show: sys.stdout.writelines(list(difflib.unified_diff(want[1].splitlines(True), got[1].splitlines(True), "oracle", "binary", n=1))[:24])
                    keep(a.keep, name, path, want, got)
                if not a.files: os.remove(path)
                sys.stdout.flush()
    finally:
        for o in oracles: o.close()
        shutil.rmtree(work, ignore_errors=True)
    print(f"{agree + differ + failed} programs: {agree} agree, {differ} differ" + (f", the oracle failed on {failed}" if failed else ""))
    return 1 if differ or not agree else 0


def keep(folder, name, path, want, got):
    os.makedirs(folder, exist_ok=True)
    if os.path.dirname(os.path.abspath(path)) != os.path.abspath(folder): shutil.copy(path, os.path.join(folder, name + ".rnl"))
    for end, text in (("expected", want[1]), ("actual", got[1]), ("stderr", got[2])):
        with open(os.path.join(folder, f"{name}.{end}"), "w", encoding="utf-8") as f: f.write(text)


if __name__ == "__main__":
    sys.exit(main())
