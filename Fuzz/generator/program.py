"""A whole program: the kinds and the resource that snippets use, snippets and statements at random, an end."""
import random
from .expressions import Expressions
from .statements import Statements
from .snippets import Snippets
from .jumps import Jumps

TOPICS = ("risky risky risky overflow counters closures recursion parameters destructuring match match generator generator pipeline pipeline copies places errors optional ranges formats strings multiline "
          "regexes json bytes durations lists lists maps maps withs blocks shadows texts memo compose jump_function jump_function jump_function jump_lambda").split()
PRELUDE = ["error Alpha", "error Beta is Alpha", "error Gamma", "fn res(name) { print(\"open\", name); {name, close: () => print(\"close\", name)} }"]


class Program(Expressions, Statements, Snippets, Jumps):
    def __init__(self, seed, tasks=False, topics=None):
        self.r = random.Random(seed)
        self.scopes, self.functions = [{}], []   # functions: (name, parameter types, result type, whether it prints nothing)
        self.count = self.mark = self.barrier = 0
        self.functions_allowed, self.in_stage = True, False
        self.topics = topics or [*TOPICS, *(["tasks"] * 6 if tasks else [])]

    def lines(self):
        out = list(PRELUDE)
        size = self.r.randint(30, 100)
        for _ in range(self.r.randint(1, 3)): out += self.bind()
        while len(out) < size:
            if self.chance(0.5):
                out += getattr(self, self.r.choice(self.topics))()
            else:
                for _ in range(self.r.randint(1, 3)): out += self.statement(self.r.randint(1, 3))
        return out + self.end()

    def end(self):
        """One program in ten ends badly, or early."""
        if self.chance(0.9): return ['print("end")']
        k = self.r.randrange(8)
        if k == 0: return [f"defer {{ print(\"last\") }}", f"exit({self.r.randint(0, 9)})"]
        if k == 1: return ['defer { print("last") }', 'raise Gamma("the end", code: 3)']
        if k == 2: return ["fn leave() { defer { print(\"left\") }; with res(\"end\") { exit(7) } }", "try { leave() } catch e { print(\"not caught\") } finally { print(\"finally\") }"]
        if k == 3: return [f"print(1 // (5 - 5))"]
        if k == 4: return ['try { raise Beta("x") } finally { print("finally") }']
        if k == 5: return ["let nothing = [1, 2].map(x => if x == 2 { raise Alpha(\"deep\") } else { x })"]
        if k == 6: return ['raise Timeout("own")']
        return ["defer error as e { print(\"rollback\", e.kind) }", "assert [1].len() == 2, \"never\""]

    def text(self):
        return "\n".join(self.lines()) + "\n"
