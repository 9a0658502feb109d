"""Typed expressions of Runnel, as text with their precedence.

Every method `expr(type, depth)` gives text that evaluates to a value of that type without raising, so that a program
gets far; what raises stands in snippets.py, inside `try`. Types: "int", "float", "str", "bool", "dur", "bytes",
("list", T), ("map", T) with string keys. Only as many parentheses are written as precedence asks for: it is tested too.
"""
import re

# How tight an expression binds: language.md §4, `or` loosest. 0 is what must stand in parentheses as an operand.
LOW, OR, AND, NOT, COMPARE, COALESCE, RANGE, ADD, MUL, UNARY, POWER, ATOM = range(12)
SCALARS = ("int", "float", "str", "bool", "dur")
WORDS = ["ab", "foo", "bar", "x", "hello", "Zoo", "q7", "alpha", "beta", "one two", "a,b,c", "", "naïve", "héllo",
         "日本", "über", "ß", "👍🏽", "+\\u{301}a", "tab\\tend", "l1\\nl2", "say \\\"hi\\\"", "back\\\\slash", "🇩🇪!"]
PLAIN = ["ab", "foo", "bar", "x", "hello", "Zoo", "q7", "alpha", "beta", "one two", "a,b,c", "banana", "kiwi"]
KEYS = ["a", "b", "c", "d", "n", "key", "x1"]
DURATIONS = ["5s", "1m30s", "250ms", "2h", "1h30m", "90s", "1d", "10us", "1500ms", "0s", "7m", "3ns"]


STAR = ', "*"'
TITLES = ("hello world", "foo", "one two")


class Text:
    """An expression and how tight it binds."""
    __slots__ = ("s", "prec")

    def __init__(self, s, prec=ATOM):
        self.s, self.prec = s, prec

    def __str__(self):
        return self.s

    def at(self, prec):
        """Itself, in parentheses where it binds looser than asked for."""
        return self.s if self.prec >= prec else f"({self.s})"


