"""Generators and pipelines inside tasks (language.md §4, §14). At most one part of a pipeline sleeps: stages run at the
same time, in the oracle one after the other."""
from .tasks import UNWATCHED, block


class Streams:
    """Mixed into the program. Each method gives lines, and leaves the task with the turn (place.py)."""

    def generator_function(self):
        """A top-level generator of distinct ints, which takes its time and cleans up. How long it may clean up when its reader
        has gone is open, so that it is brief."""
        name, i = self.fresh("gen"), self.fresh("i")
        place = self.function_place()
        turn = place.shifted(i)
        body = self.cleanup_statement(place) if self.chance(0.5) and not self.is_patient else []
        step = [f"sleep({self.moment(turn)})", *([self.note("n", i)] if self.chance(0.5) else []), f"yield n + {i}"]
        if self.chance(0.2): step.insert(0, f"if {i} == {self.r.randint(1, 3)} {{ {self.failure(place)} }}")
        self.generators.append(name)
        return block(f"fn {name}(d, q, n)", body + block(f"for {i} in 0..{self.r.randint(1, 4)}", step))

    def stream(self, place):
        """An expression that gives a stream of distinct ints."""
        if self.generators and self.chance(0.7): return self.call(place, self.r.choice(self.generators), self.r.randint(0, 9))
        return f"({self.numbers()} | map(x => x * 3))"

    def act_generator(self, place):
        """Reads a generator, perhaps not to its end."""
        x = self.fresh("x")
        inside = place.shifted(x, loop=True, seen=[*place.seen, x])
        body = [self.note(x), *self.acts(inside, most=1)]
        if self.chance(0.3): body.append(f"if {x} % 3 == {self.r.randint(0, 2)} {{ {self.pick('break', 'continue')} }}")
        return block(f"for {x} in {self.stream(place)}", body + self.act_note(inside))

    def act_pipeline(self, place):
        """A pipeline of which one part sleeps: its source, a stage, the tasks of a stage, or the sink."""
        numbers = self.numbers()
        x, k = self.fresh("x"), self.r.randrange(6)
        turn = place.shifted(x, repeated=True)
        fails = f"if {x} == {self.r.choice(numbers)} {{ {self.failure(place)} }}; " if self.chance(0.2) else ""
        slow = f"{x} => {{ sleep({self.moment(turn)}); {fails}{self.note(x)}; {x} * 2 }}"
        if k == 0:
            stage = self.pick("map(x => x * 2)", "filter(x => x % 2 == 0)", "enumerate", "window(2)")
            text = f"{self.stream(place)} | {stage} | {self.pick('collect', 'count', 'last')}"
        elif k == 1: text = f"{self.stream(place)} | batch({self.r.randint(1, 3)}, within: {self.length()}) | collect"
        elif k == 2: text = f"{numbers} | filter(x => x % 4 != 1) | map({slow}) | {self.pick('collect', 'sum', 'max')}"
        elif k == 3 and UNWATCHED not in place.live: text = f"{numbers} | map({slow}, limit: {self.limited(numbers)}) | collect"
        elif k == 4: text = f"{numbers} | map(x => x + 1) | each({slow})"
        else: text = f"{numbers} | map({slow}, errors: \"skip\") | collect"
        name = self.fresh("v")
        return [f"let {name} = {self.attempted(text) if self.chance(0.7) else text}", *self.pause(place), self.note(name)]

    def limited(self, numbers):
        """How many items at once. Whether one that is done and waits for those before it is among them is open."""
        if self.chance(0.5): return f"{self.r.randint(1, 4)}, ordered: false"
        return self.pick(1, len(numbers), len(numbers) + 1)
