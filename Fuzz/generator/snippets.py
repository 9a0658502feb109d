"""Clusters of statements, each about one topic of language.md §2–§5, §14 and library.md. What may raise stands in `try`,
and prints the error's kind: built-in messages may differ between implementations."""
from .expressions import AND, ATOM, KEYS, PLAIN, quoted

RISKY = [
    "[1, 2, 3][{i}]", "[][0]", '{{a: 1}}.b', '{{a: 1}}["z"]', '"abc"[{i}]', 'int("x{i}")', 'float("?")', "{i} // 0", "{i} % 0", "{i} / 0", "9223372036854775807 + {j}",
    "(-9223372036854775807 - 1) - {j}", "-(-9223372036854775807 - 1)", "4611686018427387904 * 2", "3 ** 60", "abs(-9223372036854775807 - 1)", "(-9223372036854775807 - 1) // -1",
    '"a" < {i}', "nil + 1", '1 + "a"', "[1] + 2", "nil.x", "nil.len()", '"abc".nothing()', "[1, 2].map(3)", "5()", '"ab" - "b"', "-\"x\"", "not 1", "1 and true", "if 1 {{ 2 }}", "while nil {{ }}",
    "match {i} {{ -99 => 1 }}", "{{ assert {i} == -50 }}", "min([])", "max([])", 'json.parse("[1,")', 'json.parse("nope")', "regex('(')", 'duration("soon")', "5s + 1", "5s < 3", "true < false",
    "(fn (a) {{ a }})()", "(fn (a) {{ a }})(1, 2)", "(fn (a) {{ a }})(1, zz: 2)", "(fn ([a, b]) {{ a }})([1])", '"x".split(",", nope: 1)', "for c in \"ab\" {{ print(c) }}", "for c in {i} {{ print(c) }}",
    "[1, [2]] < [1, [nil]]", "(1..3)[7]", '"a".repeat("b")', "bool(\"maybe\")", "json.encode({{f: x => x}})", "[3, nil, 1].sorted()", '["a", 1].sum()', "raise 5", '"ab".bytes()[9]',
    "[1, 2] | map(x => x // 0)", '["1", "x"] | map(int) | sum', "3 | map(x => x)", "[nil] | filter(x => x)", 'base64.decode(5)', "(x => x)(1).y", '[1, 2]["a"]', "{{a: 1}} + {{b: 2}}", '"abc"["a"]',
]


