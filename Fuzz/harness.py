"""Running a program by the oracle and by a binary: shared by compare.py and minimise.py."""
import hashlib, json, os, signal, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
ORACLE = os.path.join(HERE, "..", "..", "shared", "oracle", "oracle.py")
BINARY = os.path.join(HERE, "..", ".build", "release", "runnel")


class Oracle:
    """The oracle in batch mode, kept open: a program costs it a fork. Answers are remembered in a file, per version of the oracle."""

    def __init__(self, path=ORACLE, cache=None):
        self.path, self.process, self.known, self.file = os.path.abspath(path), None, {}, None
        if not os.path.isfile(self.path):
            sys.exit(f"no oracle at {self.path}: give --oracle")
        if cache:
            folder = os.path.dirname(self.path)
            version = hashlib.sha1(b"".join(open(os.path.join(folder, f), "rb").read() for f in sorted(os.listdir(folder)) if f.endswith(".py"))).hexdigest()[:12]
            os.makedirs(cache, exist_ok=True)
            self.file = os.path.join(cache, f"oracle-{version}-{os.getpid()}.jsonl")
            for name in os.listdir(cache):
                if name.startswith(f"oracle-{version}"):
                    for line in open(os.path.join(cache, name), encoding="utf-8"):
                        try: key, answer = json.loads(line)
                        except ValueError: continue   # a line that was cut off
                        self.known[key] = answer

    def run(self, path):
        """(exit status, stdout, stderr); the status is None where the oracle itself failed."""
        key = hashlib.sha1(open(path, "rb").read()).hexdigest()
        if key not in self.known:
            if self.process is None:
                self.process = subprocess.Popen([sys.executable, self.path, "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
            self.process.stdin.write(path + "\n")
            self.process.stdin.flush()
            a = json.loads(self.process.stdout.readline())
            failed = a["exit"] in (99, -signal.SIGALRM) or "Traceback (most recent" in a["stderr"]
            self.known[key] = [None if failed else a["exit"], a["stdout"], a["stderr"][-2000:]]
            if self.file:
                with open(self.file, "a", encoding="utf-8") as f: f.write(json.dumps([key, self.known[key]]) + "\n")
        return self.known[key]

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()


PLAIN = ((),)
VIRTUAL = (("--virtual-time", "--workers", "1"), ("--virtual-time", "--workers", "4"))


def first_that_differs(want, runs, binary, path, timeout, cwd):
    """Runs the binary with each of these flags, up to the first outcome that is not the wanted one.
    Gives (outcome, where they part or None, its flags)."""
    for flags in runs:
        got = run_binary(binary, path, timeout, cwd, flags)
        what = first_difference(want, got)
        if what is not None: break
    return got, what, flags


def run_binary(binary, path, timeout, cwd, flags=()):
    """(exit status, stdout, stderr); the status is "timeout" where it did not end, negative where a signal ended it."""
    p = subprocess.Popen([binary, "run", *flags, path], cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    try:
        out, err = p.communicate(timeout=timeout)
        status = p.returncode
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        out, err = p.communicate()
        status = "timeout"
    return status, out.decode(errors="replace"), err.decode(errors="replace")


def first_difference(want, got):
    """A line that says where two outcomes (status, stdout, …) part; None where they agree."""
    a, b = want[1].split("\n"), got[1].split("\n")
    for i in range(max(len(a), len(b))):
        x, y = (l[i] if i < len(l) else None for l in (a, b))
        if x != y:
            return f"stdout line {i + 1}: expected {short(x)}, got {short(y)}; exit {want[0]} and {got[0]}"
    return None if want[0] == got[0] else f"exit: expected {want[0]}, got {got[0]}"


def short(x):
    return "its end" if x is None else repr(x) if len(x) < 100 else repr(x[:97] + "…")
