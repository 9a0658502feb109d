"""Tasks: `spawn` in all its forms, handles, scopes, `gather` in all modes (language.md §6 to §8, §10.1)."""
KINDS = ("Alpha", "Beta", "Gamma")   # declared by the program; Beta is an Alpha
UNWATCHED = "unwatched"              # among a place's live tasks: one whose failure stops its scope at once


def indent(lines):
    return ["  " + line for line in lines]


def block(head, body, tail="}"):
    return [head + " {"] + indent(body) + [tail]


def bound(name, lines, handler=""):
    """`let NAME =` an expression of several lines; its errors go to the handler, if there is one."""
    if not handler: return [f"let {name} = {lines[0]}", *lines[1:]]
    out = [f"let {name} = try {{ {lines[0]}", *lines[1:]]
    out[-1] += f" }} catch e {{ {handler} }}"
    return out


class Tasks:
    """Mixed into the program. Each method gives lines, and leaves the task with the turn (place.py)."""

    # --- bodies --------------------------------------------------------------------------------------------------
    def task_body(self, place, prefix="", **changes):
        """The lines of a body that runs as a task of its own.

        A task that is cancelled at the instant of its spawn starts all the same (§6): what it defers at once is run. Whether
        that holds behind a `timeout`, too, is open.
        """
        inside = place.spawned(self.next_task(), **changes)
        out = self.cleanup_statement(inside) if not prefix and self.chance(0.25) else []
        out.append(f"sleep({self.moment(inside)})")
        return out + self.acts(inside) + self.ending(inside)

    def ending(self, place, failing=0.2):
        """How a task, or another block that has a value, ends."""
        if self.chance(failing): return [self.failure(place)]
        value = self.value(place)
        return [f"return {value}" if place.may_return and not place.cleanup and self.chance(0.2) else value]

    def failure(self, place):
        """Raises an error. One of which the oracle may not know any more where it should be suppressed is `u…`, which does not show
        there: what a task of a cancelled task has failed with, what a member of `gather for` raises while it is stopped, and one of any
        gather that gets a `Deadlock`."""
        letter = "u" if place.unheard or place.cleanup and not self.is_timed else "e"
        return f'raise {self.pick(*KINDS)}("{letter}{self.next_mark()}")'

    def spawn_head(self, place, *clauses):
        clauses = [*clauses, *([f'as "n{self.next_mark()}"'] if self.chance(0.2) else [])]
        return " ".join(["spawn", *self.r.sample(clauses, len(clauses))])

    def prefix(self, place):
        """What may stand between `spawn` and its body. No `shield`: whether a task that is cancelled at the instant of its spawn
        has entered it is open."""
        return f"timeout {self.longer(place)} " if self.chance(0.15) else ""

    # --- spawn -----------------------------------------------------------------------------------------------------
    def act_handle(self, place):
        """A task with a handle, which is awaited here, by another task, or by nobody."""
        name = self.fresh("t")
        out = block(f"let {name} = {self.spawn_head(place)}", self.task_body(place))
        place.handles.append(name)
        if self.chance(0.2): out += self.callback(place, name)
        if self.chance(0.4): out += self.acts(place.within(), most=2)
        return out + (self.await_handle(place, name) if self.chance(0.6) else [])

    def await_handle(self, place, name):
        """Awaits; whoever is not the only one to await goes on, or fails, at an instant of its own."""
        got = self.fresh("v")
        if self.chance(0.4):
            failing = f"{self.pause(place)[0]}; raise e"
            return [f"let {got} = try {{ await {name} }} catch e {{ {failing} }}", *self.pause(place), self.note(got)]
        shown = [f"{name}.state", f"{name}.done", *([f"{name}.duration // 10ms"] if self.is_timed else []), f"describe({name}.error)"]
        return [f"let {got} = {self.attempted(f'await {name}')}", *self.pause(place),
                self.note(got, *self.r.sample(shown, 2))]

    def attempted(self, expression):
        return f"try {{ {expression} }} catch e {{ describe(e) }}"

    def callback(self, place, name):
        """A callback is a task of its own, beside whoever awaits."""
        mark = self.next_mark()
        value = self.pick("ok", "error")
        shown = "v" if value == "ok" else "describe(v)"
        return [f'{name}.on_{value}(v => {{ sleep({self.moment(place)}); note("{mark} {value} {{{shown}}}") }})']

    def act_await(self, place):
        if not place.handles: return self.act_note(place)
        return self.await_handle(place, self.r.choice(place.handles))

    def act_stop(self, place):
        """`cancel` and `stop`, of a task that may have ended."""
        if not place.handles: return self.act_note(place)
        name = self.r.choice(place.handles)
        reason = self.pick("", '"why"')
        got = self.fresh("v")
        if self.chance(0.5): return [f"let {got} = {name}.cancel({reason})", *self.pause(place), self.note(got, f"{name}.state")]
        return [f"{name}.stop()", *self.pause(place), self.note(f"{name}.state", f"describe({name}.error)")]

    def act_discarded(self, place):
        """A task whose handle nobody has: its failure is its scope's."""
        out = self.prefixed(place, self.spawn_head(place))
        place.live.append(UNWATCHED)
        return out + self.act_note(place)

    def prefixed(self, place, head):
        """`spawn`, perhaps with a `timeout`, and a body."""
        prefix = self.prefix(place)
        return block(f"{head} {prefix}".rstrip(), self.task_body(place, prefix))

    def act_spawn_call(self, place):
        """A task that is one call of a function."""
        if not self.functions: return self.act_discarded(place)
        call = self.call(place, self.r.choice(self.functions), self.next_task())
        name = self.fresh("t")
        place.handles.append(name)
        place.live.append(name)
        return [f"let {name} = {self.spawn_head(place)} {self.prefix(place)}{call}", self.note(f"{name}.done")]

    def act_scope(self, place):
        """A named scope, and tasks that are started in it from further inside."""
        name = self.fresh("s")
        inside = place.inner()
        out = self.acts(inside, most=2)
        for _ in range(self.r.randint(1, 2)):
            kind = self.pick([], [], ["service"])
            spawned = block(self.spawn_head(inside, f"in {name}", *kind), self.task_body(inside))
            if self.chance(0.5): spawned = block("scope", [*spawned, *self.act_note(inside), *self.acts(inside.inner(), most=1)])
            out += spawned
        inside.live.append(UNWATCHED)
        return block(f"scope as {name}", out + self.acts(inside, most=2)) + self.act_note(place)

    def act_plain_scope(self, place):
        """`scope` as a value, which waits for its tasks."""
        name = self.fresh("v")
        inside = place.inner()
        out = block(f"let {name} = scope", self.acts(inside) + self.ending(inside, 0.1))
        place.seen.append(name)
        return out + [self.note(name)]

    def act_detached(self, place):
        """A task of the script's scope. It fails never: what is left to cancel would depend on how far the script is."""
        inside = place.spawned(self.next_task(), repeated=True, tools=[])
        body = [f"sleep({self.moment(inside)})", *self.act_note(inside), f"sleep({self.moment(inside)})", *self.act_note(inside)]
        return block("spawn detached", body) + self.act_note(place)

    def act_function_scope(self, place):
        """A function is a scope: a call ends when the tasks it has started have."""
        name = self.fresh("f")
        inside = place.inner(loop=False, may_return=True, own=[], cleanup=False)
        return block(f"fn {name}()", self.acts(inside) + self.ending(inside)) + [self.note(f"{name}()" if self.chance(0.5) else self.attempted(f"{name}()"))]

    # --- gather ------------------------------------------------------------------------------------------------------
    def mode(self, place):
        """A mode of `gather`. When a task that nobody watches fails and stops the scope, the members are stopped, too, of which
        the oracle tells the gatherer first, in all modes but one."""
        if UNWATCHED in place.live: return " settled"
        return self.pick("", "", " settled", " settled", " any", " race")

    def shown_gather(self, mode, lines, pause=()):
        """Binds and shows the value of a gather, its members' errors described."""
        name = self.fresh("g")
        if mode == " settled": return [*bound(name, lines), *pause, self.note(f"outcomes({name})")]
        return [*bound(name, lines, self.pick("", "describe(e)")), *pause, self.note(name)]

    def member(self, place, mode):
        """An element of a gathered list or map: mostly a task of its own. Others only where it does not matter who ends first."""
        k = self.r.randrange(8)
        if k == 0 and mode in ("", " settled"): return [self.value(place)]
        if k == 1 and mode == " settled" and place.handles: return [self.r.choice(place.handles)]
        if k == 2 and self.functions: return [f"spawn {self.prefix(place)}{self.call(place, self.r.choice(self.functions), self.next_task())}"]
        return self.prefixed(place, "spawn")

    def numbers(self):
        """Distinct numbers of which no two sums are equal, so that durations that grow with them are as different."""
        return self.r.sample((1, 2, 4, 8, 16), self.r.randint(1, 5))

    def act_gather(self, place):
        """`gather` over a list or a map of tasks."""
        mode, keyed = self.mode(place), self.chance(0.3)
        around = place.gathering()
        members = [self.member(around, mode) for _ in range(self.r.randint(1, 4))]
        # A task from further out may wake several who gather it.
        pause = self.pause(place) if any(member[0] in place.handles for member in members) else ()
        inside = []
        for i, member in enumerate(members):
            if keyed: member[0] = f"k{i}: {member[0]}"
            inside += [*member[:-1], member[-1] + ","]
        out = [f"gather{mode} " + ("({" if keyed else "[")] + indent(inside) + ["})" if keyed else "]"]
        return self.shown_gather(mode, out, pause) + self.pause(place)

    def act_gather_for(self, place):
        """`gather for` over lists, maps, ranges and streams, with and without a limit."""
        mode, x = self.mode(place), self.fresh("x")
        numbers = self.numbers()
        limit = self.pick("", " limit 1", " limit 2", " limit 3")
        k = self.r.randrange(6)
        if k < 2: head = f"{x} in {numbers}"
        elif k == 2: head = f"k, {x} in ({{{', '.join(f'k{n}: {n}' for n in numbers)}}})"
        elif k == 3: head, limit = f"{x} in 0..{len(numbers)}", self.pick("", " limit 1")
        elif k == 4 and mode != " settled": head = f"i, {x} in {numbers}"   # `item` is the pair here, in the oracle the item
        else:
            # A member that decides ends the gather even while the source is waited for; not in the oracle.
            mode, head, limit = " settled", f"{x} in {self.stream(place)}", limit or " limit 2"
        inside = self.task_body(place.gathering().shifted(x, repeated=True, seen=[*place.seen, x]), repeated=True, unheard=True)
        return self.shown_gather(mode, block(f"gather{mode} for {head}{limit}", inside)) + self.pause(place)
