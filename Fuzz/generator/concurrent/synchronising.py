"""Locks, semaphores, events, barriers, conditions, limiters, channels and `select` among tasks of their own (language.md §12).

A *region* declares a few of them, its tools, and starts tasks that use them in any order, beside everything else that a
task can do. Whoever is woken by a tool sleeps before it does anything else, as does whoever has woken another in its
normal course; so what a failing or cancelled task releases in passing finds nobody who acts at that instant. Where one
waits in line, first come, first served says who is next.
"""
from .tasks import UNWATCHED, block

# The kinds of tool, and how often each is declared. The users of a `choice`, a channel, do not wait in `recv` but in
# `select`: in the oracle, `recv` comes first.
TOOLS = {"lock": 5, "semaphore": 3, "event": 2, "barrier": 2, "condition": 3, "limiter": 2, "line": 2, "choice": 2, "value": 2}
SHAPES = ("locks", "await_and_lock", "tasks", "values", "alternatives", "twice", "ranks")


class Synchronising:
    """Mixed into the program. Each method gives lines, and leaves the task with the turn (place.py)."""

    # --- regions -----------------------------------------------------------------------------------------------------
    def act_tools(self, place):
        """A region. It ends by itself, by its deadline, or, where no deadline is asked for, perhaps by a `Deadlock`."""
        inside = place.inner()
        out = []
        for _ in range(self.r.randint(1, 3)): out += self.declared(inside, self.r.choices(list(TOOLS), list(TOOLS.values()))[0])
        kind = self.r.randrange(3)
        for _ in range(self.r.randint(1, 3) if kind < 2 else 0):
            out += self.prefixed(inside, self.spawn_head(inside)) if kind == 0 else self.watched(inside)
            inside.live.append(UNWATCHED)
        if kind == 2: out += self.act_gather(inside) if self.chance(0.7) else self.act_gather_for(inside)
        out += self.acts(inside, most=2) + ['"done"']
        return self.bounded(place, out) + self.pause(place)

    def bounded(self, place, lines):
        """A scope of these lines which ends."""
        if self.is_timed or place.shielded or self.chance(0.3):
            lines = block(f"timeout ({' + '.join(self.moment(place) for _ in range(6))})", lines)
        else: lines = block("scope", lines)
        return self.valued(place, lines)

    def watched(self, place):
        """A task with a handle and an observer, so that a `select` may wait for it: nobody else is told of its failure."""
        name = self.fresh("t")
        out = block(f"let {name} = {self.spawn_head(place)}", self.task_body(place)) + [f"{name}.on_error(e => nil)"]
        place.handles.append(name)
        place.tools.append((name, "task"))
        return out

    def declared(self, place, kind):
        """Declares a tool of this kind."""
        name = self.fresh(kind)
        place.tools.append((name, kind))
        if kind == "lock": return [f"let {name} = lock({self.pick('', '', '', 1, 2, 3)})"]
        if kind == "semaphore": return [f"let {name} = semaphore({self.r.randint(1, 2)})"]
        if kind == "event": return [f"let {name} = event()"]
        if kind == "barrier": return [f"let {name} = barrier({self.r.randint(1, 3)})"]
        if kind == "condition": return [f"let {name}_lock = lock()", f"let {name} = condition({name}_lock)", f"let {name}_items = shared(0)"]
        if kind == "limiter": return [f"let {name} = limiter({self.r.randint(1, 2)}, per: {self.length()})"]
        if kind == "value": return [f"let {name} = shared({self.small()})"]
        return [f"let {name} = channel({self.r.randint(0, 2)})"]

    # --- uses --------------------------------------------------------------------------------------------------------
    def act_use(self, place):
        """One use of one of the tools in sight."""
        tools = [(name, kind) for name, kind in place.tools if kind != "task"]
        if not tools: return self.act_note(place)
        name, kind = self.r.choice(tools)
        return getattr(self, "use_" + kind)(place, name)

    def result(self, place, expression):
        """Binds what an operation gives, which may have waited, and may have woken others; shows it when it has the turn."""
        name = self.fresh("v")
        return [f"let {name} = {expression}", *self.pause(place), self.note(name)]

    def timed(self, place, operation):
        """The operation, with a deadline: what it gives is `true` when it has been done."""
        late = self.pick(" else { false }", " else { false }", "")
        text = f"timeout {self.longer(place)} {{ {operation}; true }}{late}"
        return text if late else self.attempted(text)

    def use_lock(self, place, name):
        if name in place.held: return self.result(place, self.attempted(f"with {name} {{ 1 }}"))
        return self.pick(self.holds, self.holds, self.holds, self.holds_by_hand, self.holds_or_gives_up, self.holds_if_free, self.asks_lock)(place, name)

    def use_semaphore(self, place, name):
        return self.pick(self.holds, self.holds, self.holds_by_hand, self.holds_or_gives_up, self.holds_if_free)(place, name)

    def holding(self, place, name):
        return place.inner(held=(*place.held, name), is_holding=True)

    def critical(self, inside):
        """What is done while something is held."""
        out = [*self.pause(inside), *(self.acts(inside, most=2) if inside.depth > 0 else self.act_note(inside))]
        return out + ([self.failure(inside)] if self.chance(0.1) else self.act_note(inside))

    def holds(self, place, name):
        return block(f"with {name}", self.critical(self.holding(place, name))) + self.pause(place)

    def holds_by_hand(self, place, name):
        return block("scope", [f"{name}.acquire()", f"defer {{ {name}.release() }}", *self.critical(self.holding(place, name))]) + self.pause(place)

    def holds_or_gives_up(self, place, name):
        """The deadline is one for the wait and for what is done after it."""
        inside = self.holding(place, name)
        lines = block(f"timeout {self.longer(place)}", block(f"with {name}", self.critical(inside)) + ['"held"'])
        if self.chance(0.5): lines[-1] += ' else { "late" }'
        return self.valued(place, lines) + self.pause(place)

    def holds_if_free(self, place, name):
        inside = place.inner(depth=0)
        body = [f"defer {{ {name}.release() }}", *self.pause(inside), self.note()]
        return [*block(f"if {name}.try_acquire()", body, "} else {"), *["  " + self.note()], "}", *self.pause(place)]

    def asks_lock(self, place, name):
        return [self.note(f"{name}.locked")]

    def use_event(self, place, name):
        operation = self.pick(f"{name}.wait()", self.timed(place, f"{name}.wait()"), f"{name}.set()", f"{name}.set()", f"{name}.clear()", f"{name}.is_set")
        return self.result(place, operation)

    def use_barrier(self, place, name):
        return self.result(place, self.pick(f"{name}.wait()", f"{name}.wait()", self.timed(place, f"{name}.wait()")))

    def use_limiter(self, place, name):
        return self.result(place, self.pick(f"{name}.wait()", f"{name}.wait()", self.timed(place, f"{name}.wait()")))

    def use_condition(self, place, name):
        """Waits for items, and takes one, or puts some there. The lock is held briefly: who is cancelled while he waits has it
        again in his cleanup, and a grace period to get it."""
        wait = self.pick(f"{name}.wait()", f"{name}.wait()", f"timeout {self.longer(place)} {{ {name}.wait() }}")
        take = f"{name}_items.update(x => x - 1)"
        waiting = [f"while {name}_items.get() == 0 {{ {wait} }}", take]
        k = self.small() % 3 + 1
        tell = self.pick("notify()", "notify_all()")
        telling = [f"{name}_items.update(x => x + {k})", f"{name}.{tell}"]
        quick = [] if place.shifts or not self.chance(0.4) else [f"sleep({self.length_in_grace()})"]
        body = block(f"with {name}_lock", quick + self.pick(waiting, telling))
        if self.chance(0.3): return self.result(place, self.attempted("timeout " + " ".join([self.longer(place), "{", "; ".join(joined(body)), "}"])))
        return self.result(place, self.attempted("; ".join(joined(body)))) if self.chance(0.5) else [*body, *self.pause(place), self.note()]

    def use_line(self, place, name):
        """A channel that is sent to and received from."""
        send, receive = f"{name}.send({self.small()})", f"{name}.recv()"
        operation = self.pick(send, send, receive, receive, self.timed(place, send), self.timed(place, receive), f"{name}.try_recv()",
                              f"timeout {self.longer(place)} {{ {receive} }} else {{ nil }}", self.closing(name))
        return self.result(place, self.attempted(operation))

    def closing(self, name):
        return f"{name}.close({self.pick('', f'Beta({chr(34)}closed {self.next_mark()}{chr(34)})')})"

    def use_choice(self, place, name):
        send = f"{name}.send({self.small()})"
        return self.result(place, self.attempted(self.pick(send, send, self.timed(place, send), f"{name}.try_recv()", self.closing(name)))) if self.chance(0.5) else self.selects(place)

    def selects(self, place):
        """Waits for the first of several; which of those that are ready is said by their order."""
        cases = [name for name, kind in place.tools if kind in ("choice", "event", "task") and (kind != "task" or name in place.handles)]
        chosen = self.r.sample(cases, self.r.randint(1, min(3, len(cases))))
        entries = [f"{name}: {name}" for name in chosen] + ([f"late: {self.moment(place)}"] if self.chance(0.4) else [])
        self.r.shuffle(entries)
        text = f"select({{{', '.join(entries)}}})"
        if self.chance(0.2): text = f"timeout {self.longer(place)} {{ {text} }}"
        return self.result(place, f'try {{ {text} }} catch e {{ "{{describe(e)}} {{e?.key}}" }}')

    def use_value(self, place, name):
        """A shared value; a function that changes it may use another tool meanwhile."""
        locks = [n for n, kind in place.tools if kind == "lock" and n not in place.held]
        values = [n for n, kind in place.tools if kind == "value"]
        k = self.r.randrange(6)
        if k == 0 and locks: return self.result(place, self.attempted(f"{name}.update(x => {{ with {self.r.choice(locks)} {{ sleep({self.moment(place)}); x + 1 }} }})"))
        if k == 1: return self.result(place, self.attempted(f"{name}.update(x => {{ sleep({self.moment(place)}); x + {self.r.choice(values)}.get() }})"))
        return self.use_shared(place, name)

    # --- what functions use -------------------------------------------------------------------------------------------
    def gate(self):
        """Declares a tool for the functions of the program, which many tasks may call at once."""
        name, kind = self.fresh("gate"), self.pick("lock()", "semaphore(1)", "semaphore(2)", f"limiter(1, per: {self.length()})")
        self.gates.append((name, kind.startswith("limiter")))
        return [f"let {name} = {kind}"]

    def passes_gate(self, place):
        """No waiting for tasks, so that no circle is closed, and a deadline, as the caller may be in a shield."""
        if not self.gates: return self.act_note(place)
        name, is_limiter = self.r.choice(self.gates)
        body = [f"{name}.wait()"] if is_limiter else block(f"with {name}", self.pause(place))
        return self.result(place, self.attempted(f"timeout {self.longer(place)} {{ {'; '.join(joined([*body, self.value(place)]))} }}"))

    # --- waits that close a circle -----------------------------------------------------------------------------------
    def act_circle(self, place):
        """Tasks that wait for one another, if the lengths of time have it so: the one that closes the circle fails."""
        return self.bounded(place, getattr(self, "circle_" + self.r.choice(SHAPES))(place.inner(depth=0)) + ['"done"']) + self.pause(place)

    def crossing(self, place, names, take):
        """Tasks each of which takes two of these, one after the other."""
        gate = self.fresh("barrier") if self.chance(0.5) else None
        out = [f"let {gate} = barrier({len(names)})"] if gate else []
        members = []
        for i, name in enumerate(names):
            inside = place.gathering().spawned(self.next_task())
            first = [*([f"{gate}.wait()"] if gate else []), *self.pause(inside), *take(inside, names[(i + 1) % len(names)], [*self.pause(inside), self.note()])]
            if self.chance(0.2): first = [f"timeout {self.longer(inside)} {{ " + "; ".join(joined(first)) + " }"]
            members += block("spawn", [*self.pause(inside), *take(inside, name, first), *self.pause(inside), self.note(), self.value(inside)], "},")
        return out + self.gathered(place, members)

    def gathered(self, place, members):
        mode = self.mode(place)
        return [*self.shown_gather(mode, [f"gather{mode} [", *["  " + line for line in members], "]"]), *self.pause(place)]

    def circle_locks(self, place):
        names = [self.fresh("lock") for _ in range(self.r.randint(2, 3))]
        return [f"let {name} = lock()" for name in names] + self.crossing(place, names, lambda inside, name, lines: block(f"with {name}", lines))

    def circle_values(self, place):
        names = [self.fresh("value") for _ in range(2)]
        update = lambda inside, name, lines: block(f"{name}.update(x =>", [*lines, f"x + {self.small()}"], "})")
        return [f"let {name} = shared({self.small()})" for name in names] + self.crossing(place, names, update)

    def circle_await_and_lock(self, place):
        """Awaits, while it holds a lock, a task that wants that lock."""
        lock, task = self.fresh("lock"), self.fresh("t")
        inside, holder = place.spawned(self.next_task()), place.inner()
        wanted = block(f"with {lock}", [*self.pause(inside), self.note()])
        waits = self.pick(f"await {task}", f"await {task}", f"(gather settled [{task}]).map(r => r.ok)", f"timeout {self.longer(holder)} {{ await {task} }}")
        return [f"let {lock} = lock()", *block(f"let {task} = spawn", [*self.pause(inside), *wanted, self.value(inside)]),
                *block(f"with {lock}", [*self.pause(holder), *self.result(holder, self.attempted(waits))]), *self.result(place, self.attempted(f"await {task}"))]

    def circle_tasks(self, place):
        """Tasks that await each other."""
        names = [(self.fresh("c"), self.fresh("t")) for _ in range(self.r.randint(1, 3))]
        out = [f"let {channel} = channel(1)" for channel, _ in names]
        for channel, task in names:
            inside = place.spawned(self.next_task())
            out += block(f"let {task} = spawn", [f"let other = {channel}.recv()", *self.pause(inside), "await other"])
        for i, (channel, _) in enumerate(names): out += [f"{channel}.send({names[i - 1][1]})", *self.pause(place)]
        return out + self.gathered(place, [f"{task}," for _, task in names])

    def circle_alternatives(self, place):
        """Waits, while it holds a lock, for the first of tasks that want it, perhaps beside one that does not."""
        lock, tasks = self.fresh("lock"), [self.fresh("t") for _ in range(self.r.randint(1, 2))]
        out = [f"let {lock} = lock()"]
        for task in tasks:
            inside = place.spawned(self.next_task())
            out += [*block(f"let {task} = spawn", [*self.pause(inside), *block(f"with {lock}", self.pause(inside)), self.value(inside)]), f"{task}.on_error(e => nil)"]
        holder = place.inner()
        other = self.pick([], [], [f"late: {self.moment(holder)}"])
        entries = ", ".join([f"{task}: {task}" for task in tasks] + other)
        members = ", ".join([*tasks, *(["spawn { " + "; ".join([*self.pause(holder), self.value(holder)]) + " }"] if other else [])])
        text = self.pick(f"select({{{entries}}})", f"select({{{entries}}})", f"gather race [{members}]", f"gather any [{members}]")
        return out + block(f"with {lock}", [*self.pause(holder), *self.result(holder, self.attempted(text))]) + self.pause(place)

    def circle_twice(self, place):
        """Takes what it holds: a lock, or a shared value in its own `update`."""
        name = self.fresh("lock")
        if self.chance(0.5): return [f"let {name} = shared({self.small()})", *self.result(place, self.attempted(f"{name}.update(x => x + {name}.{self.pick('get()', 'update(y => y + 1)')})"))]
        again = self.attempted(self.pick(f"with {name} {{ 1 }}", f"{name}.acquire()", f"timeout {self.longer(place)} {{ {name}.acquire() }}"))
        return [f"let {name} = lock()", *block(f"with {name}", [*self.pause(place), *self.result(place, again)])]

    def circle_ranks(self, place):
        """Locks of ranks, taken in any order, by one task or by several."""
        names = [self.fresh("lock") for _ in range(self.r.randint(2, 3))]
        out = [f"let {name} = lock({self.pick('', 1, 2, 3)})" for name in names]
        self.r.shuffle(names)
        return out + self.crossing(place, names, lambda inside, name, lines: block(f"with {name}", lines))

    # --- locks that are forgotten ------------------------------------------------------------------------------------
    def act_forgotten(self, place):
        """A task that ends, however it does, while it holds a lock fails with an error of the language; the next one gets the lock."""
        lock, task = self.fresh("lock"), self.fresh("t")
        inside = place.inner(depth=0)
        holder, next_one = (inside.gathering().spawned(self.next_task()) for _ in range(2))
        held = [*self.pause(holder), f"{lock}.acquire()", *self.pause(holder), self.note()]
        if self.chance(0.2): held += [f"{lock}.release()", *self.pause(holder)]
        held += self.ending(holder, 0.3)
        waiting = [*self.pause(next_one), *block(f"with {lock}", [*self.pause(next_one), self.note()]), self.value(next_one)]
        out = [f"let {lock} = lock()", *block(f"let {task} = spawn", held)]
        if self.chance(0.3): out += block("spawn", [*self.pause(next_one), f"{task}.cancel()", *self.pause(next_one)])
        members = block("spawn", waiting, "},") + [f"{task},"]
        return self.bounded(place, out + self.gathered(inside, members) + [self.note(f"{task}.state"), '"done"']) + self.pause(place)


def joined(lines):
    """Lines as statements of one line: an opening brace or bracket takes none after it."""
    out = []
    for line in (line.strip() for line in lines):
        if out and (out[-1].endswith(("{", "[", "=>")) or line.startswith(("}", "]"))): out[-1] += " " + line
        else: out.append(line)
    return out
