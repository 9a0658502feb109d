"""Channels and shared values among tasks of their own (language.md §12)."""
from .tasks import block, indent


class Sharing:
    """Mixed into the program. Each method gives lines, and leaves the task with the turn (place.py)."""

    # --- channels --------------------------------------------------------------------------------------------------
    def act_channel(self, place):
        """Producers and consumers of one channel, which is closed when the producers have ended.

        Unless every consumer reads to the end, a producer may wait for ever: then a timeout ends them all.
        """
        channel, senders = self.fresh("c"), self.fresh("senders")
        inside = place.inner(depth=0)
        consumers = [self.pick(*CONSUMERS) for _ in range(self.r.randint(1, 3))]
        out = []
        for consumer in consumers: out += block("spawn", getattr(self, consumer)(inside.spawned(self.next_task()), channel))
        members = [block("spawn", self.producer(inside.spawned(self.next_task()), channel, i)) for i in range(self.r.randint(1, 3))]
        out += [f"let {senders} = ["] + indent([line for m in members for line in [*m[:-1], m[-1] + ","]]) + ["]"]
        out += [f"gather settled {senders}", *self.close(inside, channel)]
        ends = all(c in READ_ALL for c in consumers)
        if not ends or self.chance(0.3): lines = block(f"timeout {self.longer(place)}", out + ['"done"'])
        else: lines = block("scope", out + ['"done"'])
        return [f"let {channel} = channel({self.r.randint(0, 3)})", *self.valued(place, lines), *self.pause(place)]

    def close(self, place, channel):
        error = self.pick("", "", f'Alpha("closed {self.next_mark()}")')
        return [f"{channel}.close({error})", *self.pause(place)]

    def producer(self, place, channel, index):
        """Sends items of its own; whoever takes one has the turn, so that the sender sleeps after it."""
        i = self.fresh("i")
        turn = place.shifted(i)
        send = f"{channel}.send({10 * index} + {i})"
        k = self.r.randrange(4)
        if k == 0: send = f"let sent = timeout {self.longer(turn)} {{ {send}; true }} else {{ false }}"
        if k == 1: send = f"let sent = {self.attempted(send + '; true')}"
        body = [f"sleep({self.moment(turn)})", send, *self.pause(turn), self.note(i, *(["sent"] if k < 2 else []))]
        out = [f"sleep({self.moment(place)})", *block(f"for {i} in 0..{self.r.randint(1, 4)}", body)]
        if self.chance(0.15): out += self.close(place, channel)
        elif self.chance(0.15): out += [self.failure(place)]
        return out

    def reads_all(self, place, channel):
        """Iterates; a failing channel raises at the end, when all consumers wake at once."""
        x = self.fresh("x")
        turn = place.shifted(x)
        body = [self.note(x), *(self.pause(turn) if self.chance(0.7) else [])]
        return self.at_the_end(place, block(f"for {x} in {channel}", body))

    def receives_all(self, place, channel):
        x = self.fresh("x")
        return self.at_the_end(place, block("while true", [f"let {x} = {channel}.recv()", self.note(x), *self.pause(place)]))

    def at_the_end(self, place, loop):
        end = self.fresh("end")
        return [*self.pause(place), f"let {end} = try {{", *indent([*loop, '"ended"']), "} catch e { describe(e) }", *self.pause(place), self.note(end)]

    def receives_some(self, place, channel):
        """Some of the items; what it does not take is left to the others."""
        i, x = self.fresh("i"), self.fresh("x")
        turn = place.shifted(i)
        limited = f"timeout {self.longer(turn)} {{ {channel}.recv() }}"
        receive = self.pick(f"{channel}.recv()", limited, limited + " else { nil }")
        body = [f"sleep({self.moment(turn)})", f"let {x} = {self.attempted(receive)}", *self.pause(turn), self.note(x)]
        return block(f"for {i} in 0..{self.r.randint(1, 4)}", body)

    def polls(self, place, channel):
        """Asks without waiting."""
        i, x = self.fresh("i"), self.fresh("x")
        turn = place.shifted(i)
        body = [f"sleep({self.moment(turn)})", f"let {x} = {self.attempted(f'{channel}.try_recv()')}", *self.pause(turn), self.note(x)]
        return block(f"for {i} in 0..{self.r.randint(1, 5)}", body)

    # --- shared values -----------------------------------------------------------------------------------------------
    def act_shared(self, place):
        """Tasks that change one value; a function that changes it may take its time, and others wait in line."""
        name, i = self.fresh("n"), self.fresh("i")
        out = [f"let {name} = shared({self.small()})"]
        tasks = []
        for _ in range(self.r.randint(2, 3)):
            turn = place.inner(depth=1).spawned(self.next_task()).shifted(i)
            body = [f"sleep({self.moment(turn)})", *self.use_shared(turn, name)]
            tasks += block("spawn", block(f"for {i} in 0..{self.r.randint(1, 3)}", body))
        return out + block("scope", tasks) + [self.note(f"{name}.get()")]

    def use_shared(self, place, name):
        """One operation. It may have had to wait, and lets the next one go on, so that a pause stands before what shows."""
        got, k = self.fresh("v"), self.small()
        slow = f"{name}.update(x => {{ sleep({self.moment(place)}); x + {k} }})"
        operation = self.pick(f"{name}.get()", f"{name}.set({k})", f"{name}.cas({self.small()}, {k})",
                              f"let old = {name}.get(); {self.pause(place)[0]}; {name}.cas(old, {k})",
                              f"{name}.update(x => x + {k})", f"{name}.get_and_update(x => x * 2 % 101)",
                              f"{name}.update(x => {{ sleep({self.moment(place)}); {self.failure(place)} }})",
                              slow, f"timeout {self.longer(place)} {{ {slow} }}")
        return [f"let {got} = {self.attempted(operation)}", *self.pause(place), self.note(got)]


READ_ALL = ("reads_all", "receives_all")
CONSUMERS = (*READ_ALL, *READ_ALL, "receives_some", "polls")
