#!/usr/bin/env python3
"""Make a program on which a binary and the oracle differ as small as it gets: minimise.py --bin PATH FILE [-o OUT].

Removes runs of lines, takes blocks apart, then removes or replaces parts of lines (what stands between brackets and
commas), as long as the two still differ in the same way: the program must still be accepted by the oracle, and a crash,
a time-out or a refusal of the binary must stay one. Prints the result, and where the two part.
"""
import argparse, os, re, shutil, sys, tempfile
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import BINARY, ORACLE, PLAIN, VIRTUAL, Oracle, first_that_differs


class Minimiser:
    def __init__(self, binary, oracle, text, timeout, folder, flags=PLAIN):
        self.binary, self.timeout, self.folder, self.tried, self.runs, self.flags = binary, timeout, folder, {}, 0, flags
        self.oracle = Oracle(oracle)
        sys.path.insert(0, os.path.dirname(self.oracle.path))
        import ast_parse
        self.parse = ast_parse.parse
        self.manner = None
        self.manner = self.differs(text)
        if not self.manner: sys.exit("the binary and the oracle agree on this program")
        self.text = text

    def differs(self, text):
        """How the two differ on this text, or None."""
        if text in self.tried: return self.tried[text]
        self.tried[text] = None
        try: self.parse(text)
        except Exception: return None
        path = os.path.join(self.folder, "try.rnl")
        with open(path, "w", encoding="utf-8") as f: f.write(text)
        want = self.oracle.run(path)
        self.runs += 1
        if want[0] in (None, 2): return None
        got, self.what, _ = first_that_differs(want, self.flags, self.binary, path, self.timeout, self.folder)
        if self.what is None: return None
        refused = re.search(r"E\d{4}", got[2]) if got[0] == 2 else None
        manner = "timeout" if got[0] == "timeout" else f"signal {-got[0]}" if got[0] < 0 or got[0] > 128 else f"refused {refused and refused.group()}" if got[0] == 2 else "output"
        # What the oracle refuses at run time for a program cut apart (an unknown name) is no difference worth having.
        if manner == "output" and want[0] != 0 and "NameError" in want[2]: return None
        self.tried[text] = manner
        return manner

    def keeps(self, text):
        if text != self.text and self.differs(text) == self.manner:
            self.text = text
            return True
        return False

    def run(self):
        while True:
            before = self.text
            self.lines()
            self.blocks()
            self.parts()
            if self.text == before: return

    def lines(self):
        """Removes runs of lines, half of the program first."""
        n = max(1, len(self.text.split("\n")) // 2)
        while n:
            i = 0
            while i < len(lines := self.text.split("\n")):
                if not self.keeps("\n".join(lines[:i] + lines[i + n:])): i += n
            n //= 2

    def blocks(self):
        """Removes whole blocks, or only their first and last line."""
        i = 0
        while i < len(lines := self.text.split("\n")):
            end = close_of(lines, i)
            if end is None or not (self.keeps("\n".join(lines[:i] + lines[end + 1:])) or self.keeps("\n".join(lines[:i] + [l[2:] if l.startswith("  ") else l for l in lines[i + 1:end]] + lines[end + 1:]))
                                   or self.keeps("\n".join(lines[:i + 1] + lines[end:]))): i += 1

    def parts(self):
        """Removes or replaces what stands between brackets and commas, the longest first."""
        done = False
        while not done:
            done = True
            for a, b in sorted(spans(self.text), key=lambda s: s[0] - s[1]):
                part, rest = self.text[a:b], self.text[b:]
                cut = self.text[:a].rstrip(" ").removesuffix(",") + rest if self.text[:a].rstrip(" ").endswith(",") else self.text[:a] + rest.removeprefix(",").lstrip(" ") if rest.startswith(",") else self.text[:a] + rest
                smaller = [x for x in ("nil", "0", "1", '""', "[]", "true") if len(x) < len(part.strip())]
                inner = [m.group(1) for m in re.finditer(r"[(\[{]([^()\[\]{}]+)[)\]}]", part)]
                halves = [h for o in (" | ", " + ", " ?? ", " and ", ".") for h in ((part.rpartition(o)[0],) if o == "." else (part.rpartition(o)[0], part.partition(o)[2])) if h]
                if any(self.keeps(t) for t in [cut] + [self.text[:a] + x + rest for x in smaller + inner + halves if len(x) < len(part)]):
                    done = False
                    break


def close_of(lines, i):
    """The line that closes the block which line i opens."""
    depth = 0
    for j in range(i, len(lines)):
        depth += lines[j].count("{") - lines[j].count("}")
        if depth <= 0: return j if j > i else None
    return None


def spans(text):
    """The places between brackets and commas, and the right sides of `=`, `=>` and `print`."""
    stack, out = [], []
    for i, c in enumerate(text):
        if c in "([{": stack.append(i + 1)
        elif c in ")]}" and stack:
            out.append((stack.pop(), i))
        elif c == "," and stack:
            out.append((stack[-1], i))
            stack[-1] = i + 1
    out += [(m.start(1), m.end(1)) for m in re.finditer(r"(?:=>?|return|raise|yield) ([^\n]+)", text)]
    out += [(m.start(), m.end()) for m in re.finditer(r"(?<=; )[^;\n]+|[^;\n{]+; ", text)]
    return [(a, b) for a, b in out if text[a:b].strip()]


def main():
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("--bin", default=BINARY)
    ap.add_argument("--oracle", default=ORACLE)
    ap.add_argument("--timeout", type=float, default=5)
    ap.add_argument("--concurrent", action="store_true", help="in virtual time, on one worker and on four")
    ap.add_argument("-o", "--out", help="also write the result there")
    ap.add_argument("file")
    a = ap.parse_args()
    sys.setrecursionlimit(20000)
    folder = tempfile.mkdtemp(prefix="minimise-")
    try:
        m = Minimiser(os.path.abspath(a.bin), a.oracle, open(a.file, encoding="utf-8").read(), a.timeout, folder, VIRTUAL if a.concurrent else PLAIN)
        m.run()
        m.tried.pop(m.text)
        m.differs(m.text)
        print(m.text.strip())
        print(f"# {m.what} ({m.manner}, {m.runs} runs)")
        if a.out:
            with open(a.out, "w", encoding="utf-8") as f: f.write(m.text.strip() + "\n")
    finally: shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
