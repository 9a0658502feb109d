"""Bindings, assignments, loops, branches and functions, filled with random expressions."""
from .expressions import AND, ATOM, KEYS, SCALARS, cut


class Statements:
    """Mixed into the program. Each method gives lines, without indentation at the outermost level."""

    def block(self, head, depth, n=None, names=None):
        """`head {`, statements one level in, `}`."""
        self.scopes.append(dict(names or {}))
        out = [head + " {"]
        for _ in range(n or self.r.randint(1, 3)): out += ["  " + line for line in self.statement(depth - 1)]
        self.scopes.pop()
        return out + ["}"]

    def statement(self, depth):
        k = self.r.randrange(20)
        if k < 5 or depth <= 0: return self.show() if self.chance(0.6) else self.assign() or self.bind()
        if k < 8: return self.bind()
        if k < 11: return self.assign() or self.bind()
        if k < 13: return self.branch(depth)
        if k < 16: return self.loop(depth)
        if k == 16: return self.guarded(depth)
        if k == 17 and self.functions_allowed: return self.function(depth)
        return self.change() or self.show()

    def show(self):
        parts = [self.s(self.random_type(2), 3 if self.chance(0.3) else 2) for _ in range(self.r.randint(1, 3))]
        return [f"print({', '.join(parts)})"]

    def bind(self, mutable=None, t=None):
        t = t or self.random_type(2)
        text = cut(self.expr(t, 3), t)
        var = self.chance(0.6) if mutable is None else mutable
        name = self.fresh("v")
        self.scopes[-1][name] = (t, var)
        return [f"{'var' if var else 'let'} {name} = {text}"]

    def own(self):
        """Variables that may be assigned here."""
        seen, out = set(), []
        for scope in reversed(self.scopes):
            for n, (t, m) in scope.items():
                if n not in seen:
                    seen.add(n)
                    if m and self.may_assign(n): out.append((n, t))
        return out

    def may_assign(self, name):
        return not any(name in s for s in self.scopes[:self.barrier])

    def assign(self):
        own = [(n, t) for n, t in self.own()]
        if not own: return None
        n, t = self.r.choice(own)
        if t == "int" and self.chance(0.5): return [f"{n} {self.pick('+=', '-=', '*=')} {self.small(0, 9)}", f"{n} %= {self.pick('9_973', '1009')}"]
        if t == "float" and self.chance(0.4): return [f"{n} {self.pick('+=', '-=')} {self.small(0, 9)}.5"]
        if t == "str" and self.chance(0.4): return [f"{n} += {self.literal()}", f"{n} = {n}[-12..]"]
        if t == "dur" and self.chance(0.4): return [f"{n} += {self.pick('1s', '250ms', '2m')}"]
        return [f"{n} = {cut(self.expr(t, 2), t)}"]

    def change(self):
        """Changes a list or a map through the variable that holds it."""
        own = [(n, t) for n, t in self.own() if isinstance(t, tuple)]
        if not own: return None
        n, (kind, inner) = self.r.choice(own)
        x = self.s(inner, 1)
        if kind == "map":
            key = self.r.choice(KEYS)
            return [self.pick(f"{n}.{key} = {x}", f'{n}["{key}"] = {x}', f'{n}.remove("{key}")', f'{n}.set_default("{key}", {x})', f"{n}.update({self.s(('map', inner), 1)})",
                              f'if "{key}" in {n} {{ {n}.{key} = {x} }}')]
        k = self.r.randrange(9)
        if k < 3: return [f"{n}.push({x})", f"if {n}.len() > 9 {{ {n} = {n}[-5..] }}"]
        if k == 3: return [f"if not {n}.is_empty() {{ print({n}.pop()) }}"]
        if k == 4: return [f"if {n}.len() > 1 {{ {n}[{self.pick('0', '-1', '1')}] = {x} }}"]
        if k == 5: return [f"{n}.insert(0, {x})", f"if {n}.len() > 9 {{ {n} = {n}[..5] }}"]
        if k == 6: return [f"{n}.extend({self.s(('list', inner), 1)})", f"{n} = {n}.take(8)"]
        if k == 7 and inner in ("int", "str", "float", "dur"): return [f"{n}.sort({self.pick('', 'reverse: true')})"]
        if k == 8 and inner == "int": return [f"if {n}.len() > 0 {{ {n}[0] += {self.small(0, 5)} }}"]
        return [f"if {n}.len() > 2 {{ {n}.remove_at({self.pick('0', '1', '-1')}) }}"]

    def branch(self, depth):
        out = self.block(f"if {self.head('bool', 2)}", depth)
        if self.chance(0.3): out[-1:] = [f"}} else if {self.head('bool', 1)} {{"] + self.block("", depth)[1:]
        if self.chance(0.6): out[-1:] = ["} else {"] + self.block("", depth)[1:]
        return out

    def loop(self, depth):
        k = self.r.randrange(8)
        t = self.random_type(0)
        i, x = self.fresh("i"), self.fresh("x")
        if k < 3: head, names = f"for {x} in {self.head(('list', t), 2)}", {x: (t, False)}
        elif k == 3: head, names = f"for {i}, {x} in {self.head(('list', t), 2)}", {i: ("int", False), x: (t, False)}
        elif k == 4: head, names = f"for {i}, {x} in {self.head(('map', t), 2)}", {i: ("str", False), x: (t, False)}
        elif k == 5: head, names = f"for {x} in {self.small(-2, 2)}{self.pick('..', '..=')}{self.small(1, 4)}", {x: ("int", False)}
        elif k == 6:
            # A stage sees the variables as they were when the pipeline began, the oracle as they are: the stages of a
            # loop use none that its body could assign.
            source = self.expr(("list", t), 1).at(AND)
            scopes = self.scopes
            self.scopes = [{n: v for n, v in scope.items() if not v[1]} for scope in scopes]
            stages = self.stages(t, 1)
            self.scopes = scopes
            head, names = f"for {x} in {source} | {stages}", {x: (t, False)}
        else:
            out = [f"var {i} = {self.small(0, 2)}"]
            body = self.block(f"while {i} < {self.small(3, 6)}", depth, names={i: ("int", False)})
            body.insert(1, f"  {i} += {self.pick('1', '2')}")
            if self.chance(0.3): body.insert(2, f"  if {self.head('bool', 1)} {{ {self.pick('break', 'continue')} }}")
            self.scopes[-1][i] = ("int", False)
            return out + body
        out = self.block(head, depth, names=names)
        if self.chance(0.3):
            self.scopes.append(names)
            out.insert(self.r.randint(1, len(out) - 1) if all(l.startswith("  ") and not l.startswith("   ") and not l.endswith("{") and l.strip() != "}" for l in out[1:-1]) else 1, f"  if {self.head('bool', 1)} {{ {self.pick('break', 'continue')} }}")
            self.scopes.pop()
        return out

    def guarded(self, depth):
        out = self.block("try", depth)
        out[-1:] = [f"}} catch {self.pick('e', 'Error as e', 'Bug as e')} {{ print(\"caught\", e.kind)"]
        if self.chance(0.3): return out + ["} finally {", f'  print("finally", {self.s("int", 1)})', "}"]
        return out + ["}"]

    def function(self, depth):
        """A function of typed parameters; what it may assign is its own."""
        name = self.fresh("f")
        params = [(self.fresh("p"), self.random_type(1)) for _ in range(self.r.randint(0, 3))]
        result = self.random_type(1)
        saved, self.barrier, self.functions_allowed = (self.barrier, self.functions_allowed), len(self.scopes), False
        self.scopes.append({p: (t, False) for p, t in params})
        body = []
        for _ in range(self.r.randint(0, 3)): body += self.statement(1)
        if self.chance(0.3): body.append(f"if {self.head('bool', 1)} {{ return {self.s(result, 1)} }}")
        body.append(f"{self.pick('return ', '')}{self.expr(result, 2).at(AND)}")
        self.scopes.pop()
        self.barrier, self.functions_allowed = saved
        if len(self.scopes) == 1: self.functions.append((name, [t for _, t in params], result, not any("print(" in l or any(f[0] + "(" in l for f in self.functions if not f[3]) for l in body)))
        out = [f"fn {name}({', '.join(p for p, _ in params)}) {{"] + ["  " + l for l in body] + ["}"]
        return out + [f"print({name}({', '.join(self.s(t, 1) for _, t in params)}))"]