class Snippets:
    """Mixed into the program."""

    def kinds(self):
        return [f'error {self.fresh("Kind")}']

    def risky(self):
        """Errors of the language, caught by kind or by a kind above it."""
        i, j = self.r.randint(3, 9), self.r.randint(1, 3)
        x = self.r.choice(RISKY).format(i=i, j=j)
        if x.startswith("{ "): x = x[2:-2]
        catch = self.pick("e", "e", "Error as e", "Bug as e", "TypeError, ValueError, IndexError as e", "MathError, OverflowError as e")
        k = self.r.randrange(4)
        if catch not in ("e", "Error as e") or k == 0:
            return ["try {", f"  {'let got = ' if not x.startswith(('assert', 'for', 'while', 'raise')) else ''}{x}", f"}} catch {catch} {{ print(\"{self.mark_text()}\", e.kind, e is Bug) }} catch e {{ print(e.kind) }}"]
        if x.startswith(("assert", "for", "while")): return [f"try {{ {x} }} catch {catch} {{ print(e.kind) }}"]
        if k == 1: return [f"print(try {{ {x} }} catch {catch} {{ e.kind }})"]
        if k == 2: return [f"print((try {{ {x}; \"none\" }} catch {catch} {{ [e.kind, e is Error, e is KeyError] }}))"]
        return [f"fn {self.fresh('risky')}() {{ {x} }}", f"print(try {{ risky{self.count}() }} catch {catch} {{ e.kind }} finally {{ print(\"finally\") }})"]

    def mark_text(self):
        return self.r.choice(PLAIN)

    def overflow(self):
        edge = self.pick("9223372036854775807", "-9223372036854775807 - 1", "4611686018427387904", "-4611686018427387905", "3037000500", "9223372036854775806")
        n, f = self.fresh("edge"), self.fresh("kind")
        ops = self.r.sample(["+ 1", "- 1", "* 2", "* -1", "// -1", "% -1", "** 2", "+ 0", "- -1", "// 2", "* 3037000499", "% 10", "// -7", "% -7", "* 0"], 5)
        return [f"let {n} = {edge}", f"fn {f}(f) {{ try {{ f() }} catch e {{ e.kind }} }}"] + [f"print(\"{o}\", {f}(() => {n} {o}))" for o in ops] + [f"print({f}(() => -{n}), {f}(() => abs({n})), {f}(() => {{ var t = {n}; t += 5; t }}), {n} < 0, {n} == {n} + 0)"]

    def counters(self):
        a, b = self.fresh("make"), self.fresh("c")
        step = self.small(1, 5)
        return [f"fn {a}(start, step = {step}) {{", "  var n = start", "  let up = () => { n += step; n }", "  let down = () => {", "    n -= step", "    return n", "  }", "  {up, down, read: () => n}", "}",
                f"let {b} = {a}({self.small()})", f"let {b}b = {a}({self.small()}, step: {self.small(1, 9)})",
                f"print({b}.up(), {b}.up(), {b}b.up(), {b}.down(), {b}b.down(), {b}.read(), {b}b.read())"]

    def closures(self):
        fs, n = self.fresh("fs"), self.fresh("total")
        return [f"var {fs} = []", f"var {n} = 0", f"for i in 0..{self.r.randint(2, 4)} {{", f"  var own = i * {self.small(1, 9)}", f"  {fs}.push(() => {{ own += 1; {n} += own; own }})", "}",
                f"for f in {fs} {{ print(f(), f(), {n}) }}", f"print({fs}.map(f => f()), {n}, {fs}.len())"]

    def recursion(self):
        f = self.fresh("rec")
        body = self.pick(
            [f"fn {f}(n) {{ if n < 2 {{ n }} else {{ {f}(n - 1) + {f}(n - 2) }} }}", f"print((0..{self.r.randint(8, 13)}).map({f}))"],
            [f"fn {f}(a, b) {{ if b == 0 {{ a }} else {{ {f}(b, a % b) }} }}", f"print({f}({self.r.randint(1, 999)}, {self.r.randint(1, 999)}))"],
            [f"fn {f}(x) {{ match x {{ list => x.map({f}).sum(), int => x, _ => 0 }} }}", f"print({f}([1, [2, [3, \"a\"]], [], {self.small()}]))"],
            [f"fn {f}(n, acc = []) {{ if n == 0 {{ return acc }}; {f}(n // 2, [n % 2, ...acc]) }}", f"print({f}({self.r.randint(1, 500)}))"],
            [f"fn {f}even(n) {{ n == 0 or {f}odd(n - 1) }}", f"fn {f}odd(n) {{ n != 0 and {f}even(n - 1) }}", f"print({f}even({self.r.randint(0, 40)}), {f}odd(7))"],
            [f"let {f} = fn (xs) {{", "  let [first, ...rest] = xs", f"  if rest.is_empty() {{ first }} else {{ max(first, rest.reduce(first, (a, b) => max(a, b))) }}", "}", f"print({f}({self.list_of_ints(1)}))"],
            [f"fn {f}(n, from, to, via) {{ if n == 0 {{ 0 }} else {{ {f}(n - 1, from, via, to) + 1 + {f}(n - 1, via, to, from) }} }}", f"print({f}({self.r.randint(1, 6)}, 1, 2, 3))"],
            [f"fn {f}(xs) {{", "  if xs.len() <= 1 { return xs }", "  let p = xs[0]", "  let [low, high] = xs.skip(1).partition(x => x < p)", f"  [...{f}(low), p, ...{f}(high)]", "}", f"print({f}({self.list_of_ints(5)}))"])
        return body

    def list_of_ints(self, least=0):
        return "[" + ", ".join(str(self.small()) for _ in range(self.r.randint(least, 8))) + "]"

    def list_of_words(self, least=0):
        return "[" + ", ".join(quoted(self.r.choice(PLAIN)) for _ in range(self.r.randint(least, 6))) + "]"

    def parameters(self):
        f = self.fresh("args")
        a, b = self.small(), self.small()
        return [f"fn {f}(a, b = a + {a}, c = [a, b], ...rest) {{ [a, b, c, rest] }}", f"print({f}(1), {f}(1, {b}), {f}(1, 2, 3, 4, 5), {f}(b: {b}, a: 2), {f}(c: nil, a: {a}))",
                f"let {f}list = {self.list_of_ints(1)}", f"print({f}(...{f}list), {f}(0, ...{f}list, 9))",
                f"fn {f}pick({{x, y: [p, ...q], ...others}}, [m, n]) {{ \"{{x}} {{p}} {{q}} {{others}} {{m}} {{n}}\" }}", f"print({f}pick({{x: {a}, y: [1, 2, 3], z: 5, w: \"{self.mark_text()}\"}}, [{b}, nil]))",
                f"print(try {{ {f}({self.pick('', 'zz: 1, a: 2', 'b: 1')}) }} catch e {{ e.kind }})"]

    def destructuring(self):
        v = [self.fresh("d") for _ in range(8)]
        return [f"let [{v[0]}, ...{v[1]}] = {self.list_of_ints(1)}", f"let {{a: {v[2]}, b: [{v[3]}, _], ...{v[4]}}} = {{a: {self.small()}, b: [{self.small()}, {self.small()}], c: {self.small()}, \"d e\": nil}}",
                f"var [{v[5]}, [{v[6]}, {{k: {v[7]}}}]] = [1, [\"{self.mark_text()}\", {{k: 2.5, z: 0}}]]", f"{v[5]} += {v[0]}", f"[{v[6]}, {v[7]}].each(x => print(x))", f"print({', '.join(v)})",
                f"for {{a, b}} in [{{a: 1, b: {self.small()}}}, {{a: 2, b: 3, c: 4}}] {{ print(a + b) }}", f"for i, [p, q] in zip({self.list_of_ints(1)}, {self.list_of_words(1)}) {{ print(i, p, q) }}",
                f"print(try {{ let [a, b] = {self.pick('[1]', '[1, 2, 3]', '5', '{a: 1}')}; a }} catch e {{ e.kind }}, try {{ let {{k}} = {self.pick('{z: 1}', '[1]', 'nil')}; k }} catch e {{ e.kind }})"]

    PATTERNS = ["nil", "true", "0", "-1 | 1", "2..5", "..-5", "100..", "10..=20", '"x" | "y"', '"ab"', "1.5", "[]", "[a]", "[1, ...rest]", "[a, [b, c]]", "[int as a, string as b]", "[first, ..._]", "{kind: \"circle\", r}", "{kind: \"rect\", w, h}",
                '{a: int as n}', "{a, ...others}", "{}", "int as n if n % 2 == 0", "int", "float as x", "string as s if s.len() > 3", "string", "bool", "list as xs if xs.len() > 2", "list", "map as m", "duration as t if t > 1m", "duration", "function", "Alpha {code}", "Alpha {message, code: 0..5}", "Beta as e", "Error as e", "range", "bytes", "regex", "nil | false", "5s"]
    VALUES = ["nil", "true", "false", "0", "-1", "3", "7", "-9", "15", "1000", "1.5", "2.25", '"x"', '"ab"', '"hello"', '""', "[]", "[1]", "[1, 2, 3]", "[9, [8, 7]]", '[1, "a"]', "[[1], 2]", '{kind: "circle", r: 2}', '{kind: "rect", w: 1, h: 2}', '{a: 5}', '{a: "s", b: 2}', "{}", "90s", "5s", "x => x",
              'Alpha("m", code: 3)', 'Alpha("m")', 'Beta("b", code: 9)', 'Gamma("g")', '(try { [][1] } catch e { e })', "0..3", '"é".bytes()', "regex('a')"]

    def match(self):
        f = self.fresh("match")
        arms = []
        for p in self.r.sample(self.PATTERNS, self.r.randint(4, 9)):
            names = sorted({n for n in ("a", "b", "c", "n", "r", "w", "h", "s", "x", "xs", "t", "others", "rest", "first", "code", "message") if _binds(p, n)})
            shown = ", ".join([quoted(len(arms)), *names])
            arms.append(f"  {p} => " + self.pick(f"[{shown}]", f"{{ print({shown}); {len(arms)} }}"))
        if self.chance(0.8): arms.append(f"  {self.pick('_', 'other')} => \"rest\"")
        values = self.r.sample(self.VALUES, self.r.randint(5, 9))
        return [f"fn {f}(v) {{ match v {{"] + arms + ["} }", f"for v in [{', '.join(values)}] {{ print(try {{ {f}(v) }} catch e {{ e.kind }}) }}"]

    def generator(self):
        g = self.fresh("gen")
        style = self.r.randrange(9)
        n, k = self.r.randint(2, 6), self.r.randint(1, 4)
        if style == 0: return [f"fn {g}(n) {{", "  defer { print(\"closed\") }", "  for i in 0..n {", "    print(\"giving\", i)", "    yield i * i", "  }", "}", f"for x in {g}({n}) {{", "  print(\"got\", x)", f"  if x >= {k * k} {{ break }}", "}", 'print("after")']
        if style == 1: return [f"fn {g}() {{ var [a, b] = [0, 1]; while true {{ yield a; let c = a + b; a = b; b = c }} }}", f"print({g}() | take({n}))", f"print({g}() | take_while(x => x < {n * 9}) | filter(x => x % 2 == {k % 2}))", f"print({g}() | skip({k}) | first)"]
        if style == 2: return [f"fn {g}(x) {{", "  if type(x) == \"list\" {", f"    for y in x {{ yield ...{g}(y) }}", "  } else { yield x }", "}", f"print({g}([1, [2, [3, {n}], []], \"a\"]) | collect)"]
        if style == 3: return [f"fn {g}() {{", "  try {", "    yield 1", "    try { yield 2; raise Alpha(\"inside\", code: 7) } catch Alpha as e { yield e.code } finally { print(\"inner\") }", f"    yield {n}", "  } finally { print(\"outer\") }", "}",
                               f"for x in {g}() {{ print(x); if x == {self.pick('1', '2', '7', n)} {{ break }} }}", f"print({g}() | collect)"]
        if style == 4: return [f"fn {g}(n) {{ yield n; yield n + 1; raise Gamma(\"gone\", code: n) }}", f"print(try {{ {g}({n}) | collect }} catch Gamma as e {{ e.code }})", f"for x in {g}({k}) | take(2) {{ print(x) }}", f"try {{ for x in {g}({k}) {{ print(x) }} }} catch e {{ print(e.kind, e.message) }}"]
        if style == 5: return [f"fn {g}(s, f) {{ for x in s {{ if f(x) {{ yield x; yield -x }} }} }}", f"print({self.list_of_ints(1)} | {g}(x => x % 2 == 0) | sort)", f"print(({self.list_of_ints()} | {g}(x => x > {k}) | map(x => x * 2)) ?? nil)", f"fn {g}evens(s) {{ yield ...s | filter(x => x % 2 == 0) }}", f"print({self.list_of_ints(2)} | {g}evens | collect)"]
        if style == 6: return [f"var {g}n = {n}", f"fn {g}() {{ yield {g}n; yield {g}n + 1 }}", f"let {g}s = {g}()", f"{g}n = 100", f"print({g}s | collect)", f"print({g}() | collect)"]
        if style == 7: return [f"fn {g}(n) {{", "  with res(\"gen\") as r {", "    for i in 0..n { yield \"{r.name}{i}\" }", "  }", "  print(\"whole\")", "}", f"let {g}a = {g}({n})", f"for x in {g}a {{ print(x); if x.ends_with(\"{k}\") {{ break }} }}", f"print(try {{ {g}a | collect }} catch e {{ e.kind }})"]
        return [f"fn {g}(d) {{ if d > 0 {{ yield d; yield ...{g}(d - 1); yield -d }} }}", f"print({g}({k}) | collect, {g}({k}) | sum)", f"print({g}({k}) | enumerate | filter(p => p[0] % 2 == 0) | map(p => p[1]))", f"let {g}z = zip({g}(2) | collect, {self.list_of_words(2)})", f"print({g}z)"]

    def pipeline(self):
        t = self.pick("int", "int", "str", "float")
        source = self.s(("list", t), 1)
        xs = self.fresh("items")
        self.scopes[-1][xs] = (("list", t), False)
        stages = self.stages(t, 2)
        sinks = ["collect", "count", "first", "last", 'join("-")', "fold([], (s, x) => [x, ...s])", f"group_by(x => str(x)[..1])"]
        if t in ("int", "float"): sinks += ["sum", "fold(0, (s, x) => s + x)"]
        n = self.fresh("n")
        return [f"let {xs} = {source}.take(9)", f"print({xs} | {stages} | {self.r.choice(sinks)})", f"print({xs} | {self.stages(t, 1)})", f"var {n} = \"\"", f"{xs} | {self.stages(t, 1)} | each(x => {{ {n} += \"{{x}};\" }})", f"print({n})",
                f"print(try {{ {xs} | map(x => if x == {xs}.get({self.r.randint(0, 4)}) {{ raise Alpha(\"stage\") }} else {{ x }}) | {self.pick('collect', 'count', 'last')} }} catch e {{ e.kind }})",
                *self.pick([], [f"{xs} | {self.stages(t, 1)} | print"], [f"for i, x in {xs} | {self.stages(t, 1)} {{ print(i, x) }}"], [f"print(\"l1\\nl2 x\\n\\nl4\" | lines | map(l => l.len()))"],
                           [f"let {n}own = s => s | map(x => [x]) | collect", f"print({xs} | {n}own | count)"], [f"print(stream({xs}) | {self.stages(t, 1)} | count)"], [f"print(map({xs}, x => [x, x]), enumerate({xs}, 1), zip({xs}, {xs}.reversed()))"],
                           [f"print(({xs} + {xs}) | unique | sort)"])]

    def copies(self):
        a, b, c = self.fresh("a"), self.fresh("b"), self.fresh("c")
        ints, word = self.list_of_ints(2), self.mark_text()
        k = self.r.randrange(4)
        if k == 0: return [f"var {a} = {ints}", f"var {b} = {a}", f"let {c} = [{a}, {b}, {{k: {a}}}]", f"{a}.push({self.small()})", f"{b}[0] = \"{word}\"", f"{b}.sort(by: x => str(x))", f"print({a}, {b}, {c})"]
        if k == 1: return [f"var {a} = {{x: {{y: {ints}}}, z: {ints}}}", f"let {b} = {a}", f"var {c} = {a}.x", f"{a}.x.y.push(1)", f"{a}.x.y[0] += 5", f"{c}.y = nil", f"{a}.w = {b}", f"{a}.z.extend({b}.z)", f"print({a}, {b}, {c}, {a} == {b})"]
        if k == 2: return [f"fn {a}(xs) {{ var own = xs; own.push(0); own[0] = -1; own }}", f"var {b} = {ints}", f"let {c} = {a}({b})", f"{b}.clear()", f"print({b}, {c})", f"for x in {c} {{ {b}.push(x); {b}.push(x) }}", f"print({b})"]
        return [f"var {a} = [{ints}, {ints}]", f"var {b} = {a}[0]", f"{a}[0].push(7)", f"{a}[1][-1] = {a}[0]", f"{b}.insert(1, {a})", f"let {c} = () => {{ {a}.pop() }}", f"print({c}(), {a}, {b})", f"for i, x in {a} {{ {a}.push(i) }}", f"print({a})"]

    def places(self):
        m = self.fresh("m")
        k = self.r.choice(KEYS)
        return [f"var {m} = {{a: [1, {{b: 2}}], \"k k\": {{}}, n: {self.small()}}}", f"{m}.a[1].b *= {self.small(2, 5)}", f"{m}[\"k k\"].{k} = [{self.small()}]", f"{m}[\"k k\"].{k}.push({m}.n)", f"{m}.n -= 1", f"{m}[\"new\"] = {m}.a[0]", f"{m}.a[0] = {m}.remove(\"n\")",
                f"print({m}, {m}.keys(), {m}.get(\"n\"), {m}?.n?.x, {m}.has(\"new\"))", f"{m}.set_default(\"n\", 1); {m}.update({{n: 2, a: 0}})", f"print({m})", f"for k, v in {m} {{ {m}.remove(k) }}", f"print({m}, {m}.is_empty())"]

    def errors(self):
        f = self.fresh("fails")
        kind = self.pick("Alpha", "Beta", "Gamma")
        return [f"fn {f}(n) {{", f"  if n == 0 {{ raise {kind}(\"zero\", code: n, why: \"{self.mark_text()}\") }}", f"  try {{ {f}(n - 1) }} catch {self.pick('e', 'Error as e', kind + ' as e')} {{", f"    {self.pick('e.note(' + quoted('at {n}') + '); raise e', 'raise Gamma(' + quoted('level {n}') + ', code: n) from e', 'raise Beta(' + quoted('wrapped') + ')')}", "  }", "}",
                f"let {f}e = try {{ {f}({self.r.randint(0, 3)}); nil }} catch e {{ e }}", f"print({f}e.kind, {f}e.message, {f}e?.code, {f}e.notes, {f}e.cause?.message, {f}e.data, {f}e.suppressed)", f"print({f}e, {f}e is Alpha, {f}e is Beta, {f}e is Error, {f}e is Bug, [{f}e], {f}e?.nothing)",
                f"var {f}c = {f}e", f"while {f}c != nil {{ print({f}c.kind, {f}c?.code ?? \"no code\"); {f}c = {f}c.cause }}",
                f"print(try {{ {f}e.nothing }} catch e {{ e.kind }}, try {{ raise {f}e }} catch Alpha {{ \"alpha\" }} catch Gamma as g if g?.code == 1 {{ \"gamma 1\" }} catch e {{ \"other\" }})"]

    def optional(self):
        m = self.fresh("opt")
        return [f"let {m} = {{a: {{b: [1, {{c: \"{self.mark_text()}\"}}]}}, z: nil, f: x => x + 1}}", f"print({m}?.a?.b?[1]?.c, {m}?.q?.b[9].c.d, {m}?.z ?? \"none\", {m}.z?.b.c.d(), {m}?.a.b?[7] ?? -1)",
                f"print({m}?[\"a\"]?[\"zz\"], {m}?.a.b[0] ?? 5 > {self.small(0, 3)}, nil?.x, {m}?.q?.trim().upper(), {m}.f({self.small()}), {m}?.a.b[1].c.upper())",
                f"fn {m}f(x) {{ let y = x ?? return \"nil!\"; y + 1 }}", f"print({m}f(nil), {m}f({self.small()}), try {{ {m}?.a.nope }} catch e {{ e.kind }})"]

    def ranges(self):
        a, b = self.small(-4, 3), self.small(1, 9)
        xs = self.fresh("seq")
        return [f"let {xs} = {self.list_of_ints(3)}", f"print({xs}[{self.slice()}], {xs}[{self.slice()}], {xs}[{self.slice()}], \"{self.r.choice(PLAIN)}\"[{self.slice()}], \"日本語é\"[{self.slice()}], list((0..9)[{self.slice()}]))",
                f"print({a}..{b}, {a}..={b}, ({a}..{b}).len(), {b} in {a}..{b}, {b} in {a}..={b}, list({a}..{b}), [...{a}..={b}].sum())", f"print((0..{b}).map(x => x * x), (0..{b}).filter(x => x % 2 == 1), ({a}..{b}).reversed(), ({b}..{a}).len())",
                f"for i in range({a}, {b}, {self.r.randint(1, 3)}) {{ print(i, end: \" \") }}", f"print(({a}..={b}) | map(x => x - {a}) | fold(1, (p, x) => (p * (x + 1)) % 1009))", f"let {xs}r = {a}..{b}", f"print({xs}r.first(), {xs}r.last(), {xs}[-1], {xs}[{self.pick('0', '1', '-2')}])"]

    def formats(self):
        n, x, s, d = (self.fresh("f") for _ in range(4))
        ints = self.r.sample([":5", ":<5", ":^6", ":>7", ":05", ":+", ":*>6", ":-<8", ":x", ":o", ":b", ":e", ":f", ":,", ":08", ":+06", ":#^9", ":04x", ":8b", ":.2f", ":%", ":B", ":iB"], 7)
        floats = self.r.sample([":.0", ":.1", ":.2", ":.3f", ":8.2", ":<9.1", ":+.2", ":08.2", ":e", ":.1e", ":,.2", ":%", ":.1%", ":*^10.1", ":f", ":10"], 6)
        return [f"let {n} = {self.pick(self.r.randint(-300, 300), self.r.randint(0, 9), 1234567, -1048576, 0, 989999)}", f"let {x} = {self.pick('0.0', '1.5', '-2.75', '1234.5678', '0.001', '-0.5', '99.995', '2.0', '1e6')}", f"let {s} = \"{self.pick('ab', 'hello', 'naïve', 'x', '')}\"", f"let {d} = {self.pick('1512ms', '59s', '5s', '250us', '1234us')}",
                f"print(\"{'|'.join('{' + n + f + '}' for f in ints)}\")", f"print(\"{'|'.join('{' + x + f + '}' for f in floats)}\")", f"print(\"[{{{s}:>8}}] [{{{s}:<7}}] [{{{s}:^9}}] [{{{s}:*^7}}] [{{{s}:.2}}] [{{{s}:6.1}}]\")", f"print(\"{{{d}:.1}} {{{d}}} {{{d}:.0}} \\{{ }} {{[{n}, {x}]}} {{{s} + {quoted('!')}:>9}}\")"]

    def strings(self):
        s = self.fresh("s")
        w = self.r.choice(["banana", "Hello, World", "a-b--c", "  pad  ", "日本 語", "naïve café", "👍🏽ok", "x=1;y=2", "one\\ntwo\\n\\nthree", "AbCaBc"])
        p = lambda: quoted(self.r.choice(["a", "b", "-", "=", " ", "an", "C", "zz", "o"]))
        calls = self.r.sample([f".split({p()})", f".split({p()}, max: 1)", ".split()", f".replace({p()}, \"_\")", f".replace({p()}, \"+\", max: 1)", ".chars()", ".lines()", ".words()", ".len()", ".bytes().len()", ".upper()", ".lower()", ".reversed()", ".trim()", f".count({p()})", f".contains({p()})",
                               f".starts_with({p()})", f".remove_prefix({p()})", ".repeat(2)", "[1..3]", "[-2..]", "[0]", "[-1]", f".trim({p()})", ".trim_start()", ".is_empty()", ".is_digit()", ".is_alpha()", ".is_space()", ".chars().reversed().join()", ".chars().unique().len()", ".chars().count_by(c => c)", ".bytes()[0]", ".encode().hex()", ".normalize().len()", f".split({p()}).map(x => x.len())",
                               f".chars().group_by(c => c.is_alpha())"], 9)
        extra = [f"print({s}.index({p()}), {s}.index({p()}, from: 2))"] if w.isascii() and "\\" not in w and "'" not in w else []
        return [f"let {s} = \"{w}\""] + [f"print({', '.join(s + c for c in calls[i:i + 3])})" for i in (0, 3, 6)] + extra + [f"print({s} == {s}.trim(), {s} < \"b\", {s} + \"!\", \"{{{s}}}|{{{s}.len()}}|{{{s}.upper()}}\", repr({s}), [{s}], {{[{s}]: {s}}})"]

    def multiline(self):
        s = self.fresh("text")
        return [f"let {s}n = {self.small()}", f"let {s} = \"\"\"", "  first {" + s + "n} line", f"    second \\\"{self.mark_text()}\\\"", "", "  {" + s + "n + 1:>4}|", "  \"\"\"", f"print({s})", f"print({s}.lines().len(), '''", "  raw {not} \\n", "    deeper", "  ''', 'it\\d')"]

    def regexes(self):
        r = self.fresh("re")
        pattern, text = self.pick(("[0-9]+", "a1 b22 c333"), ("([a-z])([0-9]+)", "a1 b22 c333"), ("(?<k>[a-z]+)=(?<v>[0-9]*)", "x=1, yy=22, z="), ("b+|c", "abbcabc"), ("^(a)?b", "b ab"), ("\\s*,\\s*", "a , b,c ,d"), ("(x)|(y)", "xyzx"), ("\\bw\\w*", "the word was write"), ("[^aeiou ]{2,}", "string things black"))
        return [f"let {r} = regex('{pattern}')", f"let {r}s = \"{text}\"", f"print({r}.matches({r}s), {r}.find({r}s), {r}.find(\"#\"))", f"for m in {r}.find_all({r}s) {{ print(m.text, m.start, m.end, m.groups, m.names) }}", f"print({r}.replace({r}s, \"<>\"), {r}.replace({r}s, m => m.text.upper() + \"!\"))",
                f"print({r}s.contains({r}), {r}s.replace({r}, \"-\"), type({r}))"] + ([f"print({r}.split({r}s), {r}s.split({r}))"] if "(" not in pattern else [f"print({r}.replace({r}s, '$1.'))"])

    def json(self):
        j = self.fresh("j")
        t = self.pick(("list", "int"), ("map", ("list", "str")), ("map", "float"), ("list", ("map", "int")), ("map", "bool"), "str")
        return [f"let {j} = {self.s(t, 2)}", f"let {j}t = json.encode({j})", f"print({j}t, json.parse({j}t) == {j}, type(json.parse({j}t)))", f"print(json.encode({{data: {j}, n: nil, f: {self.small()}.5}}, indent: {self.r.randint(1, 4)}))",
                f"print(json.parse('{{\"z\": [1, 2.0, {{\"y\": null}}], \"a\": \"\\u00e9\\n\", \"t\": true, \"e\": 1e3}}'))", f"print(json.encode({{b: {j}, a: [[], {{}}]}}, sort_keys: true))", f"print(try {{ json.parse(\"{self.pick('[1 2]', 'tru', '', '{]', '[1,]', '01x')}\") }} catch ParseError as e {{ [e.kind, e.line] }})".replace('"{]"', "'{]'")]

    def bytes(self):
        b = self.fresh("by")
        return [f"let {b} = \"{self.pick('héllo', 'abc', '日本', 'x👍y', '')}\".bytes()", f"print({b}, {b}.len(), {b}.hex(), [{b}], {b} == {b}[..], {b}[..2].len(), type({b}))", f"print({b}.decode(), bytes(\"ab\").hex(), bytes([104, 105]).decode(), try {{ {b}[{self.r.randint(0, 6)}] }} catch e {{ e.kind }}, base64.encode({b}), base64.decode(base64.encode({b})) == {b}, hash.crc32({b}), hash.md5({b}))"]

    def durations(self):
        a, b = (self.r.choice(["5s", "1m30s", "250ms", "2h", "1h30m", "1d2h", "10us", "1500ms", "7m", "36h", "1s1ms", "999us"]) for _ in range(2))
        d = self.fresh("dur")
        return [f"let {d} = {a}", f"print({d}, {d} + {b}, {d} - {b}, {d} * {self.small(-3, 4)}, {d} / {b}, {d} // {b}, -{d}, {d} % {b})", f"print({d} < {b}, {d} == {b}, max({d}, {b}), [{d}, {b}, 0s].sorted(), {d}.seconds, [{a}, {b}].sum(), \"{{{d}}}\", duration(\"{a}\") == {d}, str({d}), type({d}))"]

    def lists(self):
        xs = self.fresh("l")
        t = self.pick("int", "str")
        lit = self.list_of_ints(3) if t == "int" else self.list_of_words(3)
        key = self.pick("x => str(x).len()", "x => str(x)[..1]", "x => x")
        calls = self.r.sample([f".group_by({key})", f".count_by({key})", ".enumerate()", f".partition({self.lam([t], 'bool', 1)})", f".sorted(by: {key})", f".sorted(by: [{key}, x => x], reverse: true)", f".min(by: {key})", f".max(by: {key})", f".unique(by: {key})", f".chunks({self.r.randint(1, 3)})", f".windows({self.r.randint(1, 3)})", ".zip(0..9)", ".flat_map(x => [x, x])",
                               f".to_map({key}, value: x => [x])", ".first()", ".last()", ".get(2)", ".get(-9, \"none\")", f".any({self.lam([t], 'bool', 1)})", f".all({self.lam([t], 'bool', 1)})", f".find({self.lam([t], 'bool', 1)})", ".take(2)", ".skip(2)", ".slice(1, 3)", f".take_while({self.lam([t], 'bool', 1)})", f".skip_while({self.lam([t], 'bool', 1)})",
                               ".map((x, i) => [i, x])", ".filter((x, i) => i % 2 == 0)", ".reversed()", ".join(\", \")", ".contains(3)", ".index(\"foo\")", ".reduce([], (s, x) => [x, ...s])", ".min()", ".max()", ".map(x => [x, [x]]).flatten()", ".sorted()", f".count({self.lam([t], 'bool', 1)})", ".is_empty()"] + ([".sum()", ".mean()"] if t == "int" else []), 9)
        return [f"let {xs} = {lit}"] + [f"print({', '.join(xs + c for c in calls[i:i + 3])})" for i in (0, 3, 6)] + [f"print({xs}, {xs} == {xs}.reversed().reversed(), {xs}.len(), [{xs}, {xs}] == [{xs}, {xs}[..]])", f"var {xs}s = []", f"{xs}.each(x => {{ {xs}s.push([x]) }})", f"print({xs}s.flatten() == {xs})"]

    def maps(self):
        m = self.fresh("m")
        self_map = "{" + ", ".join(f"{k}: {self.small()}" for k in self.r.sample(KEYS, self.r.randint(2, 5))) + "}"
        calls = self.r.sample([".keys()", ".values()", ".items()", ".len()", f".get(\"{self.r.choice(KEYS)}\")", ".get(\"zz\", [])", ".map_values(x => x * x)", ".map_keys(k => k + \"1\")", ".filter((k, v) => v > 3)", ".merge({a: 0, zz: 1})", ".merge({a: 5, b: 6}, with: (x, y) => [x, y])", ".invert()", ".sorted()", ".pick(\"a\", \"b\")", ".omit(\"a\", \"q\")", f".has(\"{self.r.choice(KEYS)}\")", ".is_empty()", ".items().map(p => p[1]).sum()", ".keys().sorted()"], 6)
        return [f"let {m} = {self_map}"] + [f"print({', '.join(m + c for c in calls[i:i + 3])})" for i in (0, 3)] + [f"for k, v in {m} {{ print(k, v, end: \";\") }}", f"for k in {m} {{ print(k, end: \" \") }}", f"print({m} | map(k => k.upper()), {{...{m}, a: nil}}, {{1: \"i\", 2.5: \"f\", [1s]: \"d\", [\"x\" + \"y\"]: 0}}, {m} == {{...{m}}})",
                f"var {m}n = {{}}", f"for w in {self.list_of_words(3)} {{ {m}n[w] = ({m}n?[w] ?? 0) + 1 }}", f"print({m}n)"]

    def withs(self):
        f = self.fresh("use")
        return [f"fn {f}(how) {{", "  with res(\"a\") as a {", "    defer { print(\"deferred\", a.name) }", "    with res(\"b\") {", "      if how == 0 { return \"left\" }", "      if how == 1 { raise Beta(\"broken\") }", "      print(\"inside\", how)", "    }", f"    {self.expr('str', 1).at(AND)}", "  }", "}", f"for how in 0..{self.r.randint(2, 4)} {{ print(try {{ {f}(how) }} catch e {{ e.message }}) }}"]

    def blocks(self):
        v = self.fresh("b")
        n = self.small()
        return [f"let {v} = if {n} > 5 {{ let t = {n}; t * 2 }} else if {n} < 0 {{ \"neg\" }} else {{ nil }}", f"let {v}t = try {{", f"  if {n} % 2 == 0 {{ raise Gamma(\"even\") }}", "  \"odd\"", "} catch Gamma as e {", "  e.message.upper()", "}", f"let {v}m = match {v} {{", "  nil => \"none\"", f"  int as i if i > {n} => {{", "    let d = i - 1", "    [d, i]", "  }", "  other => other", "}",
                f"print({v}, {v}t, {v}m)", f"let {v}s = [1, 2,", "  3]", "  .map(x => x + 1)", f"  .filter(x => x != {self.small(0, 4)})", f"print({v}s", "  | map(x =>", "      x * 2)", "  | collect)", f"let {v}f = (a,", f"  b = {n}) => a +", "  b", f"print({v}f(1))", f"if {n} > 0 {{ print(\"pos\") }} else {{ print(\"not\") }}; print(\"same line\")",
                f"var {v}i = 0; while true {{ {v}i += 1; if {v}i % 2 == 0 {{ continue }}; if {v}i > {self.r.randint(3, 9)} {{ break }}; print({v}i, end: \",\") }}; print()"]

    def shadows(self):
        v = self.fresh("sh")
        return [f"let {v} = 1", f"fn {v}f(x) {{", f"  let {v} = x * 10", f"  if x > 0 {{ let {v} = \"inner\"; print({v}) }}", f"  for {v} in [x, x + 1] {{ print({v}) }}", f"  let g = {v} => {v} + 1", f"  [{v}, g({self.small()})]", "}", f"print({v}, {v}f({self.small()}), {v})", f"print(match 5 {{ {v} => {v} + 1 }}, {v})"]

    def texts(self):
        return [f"print(url.encode(\"a b&{self.mark_text()}\"), url.decode(\"a%20b\"), base64.encode(\"{self.mark_text()}\"), hash.sha1(\"{self.mark_text()}\")[..8])", f"print(path.join(\"a\", \"{self.pick('b', 'b/c', 'x.txt')}\"), path.name(\"/x/{self.pick('y.tar', 'z')}\"), path.stem(\"d/e.txt\"), path.ext(\"e.{self.pick('md', 'x')}\"), path.normalize(\"a/./b/../c\"), path.is_absolute(\"/x\"))",
                f"let csv{self.fresh('t')} = csv.parse(\"n,{self.pick('w', 'word')}\\n1,\\\"a, b\\\"\\n2,{self.pick('x', 'y')}\\n\")", f"print(csvt{self.count}, csv.encode(csvt{self.count}) == csv.encode(csvt{self.count}.map(r => r)), csvt{self.count}.map(r => int(r.n)).sum())",
                f"print(math.floor({self.small()}.5), math.ceil(-{self.small(0, 5)}.25), round({self.small()}.126, 2), math.gcd(12, {self.r.randint(1, 50)}), math.sqrt(16.0), math.sign({self.small()}), abs(-{self.small(0, 9)}.5), {self.small(1, 9)} / 4, -7 // {self.pick('2', '-2', '3')}, -7 % {self.pick('2', '-3', '5')}, 2 ** {self.r.randint(0, 62)})"]

    def memo(self):
        f = self.fresh("memo")
        return [f"var {f}cache = {{}}", f"fn {f}(n) {{", f"  if n in {f}cache {{ return {f}cache[n] }}", f"  let v = if n < 2 {{ n }} else {{ ({f}(n - 1) + {f}(n - 2)) % 1_000_007 }}", f"  {f}cache[n] = v", "  v", "}", f"print({f}({self.r.randint(5, 60)}), {f}cache.len(), {f}cache.get(5))"]

    def compose(self):
        f = self.fresh("comp")
        return [f"let {f} = (...fs) => x => fs.reduce(x, (v, f) => f(v))", f"print({f}({self.lam(['int'], 'int', 1)}, {self.lam(['int'], 'int', 1)}, str)({self.small()}))", f"fn {f}curry(a) {{ b => c => [a, b, c] }}", f"print({f}curry(1)(2)({self.small()}))", f"let {f}t = {{add: (a, b) => a + b, twice: f => x => f(f(x)), name: \"{self.mark_text()}\"}}", f"print({f}t.add(2, {self.small()}), {f}t.twice(x => x * 3)({self.small()}), {f}t.name.len(), {f}t[\"add\"](1, 1))"]

    def tasks(self):
        """Tasks whose order is fixed by awaiting them; only with --tasks."""
        f = self.fresh("task")
        k = self.r.randrange(6)
        if k == 0: return [f"let {f} = spawn {{ {self.expr('int', 1).at(AND)} }}", f"print(await {f}, {f}.state)"]
        if k == 1: return [f"print(gather for x in {self.list_of_ints(1)} {{ x * x }})", "print((gather settled for x in [1, 2, 0] { if x == 0 { raise Alpha(\"zero\") } else { 6 // x } }).map(r => r.ok))"]
        if k == 2: return [f"var {f} = {self.list_of_ints(1)}", f"let {f}r = retry {self.r.randint(2, 4)} {{", f"  {f}.push(attempt.number)", f"  if attempt.number < {self.r.randint(1, 5)} {{ raise Alpha(\"again\") }}", "  attempt.number", "} else e { e.message }", f"print({f}r, {f})"]
        if k == 3: return [f"print(timeout 10s {{ {self.s('int', 1)} }} else {{ -1 }}, timeout 0s {{ sleep(1s); 1 }} else {{ \"late\" }})"]
        if k == 4: return [f"print(shield {{ [await spawn 1, await spawn {{ {self.s('int', 1)} }}] }})"]
        return [f"let {f} = spawn {{ defer {{ print(\"cleaned\") }}; raise Gamma(\"task\", code: 3) }}", f"print(try {{ await {f} }} catch Gamma as e {{ e.code }}, {f}.state)"]


def _binds(pattern, name):
    import re
    if re.match(r"Alpha", pattern): return name in ("code", "message") and name in pattern and name + ":" not in pattern
    if re.search(r"as " + name + r"\b", pattern): return True
    if name in ("rest", "others"): return f"...{name}" in pattern
    if pattern.startswith("["): return bool(re.search(r"(?<!\w)" + name + r"(?!\w)", re.sub(r"(int|string) as \w+", "", pattern)))
    if pattern.startswith("{"): return bool(re.search(r"[{,] ?" + name + r"(?=[,}])", pattern))
    return False
