"""Functions that leave blocks in every way: `return`, `break`, `continue` and `raise` through `try`, `finally`,
`defer`, `defer error` and `with`, nested at random. Each step prints, so that the order of cleanup shows.

The functions take a number that decides which jumps are taken, and are called with several.
"""
KINDS = ("Alpha", "Beta", "Gamma")   # declared by the program; Beta is an Alpha


class Jumps:
    """Mixed into the program."""

    def jump_function(self):
        name = self.fresh("jump")
        body = None
        while body is None or len(body) > 60:
            self.mark = 0
            body = self.jump_body(1, 3, loop=False, cleanup=False)
        out = [f"fn {name}(a) {{"] + body
        if self.chance(0.5): out.append(f'  "{name} ends"')
        out.append("}")
        out += [f"for a in 0..{self.r.randint(3, 6)} {{",
                f"  print(a, try {{ {name}(a) }} catch e {{ \"{{e.kind}} {{e.message}} {{e.suppressed.map(x => x.message)}}\" }})", "}"]
        return out

    def jump_lambda(self):
        """The same in a lambda's block, which is no scope of its own."""
        name = self.fresh("leap")
        self.mark = 0
        return [f"let {name} = a => {{"] + self.jump_body(1, 2, loop=False, cleanup=False) + ["  nil", "}",
                f"for a in 0..{self.r.randint(2, 5)} {{ print(try {{ {name}(a) }} catch e {{ [e.kind, e.message, e.suppressed.len()] }}) }}"]

    def trace(self, ind, *more):
        self.mark += 1
        return "  " * ind + f"print(\"{self.mark}\"{''.join(', ' + m for m in more)})"

    def when(self, loops):
        n = self.r.randint(0, 4)
        return self.pick(f"a == {n}", f"a % 2 == {n % 2}", f"a > {n}", *([f"{loops[-1]} == {n % 3}", f"{loops[-1]} + a == {n}"] if loops else []))

    def error(self):
        self.mark += 1
        return f'{self.pick(*KINDS)}("e{self.mark}"{self.pick("", ", code: a")})'

    def jump_if(self, ind, loop, cleanup, loops):
        """A jump that a condition on `a` decides."""
        jumps = [f"raise {self.error()}"] * 3
        if not cleanup: jumps += [f'return "r{self.mark}"', f"return [a, {self.mark}]"]
        if loop: jumps += ["break", "continue"] * 2
        return "  " * ind + f"if {self.when(loops)} {{ {self.r.choice(jumps)} }}"

    def jump_body(self, ind, depth, loop, cleanup, loops=()):
        """Lines of a block. `loop`: break may leave it; `cleanup`: nothing but an error may."""
        out = []
        pad = "  " * ind
        for _ in range(self.r.randint(2, 4)):
            k = self.r.randrange(13)
            if k < 2: out.append(self.trace(ind, *loops))
            elif k < 4: out.append(self.jump_if(ind, loop, cleanup, loops))
            elif k == 4: out += self.deferred(ind, depth, loops)
            elif k == 5: out += self.deferred(ind, depth, loops, True)
            elif depth <= 0: out.append(self.jump_if(ind, loop, cleanup, loops))
            elif k in (6, 7): out += self.trying(ind, depth, loop, cleanup, loops)
            elif k == 8:
                v = self.fresh("i")
                out += [f"{pad}for {v} in 0..{self.r.randint(1, 3)} {{"] + self.jump_body(ind + 1, depth - 1, True, cleanup, (*loops, v)) + [pad + "}"]
            elif k == 9:
                v = self.fresh("n")
                out += [f"{pad}var {v} = 0", f"{pad}while {v} < {self.r.randint(1, 3)} {{", f"{pad}  {v} += 1"] + self.jump_body(ind + 1, depth - 1, True, cleanup, (*loops, v)) + [pad + "}"]
            elif k == 10:
                self.mark += 1
                fails = f"; if {self.when(loops)} {{ raise {self.error()} }}" if self.chance(0.3) else ""
                close = f"({{n: {self.mark}, close: () => {{ print(\"closing {self.mark}\"){fails} }}}})"
                out.append(f"{pad}with {self.pick(f'res({self.mark})', close)} as r{self.mark} {{")
                out += self.jump_body(ind + 1, depth - 1, loop, cleanup, loops) + [pad + "}"]
            elif k == 11:
                out += [f"{pad}if {self.when(loops)} {{"] + self.jump_body(ind + 1, depth - 1, loop, cleanup, loops)
                if self.chance(0.4): out += [pad + "} else {"] + self.jump_body(ind + 1, depth - 1, loop, cleanup, loops)
                out.append(pad + "}")
            else:
                out += [f"{pad}match a {{", f"{pad}  {self.r.randint(0, 3)} => {{"] + self.jump_body(ind + 2, depth - 1, loop, cleanup, loops)
                out += [pad + "  }", f"{pad}  _ => {{ {self.trace(0).strip()} }}", pad + "}"]
        return out

    def deferred(self, ind, depth, loops, on_error=False):
        pad = "  " * ind
        head = "defer error as e" if on_error and self.chance(0.6) else "defer error" if on_error else "defer"
        known = ", e.kind, e.message" if head.endswith("as e") else ""
        if depth > 0 and self.chance(0.25):
            return [f"{pad}{head} {{"] + self.jump_body(ind + 1, depth - 1, False, True, loops) + [pad + "}"]
        self.mark += 1
        fails = f"; if {self.when(loops)} {{ raise {self.error()} }}" if self.chance(0.15) else ""
        return [f"{pad}{head} {{ print(\"defer {self.mark}\"{known}){fails} }}"]

    def trying(self, ind, depth, loop, cleanup, loops):
        pad = "  " * ind
        out = [pad + "try {"] + self.jump_body(ind + 1, depth - 1, loop, cleanup, loops)
        clauses = []
        for _ in range(self.r.randint(0, 2)):
            kinds = ", ".join(self.r.sample(KINDS, self.r.randint(1, 2)))
            guard = self.pick("", "", f" if e?.code == {self.r.randint(0, 3)}")
            clauses.append(f"catch {kinds} as e{guard}" if guard or self.chance(0.6) else f"catch {kinds}")
        if self.chance(0.3): clauses.append("catch e")
        final = not clauses or self.chance(0.5)
        for c in clauses:
            out += [f"{pad}}} {c} {{", self.trace(ind + 1, *(["e.message"] if " e" in c else []))]
            extra = self.r.randrange(5)
            if extra == 0 and " e" in c: out.append(f"{pad}  raise {self.pick('e', self.error() + ' from e')}")
            elif extra < 3: out += self.jump_body(ind + 1, depth - 1, loop, cleanup, loops)
        if final: out += [pad + "} finally {"] + (self.jump_body(ind + 1, depth - 1, False, True, loops) if self.chance(0.4) else [self.trace(ind + 1)])
        return out + [pad + "}"]