class Expressions:
    """Mixed into the program: needs `self.r` (random) and `self.scopes` (dictionaries of name → (type, mutable))."""

    def pick(self, *options):
        return self.r.choice(options)

    def chance(self, p):
        return self.r.random() < p

    def small(self, lo=-9, hi=20):
        return self.r.randint(lo, hi)

    def variables(self, t, mutable=None):
        seen, found = set(), []
        for scope in reversed(self.scopes):
            for name, (vt, mut) in scope.items():
                if name not in seen:
                    seen.add(name)
                    if vt == t and (mutable is None or mut == mutable):
                        found.append(name)
        return found

    def random_type(self, depth=1):
        if depth <= 0 or self.chance(0.6):
            return self.r.choice(("int", "int", "float", "str", "str", "bool", "dur"))
        inner = self.random_type(depth - 1)
        return ("list", inner) if self.chance(0.6) else ("map", inner)

    def expr(self, t, d=2):
        """A Text of type `t`, about `d` levels deep."""
        names = self.variables(t)
        if names and self.chance(0.35 if d > 0 else 0.7):
            return Text(names[0] if self.chance(0.4) else self.r.choice(names))
        if isinstance(t, tuple):
            return getattr(self, "x_" + t[0])(t[1], d)
        if d > 0 and self.chance(0.12):
            return self.control(t, d)
        if d > 0 and self.chance(0.12):
            call = self.call_of(t, d)
            if call:
                return call
        return getattr(self, "x_" + t)(d)

    def s(self, t, d=2):
        """Text for a place that takes any expression: an argument, a right side."""
        return str(self.expr(t, d))

    def head(self, t, d=2):
        """Text for a head: a map literal or a bare lambda needs parentheses there."""
        return self.expr(t, d).at(OR)

    def op(self, t, prec, d):
        return self.expr(t, d).at(prec)

    def control(self, t, d):
        """`if`, `match`, `try` and `??` as expressions."""
        k = self.r.randrange(5)
        if k == 0:
            return Text(f"if {self.head('bool', d - 1)} {{ {self.s(t, d - 1)} }} else {{ {self.s(t, d - 1)} }}", LOW)
        if k == 1:
            a, b = sorted(self.r.sample(range(-3, 12), 2))
            return Text(f"match {self.head('int', d - 1)} {{ {a} => {self.s(t, d - 1)}, {a}..{b} => {self.s(t, d - 1)}, _ => {self.s(t, d - 1)} }}", LOW)
        if k == 2:
            return Text(f"try {{ {self.s(t, d - 1)} }} catch e {{ {self.s(t, d - 1)} }}", LOW)
        if k == 3:
            return Text(f"nil ?? {self.op(t, RANGE, d - 1)}", COALESCE)
        key = self.r.choice(KEYS)
        m = self.op(("map", t), ATOM, d - 1)
        return Text(f"{m}?.{key} ?? {self.op(t, RANGE, d - 1)}", COALESCE)

    def call_of(self, t, d):
        """A call of one of the program's own functions."""
        fs = [f for f in self.functions if f[2] == t and (f[3] or not self.in_stage)]
        if not fs:
            return None
        name, params, *_ = self.r.choice(fs)
        return Text(f"{name}({', '.join(self.s(p, d - 1) for p in params)})")

    def lam(self, params, result, d):
        """A lambda of one or two parameters, its body an expression or a block."""
        names = [self.fresh(p) for p in ("p", "q", "w")[:len(params)]]
        self.scopes.append({n: (t, False) for n, t in zip(names, params)})
        body = self.expr(result, d)
        head = names[0] if len(names) == 1 else "(" + ", ".join(names) + ")"
        if self.chance(0.15):
            inner = self.fresh("v")
            first = self.s(result, max(0, d - 1))
            self.scopes[-1][inner] = (result, False)
            text = f"{head} => {{ let {inner} = {first}; {self.s(result, 0)} }}"
        elif body.s.startswith("{") and self.chance(0.5):
            text = f"{head} => ({body})"
        else:
            text = f"{head} => {body}"
        self.scopes.pop()
        return text

    def fresh(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    # --- int ---------------------------------------------------------------------------------------------------
    def x_int(self, d):
        r = self.r
        if d <= 0 or self.chance(0.15):
            return self.pick(Text(str(r.randint(0, 20))), Text(str(r.randint(0, 999))), Text(f"-{r.randint(1, 50)}", UNARY), Text(hex(r.randint(0, 300))),
                             Text(bin(r.randint(0, 40))), Text("1_000"), Text(oct(r.randint(0, 99))), Text("2KiB"), Text("3KB"))
        k = r.randrange(26)
        e = lambda p: self.op("int", p, d - 1)
        if k < 4:
            o = self.pick("+", "-")
            return Text(f"{e(ADD)} {o} {e(MUL)}", ADD)
        if k == 4: return Text(f"{e(MUL)} * {e(UNARY)} % {r.choice((7, 97, 1009, -13))}", MUL)
        if k == 5: return Text(f"{e(MUL)} {self.pick('//', '%')} {self.pick('3', '7', '-4', '10', '16')}", MUL)
        if k == 6:
            operand = e(UNARY)
            return Text(f"-({operand})" if operand.startswith("-") else f"-{operand}", UNARY)
        if k == 7: return Text(f"{r.randint(0, 5)} ** {r.randint(0, 4)}", POWER)
        if k == 8: return Text(f"abs({self.s('int', d - 1)})")
        if k == 9:
            of = self.pick("str", ("list", "int"), ("map", "int"))
            return Text(f"len({self.s(of, d - 1)})" if self.chance(0.3) else f"{self.op(of, ATOM, d - 1)}.len()")
        if k == 10: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.get({self.small(-5, 5)}, {self.s('int', 0)})")
        if k == 11: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}?[{self.small(-5, 5)}] ?? {e(RANGE)}", COALESCE)
        if k == 12: return Text(f"{self.op(('map', 'int'), ATOM, d - 1)}.get(\"{r.choice(KEYS)}\", {self.s('int', 0)})")
        if k == 13: return Text(f"{self.pick('min', 'max')}({self.s('int', d - 1)}, {self.s('int', d - 1)})")
        if k == 14: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.reduce({self.s('int', 0)}, (s, x) => {self.pick('s + x', 's - x', '(s * 31 + x) % 1009', 'max(s, x)')})")
        if k == 15: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.count({self.lam(['int'], 'bool', d - 2)})")
        if k == 16: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.find({self.lam(['int'], 'bool', d - 2)}) ?? {e(RANGE)}", COALESCE)
        if k == 17: return Text(f"({self.lam(['int'], 'int', d - 1)})({self.s('int', d - 1)})")
        if k == 18: return Text(f"{self.op('str', ATOM, d - 1)}.count(\"{self.pick('a', 'l', 'o', 'an')}\")")
        if k == 19:
            digits = r.randint(0, 255)
            return Text(f"int({self.pick('str(' + self.s('int', d - 1) + ')', quoted(digits), quoted(f'{digits:x}') + ', base: 16', quoted(f'{digits:b}') + ', base: 2')})")
        if k == 20: return Text(f"math.{self.pick('floor', 'ceil', 'trunc')}({self.s('float', d - 1)})")
        if k == 21: return Text(f"({self.op(('list', 'int'), AND, d - 1)} | {self.pick('count', 'sum', 'fold(0, (s, x) => s + x)', 'map(x => x % 10) | sum')})")
        if k == 22: return Text(f"math.{self.pick('gcd', 'lcm')}({r.randint(1, 60)}, {r.randint(1, 60)})")
        if k == 23: return Text(f"{self.op('dur', MUL, d - 1)} // {self.pick('1s', '7ms', '2m')}", MUL)
        if k == 24: return Text(f"math.clamp({self.s('int', d - 1)}, {self.small(-9, 0)}, {self.small(1, 50)})")
        return Text(f"({self.op(('list', 'int'), AND, d - 1)} | {self.pick('first', 'last')}) ?? {e(RANGE)}", COALESCE)

    # --- float: multiples of a quarter, so that results do not depend on the order of rounding -------------------
    def x_float(self, d):
        r = self.r
        if d <= 0 or self.chance(0.2):
            return self.pick(Text(f"{r.randint(0, 40) / 4}"), Text(f"-{r.randint(1, 40) / 4}", UNARY), Text("1e3"), Text("2.5e-1"), Text("0.1"), Text("1_000.5"))
        k = r.randrange(11)
        e = lambda p: self.op("float", p, d - 1)
        if k < 2: return Text(f"{e(ADD)} {self.pick('+', '-')} {e(MUL)}", ADD)
        if k == 2: return Text(f"{e(MUL)} * {self.pick('2', '0.5', '-1.25', '3')}", MUL)
        if k == 3: return Text(f"{self.op('int', MUL, d - 1)} / {self.pick('2', '4', '-8', '3', '7')}", MUL)
        if k == 4: return Text(f"float({self.s('int', d - 1)})")
        if k == 5: return Text(f"round({self.s('float', d - 1)}, {r.randint(1, 3)})")
        if k == 6: return Text(f"{self.op('dur', ATOM, d - 1)}.{self.pick('seconds', 'minutes', 'milliseconds')}")
        if k == 7: return Text(f"{self.op('dur', MUL, d - 1)} / {self.pick('1s', '4ms', '2h')}", MUL)
        if k == 8: return Text(f"math.sqrt({r.randint(0, 50)})")
        if k == 9: return Text(f"{self.op('int', ADD, d - 1)} + {e(MUL)}", ADD)
        return Text(f"[{self.s('int', d - 1)}, {self.s('int', d - 1)}, {self.s('int', d - 1)}].mean()")

    # --- bool --------------------------------------------------------------------------------------------------
    def x_bool(self, d):
        if d <= 0: return Text(self.pick("true", "false"))
        k = self.r.randrange(16)
        if k < 3:
            t = self.pick("int", "int", "float", "dur", "str")
            return Text(f"{self.op(t, COALESCE, d - 1)} {self.pick('<', '<=', '>', '>=')} {self.op(t, COALESCE, d - 1)}", COMPARE)
        if k < 5:
            t = self.random_type(1)
            return Text(f"{self.op(t, COALESCE, d - 1)} {self.pick('==', '!=')} {self.op(t, COALESCE, d - 1)}", COMPARE)
        if k == 5: return Text(f"{self.op('bool', AND, d - 1)} and {self.op('bool', NOT, d - 1)}", AND)
        if k == 6: return Text(f"{self.op('bool', OR, d - 1)} or {self.op('bool', AND, d - 1)}", OR)
        if k == 7: return Text(f"not {self.op('bool', NOT, d - 1)}", NOT)
        if k == 8:
            t = self.pick("int", "str", "dur")
            return Text(f"{self.op(t, COALESCE, d - 1)} {self.pick('in', 'not in')} {self.op(('list', t), COALESCE, d - 1)}", COMPARE)
        if k == 9: return Text(f"\"{self.r.choice(KEYS)}\" {self.pick('in', 'not in')} {self.op(('map', 'int'), COALESCE, d - 1)}", COMPARE)
        if k == 10: return Text(f"{self.op('int', COALESCE, d - 1)} in {self.small(-9, 4)}{self.pick('..', '..=')}{self.small(0, 30)}", COMPARE)
        if k == 11: return Text(f"\"{self.pick('a', 'l', 'o')}\" in {self.op('str', COALESCE, d - 1)}", COMPARE)
        if k == 12: return Text(f"{self.op('str', ATOM, d - 1)}.{self.pick('contains', 'starts_with', 'ends_with')}({self.s('str', 0)})")
        if k == 13: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.{self.pick('any', 'all')}({self.lam(['int'], 'bool', d - 2)})")
        if k == 14: return Text(f"{self.op(self.pick('str', ('list', 'str'), ('map', 'int')), ATOM, d - 1)}.is_empty()")
        return Text(f"{self.op(('list', 'int'), COALESCE, d - 1)} {self.pick('<', '>=')} {self.op(('list', 'int'), COALESCE, d - 1)}", COMPARE)

    # --- dur, bytes ----------------------------------------------------------------------------------------------
    def x_dur(self, d):
        if d <= 0 or self.chance(0.4): return Text(self.r.choice(DURATIONS))
        k = self.r.randrange(6)
        if k < 2: return Text(f"{self.op('dur', ADD, d - 1)} {self.pick('+', '-')} {self.op('dur', MUL, d - 1)}", ADD)
        if k == 2: return Text(f"{self.op('dur', MUL, d - 1)} * {self.small(-3, 5)}", MUL)
        if k == 3: return Text(f"{self.r.choice(('1h', '30s', '1m', '2h'))} / {self.pick('2', '4', '5')}", MUL)
        if k == 4: return Text(f"-{self.r.choice(DURATIONS)}", UNARY)
        return Text(f"{self.pick('min', 'max')}({self.s('dur', d - 1)}, {self.s('dur', d - 1)})")

    def x_bytes(self, d):
        if d <= 0 or self.chance(0.7): return Text(f"{self.op('str', ATOM, max(0, d - 1))}.bytes()")
        return Text(f"{self.op('bytes', ATOM, d - 1)}[{self.small(0, 2)}..]")

    # --- str -----------------------------------------------------------------------------------------------------
    def literal(self, plain=False):
        w = self.r.choice(PLAIN if plain else WORDS)
        return f"'{w}'" if self.chance(0.2) and "\\" not in w else f'"{w}"'

    def interpolated(self, d):
        out = self.pick("", "<", "v=", "é ")
        for _ in range(self.r.randint(1, 2)):
            t = self.pick("int", "str", "float", "bool", "dur", ("list", "int"))
            names = self.variables(t)
            if not names:
                continue
            base = self.r.choice(names)
            body = base
            if t == "int": body, spec = self.pick(base, f"{base} + {self.small(0, 9)}", f"{base} * 2"), self.pick("", "", ":5", ":>6", ":<4", ":^7", ":+", ":05", ":,", ":*^9", ":x", ":b", ":o", ":iB", ":B")
            elif t == "float": spec = self.pick("", ":.2", ":8.1", ":.3f", ":+.1", ":>9.2", ":.0%", ":.2e", ":,.2")
            elif t == "str": body, spec = self.pick(base, f"{base}.upper()", f"{base}[..2]"), ""
            elif t == "dur": spec = ""
            else: body, spec = base, ""
            out += "{" + body + spec + "}" + self.pick("", " ", "|", "]")
        return Text('"' + out + '"')

    def x_str(self, d):
        r = self.r
        if d <= 0 or self.chance(0.15): return Text(self.literal())
        k = r.randrange(24)
        s = lambda: self.op("str", ATOM, d - 1)
        if k < 4: return self.interpolated(d)
        if k < 6: return Text(f"{self.op('str', ADD, d - 1)} + {self.op('str', MUL, d - 1)}", ADD)
        if k == 6: return Text(f"{s()}.{self.pick('upper', 'lower', 'trim', 'reversed', 'trim_start', 'trim_end')}()")
        if k == 7: return Text(f"{s()}[{self.slice()}]")
        if k == 8: return Text(f"{s()}?[{self.small(-4, 4)}] ?? {self.op('str', RANGE, d - 1)}", COALESCE)
        if k == 9: return Text(f"str({self.s(self.random_type(1), d - 1)})")
        if k == 10: return Text(f"repr({self.s(self.pick('str', 'int', ('list', 'str'), ('map', 'str')), d - 1)})")
        if k == 11: return Text(f"{self.op(('list', self.pick('str', 'int')), ATOM, d - 1)}.join({self.literal(True)})")
        if k == 12: return Text(f"{s()}.replace({quoted(self.pick('a', 'o', 'l', 'b'))}, {self.literal(True)})")
        if k == 13: return Text(f"{self.literal(True)}.{self.pick('pad_start', 'pad_end', 'center')}({r.randint(0, 9)}{self.pick('', STAR)})")
        if k == 14: return Text(f"{self.literal(True)}.repeat({r.randint(0, 3)})")
        if k == 15: return Text(f"{self.literal(True)}.{self.pick('remove_prefix', 'remove_suffix')}({self.literal(True)})")
        if k == 16: return Text(f"({self.op(('list', 'str'), AND, d - 1)} | join({self.literal(True)}))")
        if k == 17: return Text(f"type({self.s(self.random_type(1), d - 1)})")
        if k == 18: return Text(f"json.encode({self.s(self.pick(('list', 'int'), ('map', 'str'), ('list', 'str'), 'str', 'float'), d - 1)})")
        if k == 19: return Text(f"{self.op('bytes', ATOM, d - 1)}.hex()")
        if k == 20: return Text(f"({self.lam(['str'], 'str', d - 1)})({self.s('str', d - 1)})")
        if k == 21: return Text(f"{self.op(('list', 'str'), ATOM, d - 1)}.get({self.small(-3, 3)}, {self.literal()})")
        if k == 22: return Text(f"{self.op(('map', 'str'), ATOM, d - 1)}.get(\"{r.choice(KEYS)}\", {self.literal()})")
        return Text(f"{quoted(self.pick(*TITLES))}.title()")

    def slice(self):
        a, b = self.small(-5, 5), self.small(-5, 6)
        return self.pick(f"{a}..{b}", f"..{b}", f"{a}..", f"{a}..={b}", f"..={b}", "..")

    # --- lists and maps --------------------------------------------------------------------------------------------
    def x_list(self, t, d):
        r = self.r
        whole = ("list", t)
        if d <= 0 or self.chance(0.3):
            items = [self.s(t, max(0, d - 1)) for _ in range(r.randint(0 if d <= 0 else 1, 4))]
            if self.variables(whole) and self.chance(0.3): items.insert(r.randint(0, len(items)), "..." + r.choice(self.variables(whole)))
            return Text("[" + ", ".join(items) + "]")
        xs = lambda: self.op(whole, ATOM, d - 1)
        k = r.randrange(22)
        if k == 0: return Text(f"{xs()}.map({self.lam([t], t, d - 1)})")
        if k == 1: u = self.pick("int", "str"); return Text(f"{self.op(('list', u), ATOM, d - 1)}.map({self.lam([u], t, d - 1)})")
        if k == 2: return Text(f"{xs()}.filter({self.lam([t], 'bool', d - 1)})")
        if k == 3: return Text(f"{xs()}.{self.pick('reversed', 'unique')}()")
        if k == 4 and t in ("int", "float", "str", "dur"): return Text(f"{xs()}.sorted({self.pick('', 'reverse: true')})")
        if k == 5: return Text(f"{xs()}.sorted(by: {self.lam([t], self.pick('int', 'str', 'float'), d - 2)})")
        if k == 6: return Text(f"{xs()}.{self.pick('take', 'skip')}({r.randint(0, 4)})")
        if k == 7: return Text(f"{xs()}[{self.slice()}]")
        if k == 8: return Text(f"{self.op(whole, ADD, d - 1)} + {self.op(whole, MUL, d - 1)}", ADD)
        if k == 9: return Text(f"{self.op(('map', t), ATOM, d - 1)}.values()")
        if k == 10: return Text(f"{xs()}.{self.pick('take_while', 'skip_while')}({self.lam([t], 'bool', d - 2)})")
        if k == 11: return Text(f"{xs()}.flat_map({self.lam([t], whole, d - 2)})")
        if k == 12: return Text(f"({self.op(whole, AND, d - 1)} | {self.stages(t, d - 1)})")
        if k == 13: return Text(f"{xs()}.slice({self.small(0, 2)}, {self.small(1, 5)})")
        if t == "int":
            if k == 14: return Text(f"list({self.small(-2, 3)}..{self.small(2, 7)})")
            if k == 15: return Text(f"({self.small(-2, 3)}..={self.small(2, 7)}).map({self.lam(['int'], 'int', d - 1)})")
            if k == 16: return Text(f"{self.op(('list', 'str'), ATOM, d - 1)}.map((x, i) => x.len() + i)")
            if k == 17: return Text(f"{xs()}.map((x, i) => {self.pick('x * i', 'x - i', 'i')})")
            if k == 18: return Text(f"[...{self.small(0, 3)}..{self.small(2, 6)}]")
        if t == "str":
            if k == 14: return Text(f"{self.op('str', ATOM, d - 1)}.{self.pick('chars', 'lines', 'words')}()")
            if k == 15: return Text(f"{self.op('str', ATOM, d - 1)}.split({self.pick(quoted(','), quoted('a'), '')})")
            if k == 16: return Text(f"{self.op(('map', self.pick('int', 'str')), ATOM, d - 1)}.keys()")
            if k == 17: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.map(str)")
        if t == ("list", "int") and k > 13: return Text(f"{self.op(('list', 'int'), ATOM, d - 1)}.{self.pick('chunks(2)', 'windows(2)', 'enumerate()', 'chunks(3)')}")
        return Text(f"[{self.s(t, d - 1)}, {self.s(t, d - 1)}]")

    def stages(self, t, d):
        """One to three stages that keep the type of items. Stages run at the same time, so none may print."""
        out = []
        outer, self.in_stage = self.in_stage, True
        for _ in range(self.r.randint(1, 3)):
            k = self.r.randrange(9)
            if k == 0: out.append(f"map({self.lam([t], t, d - 1)})")
            elif k == 1: out.append(f"filter({self.lam([t], 'bool', d - 1)})")
            elif k == 2: out.append(f"take({self.r.randint(0, 4)})")
            elif k == 3: out.append(f"skip({self.r.randint(0, 2)})")
            elif k == 4: out.append(f"{self.pick('take_while', 'skip_while')}({self.lam([t], 'bool', d - 2)})")
            elif k == 5: out.append(f"flat_map({self.lam([t], ('list', t), d - 2)}) | take({self.r.randint(1, 6)})")
            elif k == 6: out.append("unique")
            elif k == 7: out.append(f"enumerate | map(p => p[1])" if self.chance(0.5) else f"zip({self.s(('list', t), 0)}) | map(p => p[{self.r.randint(0, 1)}])")
            else: out.append(f"sort(by: {self.lam([t], 'int', d - 2)}{self.pick('', ', reverse: true')})")
        self.in_stage = outer
        return " | ".join(out)

    def x_map(self, t, d):
        r = self.r
        whole = ("map", t)
        if d <= 0 or self.chance(0.4):
            items = [self.pick(f"{k}: ", f'"{k}": ') + self.s(t, max(0, d - 1)) for k in r.sample(KEYS, r.randint(0 if d <= 0 else 1, 4))]
            names = self.variables(whole)
            if names and self.chance(0.3): items.insert(r.randint(0, len(items)), "..." + r.choice(names))
            if names and self.chance(0.1): items.append(f'"k-1": {self.s(t, 0)}')
            return Text("{" + ", ".join(items) + "}", LOW)
        m = lambda: self.op(whole, ATOM, d - 1)
        k = r.randrange(9)
        if k == 0: return Text(f"{m()}.map_values({self.lam([t], t, d - 1)})")
        if k == 1: return Text(f"{m()}.map_keys({self.pick('k => k.upper()', 'k => k + k', 'k => k[..1]')})")
        if k == 2: return Text(f"{m()}.filter({self.lam(['str', t], 'bool', d - 1)})")
        if k == 3: return Text(f"{m()}.merge({self.s(whole, d - 1)}{self.pick('', ', with: (old, new) => old')})")
        if k == 4: return Text(f"{m()}.{self.pick('pick', 'omit')}({', '.join(map(quoted, r.sample(KEYS, r.randint(1, 2))))})")
        if k == 5: return Text(f"{self.op(('list', t), ATOM, d - 1)}.to_map(x => str(x))")
        if k == 6: return Text(f"{m()}.sorted()")
        if k == 7 and t == "int": return Text(f"{self.op(('list', 'str'), ATOM, d - 1)}.count_by({self.pick('x => x[..1]', 'x => str(x.len())')})")
        return Text("{..." + m() + f", {r.choice(KEYS)}: {self.s(t, d - 1)}}}", LOW)


def quoted(x):
    return f'"{x}"'


def cut(text, t):
    """Bounds what a variable holds, since programs bind what they have bound."""
    if t == "str" and re.search(r"[+{]|repeat|join|str\(|repr|json", text.s): return f"{text.at(ATOM)}[..40]"
    if isinstance(t, tuple) and t[0] == "list" and re.search(r"\+|\.\.\.|flat_map|chars|split", text.s): return f"{text.at(ATOM)}.take(9)"
    if t == "int" and re.search(r"[-+*]|reduce|sum|fold", text.s): return f"{text.at(MUL)} % 100_003"
    if t == "dur" and "*" in text.s: return f"{text.at(MUL)} % 9d"
    if t == "float" and "*" in text.s: return f"round({text}, 4)"
    return str(text)
