"""A whole concurrent program: functions, then scenes one after the other, an end. Everything goes into one log, which is
printed when all tasks have ended."""
import random
from dataclasses import replace
from .limits import Limits
from .place import Durations, Place
from .sharing import Sharing
from .streams import Streams
from .synchronising import Synchronising
from .tasks import Tasks, block

PRELUDE = """\
error Own
error Alpha is Own
error Beta is Alpha
error Gamma is Own
let began = time.monotonic()
let log = shared([])
defer within 10000d { for line in log.get() { print(line) } }
fn note(text) {
  let now = WHEN
  log.update(lines => [...lines, "{now} {text}"])
  nil
}
fn describe(e) {
  if e == nil { return "none" }
  if e is Cancelled { return e.kind }
  let own = x => if x is Own { "{x.kind} {x.message}" } else { x.kind }
  let more = if e is GroupError { e.errors.map(own) } else { [] }
  let shows = x => x is Own and not x.message.starts_with("u")
  "{own(e)} {[...more, ...e.suppressed.filter(shows).map(own).sorted()]}"
}
fn outcomes(results) {
  let outcome = r => [if r.ok { r.value } else { describe(r.error) }, r?.item]
  match results {
    list => results.map(outcome)
    map => results.map_values(outcome)
    _ => results
  }
}
var total = 0
var table = {calls: []}
fn bump(n) {
  total += n
  table.calls.push(n)
}""".split("\n")

# What a block is made of, and how often; SIMPLE is for where no more blocks may be opened.
ACTS = {"note": 3, "pause": 3, "handle": 5, "await": 3, "stop": 2, "discarded": 4, "spawn_call": 2, "scope": 3, "plain_scope": 2,
        "detached": 1, "function_scope": 2, "gather": 4, "gather_for": 4, "timeout": 5, "shield": 3, "retry": 5, "variables": 2,
        "change": 2, "defer": 3, "grace": 1, "try": 4, "with": 1, "loop": 2, "jump": 2, "channel": 3, "shared": 2, "generator": 2,
        "pipeline": 2, "tools": 8, "circle": 2, "forgotten": 1}
SIMPLE = {"note": 4, "pause": 4, "await": 3, "stop": 1, "change": 2, "defer": 2, "variables": 1, "jump": 1}


class ConcurrentProgram(Tasks, Limits, Sharing, Streams, Synchronising, Durations):
    def __init__(self, seed, topics=None):
        self.r = random.Random(seed)
        self.topics = {name: ACTS[name] for name in topics} if topics else ACTS
        self.is_patient = self.chance(0.7)   # whether cleanup has grace periods of its own
        self.count = self.mark = self.tasks = 0
        self.functions, self.generators, self.gates = [], [], []
        self.immediate = None   # the task of this scene whose cleanup may show at once
        # Whether the log shows when each thing happened. Where all may wait for ever it does not: the oracle's clock first goes
        # on to the end of sleeps that were given up, before it says so.
        self.is_timed = self.chance(0.5)

    def text(self):
        return "\n".join(self.lines()) + "\n"

    def lines(self):
        out = [line.replace("WHEN", "(time.monotonic() - began) // 10ms" if self.is_timed else '"-"') for line in PRELUDE]
        for _ in range(self.r.randint(0, 2)): out += self.gate()
        for _ in range(self.r.randint(0, 2)): out += self.generator_function()
        for _ in range(self.r.randint(0, 2)): out += self.function()
        for number in range(self.r.randint(1, 3)): out += self.scene(number)
        return out + self.end()

    def scene(self, number):
        """A part of the main task that leaves no task of its own behind; what it raises is written down."""
        self.immediate = None
        ending = f'}} catch e {{ note("scene {number}: {{describe(e)}} {{total}} {{table}}") }}'
        return block("try", block("scope", self.acts(Place(depth=3), least=2)), ending)

    def end(self):
        """One program in four ends badly, or early: its exit status is compared, too.

        `exit` stands in the main task only: in another one the oracle ends that task alone. No cleanup fails then.
        """
        self.immediate = None
        k = self.r.randrange(12)
        place = Place(depth=2, shielded=k != 1)   # no tool may make it wait for ever
        if k == 0: return self.acts(place) + [self.failure(place)]
        if k == 1: return block(f"timeout {self.length()}", [*self.acts(place), f"sleep({self.length()})"])
        if k == 2: return self.acts(replace(place, ends_script=True)) + [f"exit({self.r.randint(0, 9)})"]
        return ['note("end")']

    def function(self):
        """A top-level function: the durations in it depend on its argument, so that it can run in several tasks at once."""
        name = self.fresh("work")
        place = self.function_place()
        lines = block(f"fn {name}(d, q, n)", [f"sleep({self.moment(place)})", *self.passes_gate(place), *self.acts(place), *self.ending(place)])
        self.functions.append(name)
        return lines

    def function_place(self):
        shifts = (("d", "slow"), ("q", "quick"))
        return Place(depth=2, task=self.next_task(), shifts=shifts, repeated=True, shielded=True, unheard=True, may_return=True, seen=["n"])

    def call(self, place, function, number):
        return f"{function}({self.moment(place)}, {self.moment(place.in_cleanup())}, {number})"

    # --- statements --------------------------------------------------------------------------------------------------
    def acts(self, place, most=3, least=1):
        """Statements at random."""
        table = self.topics if place.depth > 0 else SIMPLE
        out = []
        for name in self.r.choices(list(table), list(table.values()), k=self.r.randint(least, max(least, most))):
            if place.tools and self.chance(0.6): name = "use"
            out += getattr(self, "act_" + name)(place)
        return out

    def act_note(self, place):
        shown = [name for name in place.seen + [name for name, kind in place.own if kind != "closure"]]
        return [self.note(*self.r.sample(shown, min(len(shown), self.r.randint(0, 2))))]

    def act_pause(self, place):
        return self.pause(place)

    def pause(self, place):
        """Gets the turn."""
        return [f"sleep({self.moment(place)})"]

    def note(self, *expressions):
        """Writes a line of its own into the log."""
        return f'note("{self.next_mark()}{"".join(f" {{{e}}}" for e in expressions)}")'

    def value(self, place):
        numbers = [name for name, kind in place.own if kind == "number"]
        return self.r.choice(numbers) if numbers and self.chance(0.4) else str(self.small())

    def may_be_immediate(self, place):
        """Whether this task's cleanup may show at once: one task of a scene may, of which there is no second."""
        if place.repeated: return False
        if self.immediate is None: self.immediate = place.task
        return self.immediate == place.task

    # --- chance ------------------------------------------------------------------------------------------------------
    def pick(self, *options):
        return self.r.choice(options)

    def chance(self, p):
        return self.r.random() < p

    def small(self):
        return self.r.randint(0, 40)

    def fresh(self, prefix):
        self.count += 1
        return f"{prefix}{self.count}"

    def next_mark(self):
        self.mark += 1
        return self.mark

    def next_task(self):
        self.tasks += 1
        return self.tasks
