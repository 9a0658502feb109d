"""What bounds, repeats and cleans up: `timeout`, `shield`, `retry`, `defer`, `try` and loops (language.md §5, §9 to §11)."""
from .tasks import block, bound

ATTEMPTS = '"{describe(e)} {(e?.attempts ?? []).map(a => describe(a))}"'
FILTERS = ("Alpha", "Beta, Gamma", 'Own as e if e.message != ""', "Timeout, Alpha", 'Gamma as e if e.message == ""')
IN_CLEANUP = ("cleanup_shield", "cleanup_timeout", "cleanup_task")


class Limits:
    """Mixed into the program. Each method gives lines, and leaves the task with the turn (place.py)."""

    # --- timeout and shield --------------------------------------------------------------------------------------
    def act_timeout(self, place):
        """A deadline, with `else` or caught outside, over a block or a call."""
        inside = place.inner()
        body = self.acts(inside) + self.ending(inside, 0.1)
        if self.chance(0.3) and not place.shielded: body.insert(0, self.note("(deadline() + 9ms) // 10ms"))
        lines = block(f"timeout {self.longer(place)}", body)
        if self.functions and self.chance(0.2): lines = [f"timeout {self.longer(place)} {self.call(place, self.r.choice(self.functions), self.next_task())}"]
        if self.chance(0.5): lines[-1:] = self.otherwise(place, lines[-1])
        return self.valued(place, lines)

    def otherwise(self, place, last, head="else"):
        inside = place.inner()
        return block(f"{last} {head}", self.acts(inside, most=1) + [self.value(inside)])

    def valued(self, place, lines, handler="describe(e)"):
        """The value of an expression of several lines; what it raises is caught here, or goes on."""
        name = self.fresh("v")
        place.seen.append(name)
        return [*bound(name, lines, handler if self.chance(0.75) else ""), self.note(name)]

    def act_shield(self, place):
        """No jump leaves it: it is the end of the body, where a cancellation is delivered, but not in the oracle. The task has
        no live ones outside: those are cancelled though it is shielded itself, in the oracle only after the shield."""
        if place.live: return self.act_note(place)
        inside = place.inner(loop=False, may_return=False, shielded=True, tools=[])
        inner = self.pick("", "", f"timeout {self.longer(place)} ")
        lines = block(f"shield {inner}".rstrip(), self.acts(inside) + self.ending(inside))
        return self.valued(place, lines)

    # --- retry -----------------------------------------------------------------------------------------------------
    def act_retry(self, place):
        """Attempts that change what is outside, and fail: all of it must be undone but what the last leaves."""
        out = self.variables(place)
        kept, number = list(place.own), self.r.randint(1, 4)
        inside = place.inner(shifts=(*place.shifts, ("attempt.number", "number")))
        body = [line for _ in range(self.r.randint(1, 3)) for line in self.change(inside)]
        if self.chance(0.5): body += [f"sleep({self.moment(inside)})", *self.change(inside)]
        body += self.acts(inside, most=2)
        if self.chance(0.3): body.append(self.note("attempt.number", "describe(attempt.last)"))
        if self.chance(0.7): body.append(f"if attempt.number < {self.r.randint(1, 5)} {{ {self.failure(inside)} }}")
        else: body += self.change(inside)
        clauses, until = self.retry_clauses(place)
        lines = block(f"retry {number}{clauses}", body + ["attempt.number"])
        if self.chance(0.4): lines[-1:] = self.otherwise(place, lines[-1], self.pick("else", "else e"))
        # `attempts` lacks in the oracle what `until` has refused.
        lines = self.valued(place, lines, self.pick("describe(e)", ATTEMPTS) if not until else "describe(e)")
        return out + lines + [self.note(name if kind != "closure" else f"{name}()") for name, kind in kept]

    def retry_clauses(self, place):
        """The clauses of a `retry`, in any order, and whether `until` is among them."""
        a, b = self.moment(place), self.moment(place)
        clauses = self.pick([], [], [f" backoff ({a}) jitter 0"], [f" backoff ({a})..({a} + {b}) jitter 0"], [f" every ({a}) jitter 0"],
                            [f" backoff ((error, n) => {self.length()} * n)"])
        if self.chance(0.2): clauses.append(f" within {self.longer(place)}")
        until = self.chance(0.2)
        if until: clauses.append(f" until x => x > {self.r.randint(0, 4)}")
        if self.chance(0.3): clauses.append(" on " + self.pick(*FILTERS))
        self.r.shuffle(clauses)
        return "".join(clauses), until

    # --- variables ---------------------------------------------------------------------------------------------------
    def variables(self, place):
        """Declares variables of the task's own, of every kind that an attempt can change."""
        out = []
        for kind in self.r.sample(("number", "list", "map", "closure"), self.r.randint(1, 2)):
            name = self.fresh("w")
            if kind == "number": out.append(f"var {name} = {self.small()}")
            if kind == "list": out.append(f"var {name} = [{self.small()}, {self.small()}]")
            if kind == "map": out.append(f"var {name} = {{n: {self.small()}, items: [{self.small()}], inner: {{m: 1}}}}")
            if kind == "closure":
                cell = self.fresh("w")
                out += [f"var {cell} = {self.small()}", f"let {name} = () => {{ {cell} += 1; {cell} }}"]
                place.own.append((cell, "number"))
            place.own.append((name, kind))
        return out

    def act_variables(self, place):
        return self.variables(place)

    def change(self, place):
        """Changes one of the task's own variables, directly or through a function; the main task also the script's."""
        x = self.value(place)
        if place.task == 0 and not place.repeated and self.chance(0.3): return [f"bump({self.small()})"]
        if not place.own: return self.act_note(place)
        name, kind = self.r.choice(place.own)
        if kind == "number": return [self.pick(f"{name} = {self.small()}", f"{name} += {self.small()}")]
        if kind == "list":
            return [self.pick(f"{name}.push({x})", f"{name}[0] = {x}", f"{name} = [{x}, {x}]", f"{name}.insert(0, {x})",
                              f"{name} = {name}.reversed()")]
        if kind == "map":
            return [self.pick(f"{name}.n += 1", f"{name}.items.push({x})", f"{name}.inner.m = {x}", f'{name}["k{self.small()}"] = {x}',
                              f"{name}.items[0] = {x}", f"{name}.inner = {{m: {x}}}")]
        return [f"{name}()"]

    def act_change(self, place):
        if place.task != 0 and self.chance(0.1):
            return [self.note("try { bump(1) } catch IsolationError as e { e.kind }")]
        return self.change(place)

    # --- cleanup -------------------------------------------------------------------------------------------------------
    def cleanup_statement(self, place):
        """`defer`, or `defer error`, with or without a grace period of its own."""
        head, shown = self.pick(("defer", ""), ("defer", ""), ("defer error", ""), ("defer error as e", "describe(e)"))
        return block(head + self.grace(place), self.cleanup(place, place.may_sleep(deferring=True), shown))

    def grace(self, place):
        """A grace period that is hardly ever spent: act_grace has those that are."""
        return f" within {self.longer(place)}" if self.is_patient else ""

    def cleanup(self, place, may_sleep, shown=""):
        """What stands in a cleanup. Several tasks may clean up at one instant: all but one of them sleep first."""
        inside = place.in_cleanup()
        out = [self.note(shown) if shown else self.note()]
        if not may_sleep or place.shifts and not self.is_patient: return out if self.may_be_immediate(place) else ["nil"]
        if not (self.may_be_immediate(place) and self.chance(0.6)): out[:0] = self.pause(inside)
        if self.chance(0.25): out += getattr(self, self.pick(*IN_CLEANUP))(inside)
        if not place.ends_script and self.chance(0.08): out.append(self.failure(inside))
        return out

    def may_sleep_in_grace(self, place):
        """Whether cleanup that cannot have a grace period of its own may sleep."""
        return place.may_sleep(deferring=False) and not self.is_patient

    def cleanup_shield(self, place):
        return block("shield", [*self.pause(place), self.note()])

    def cleanup_timeout(self, place):
        body = f"{{ {self.pause(place)[0]}; {self.value(place)} }}"
        return [self.note(f"timeout {self.longer(place)} {body} else {{ nil }}")]

    def cleanup_task(self, place):
        """A cleanup is a scope: it waits for what it starts."""
        return block(self.pick("spawn", "await spawn"), [*self.pause(place), self.note()])

    def act_grace(self, place):
        """Cleanup whose grace is spent, or not quite: all of an unwinding shares one, or each has its own. Only in the main task:
        what its parent has to clean up when it is cancelled shares it, too, but not in the oracle."""
        if place.task != 0 or not place.may_sleep(deferring=False): return self.act_note(place)
        length = lambda: self.length(self.AROUND_GRACE)
        body = []
        own = self.chance(0.4)
        for _ in range(self.r.randint(1, 2)):
            within = f" within {length()}" if own else ""
            steps = [f"sleep({length()})", self.note(), f"sleep({length()})", self.note()]
            body += block(f"defer{within}", self.pick(steps, block("shield", steps[:2]) + steps[2:], steps[:2]))
        body.append(f"sleep({self.moment(place)} + {self.length()})")
        return self.valued(place, block(f"timeout {self.longer(place)}", body)) + self.pause(place)

    def act_defer(self, place):
        return self.cleanup_statement(place)

    def act_try(self, place):
        inside = place.within()
        body = self.acts(inside) + ([self.failure(inside)] if self.chance(0.5) else self.act_note(inside))
        out = block("try", body)
        if self.chance(0.3): out[-1:] = block("} catch Cancelled", self.cleanup(place, self.may_sleep_in_grace(place)))
        if self.chance(0.8) or len(out) == len(body) + 2:
            kind = self.pick("e", "Own as e", "Alpha as e", "Beta, Gamma as e", "Timeout as e")
            out[-1:] = block(f"}} catch {kind}", [self.note("describe(e)"), *self.acts(place.within(), most=1)])
        if self.chance(0.4): out[-1:] = block("} finally" + self.grace(place), self.cleanup(place, place.may_sleep(deferring=False)))
        return out

    def act_with(self, place):
        """A map with a `close`, which takes time."""
        inside = place.inner()
        steps = "" if not self.may_sleep_in_grace(place) else f"sleep({self.moment(place.in_cleanup())}); {self.note()}"
        return block(f"with ({{close: () => {{ {steps} }}}})", self.acts(inside) + self.act_note(inside))

    # --- loops and jumps -------------------------------------------------------------------------------------------------
    def act_loop(self, place):
        i = self.fresh("i")
        inside = place.shifted(i, loop=True, seen=[*place.seen, i])
        body = self.acts(inside, most=2)
        if self.chance(0.4): body.insert(self.r.choice((0, len(body))), f"if {i} == {self.r.randint(0, 2)} {{ {self.pick('break', 'continue')} }}")
        return block(f"for {i} in 0..{self.r.randint(1, 3)}", body + self.act_note(inside))

    def act_jump(self, place):
        """Leaves what is around, whatever that is."""
        ways = ["break", "continue"] * place.loop + [f"return {self.value(place)}"] * place.may_return
        if not ways or place.cleanup: return self.act_note(place)
        condition = self.pick("true", f"{self.value(place)} != {self.small()}")
        return [f"if {condition} {{ {self.r.choice(ways)} }}"]
