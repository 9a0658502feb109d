"""Where a generated statement stands: in which task, with which variables, and by what its durations are told apart.

The rule that makes a concurrent program's output the only possible one: *whoever does something that shows has the turn*,
and there is one turn at an instant. A task gets the turn by waking from a `sleep` of its own length, or when the one that
had it ends. So the body of every task begins with a `sleep`, as does cleanup, whoever has woken others (`send`, `close`,
`cancel`) and whoever was woken beside others (a second awaiter).
"""
from dataclasses import dataclass, field, replace


OWNED = ("lock", "condition", "value")   # kinds of tool that have one task as their owner, for whom others wait


@dataclass(frozen=True)
class Place:
    depth: int                      # how many more blocks may be opened
    task: int = 0                   # whose code this is; 0 is the main task
    shifts: tuple = ()              # (name, "number", "slow" or "quick"): what tells the durations of this text's many runs apart
    repeated: bool = False          # several tasks run this text, perhaps at the same time
    cleanup: bool = False           # no jump may leave it
    loop: bool = False              # `break` and `continue` may stand here
    may_return: bool = False
    own: list = field(default_factory=list)       # (name, kind): the task's own variables, which it may change
    seen: list = field(default_factory=list)      # names of values that can be read here
    handles: list = field(default_factory=list)   # names of tasks that may be awaited here
    tools: list = field(default_factory=list)     # (name, kind): locks and the like that may be used here
    held: tuple = ()                # names of the tools that this task holds
    is_holding: bool = False        # the task holds a lock, or one that gathers it does: see spawned
    is_gathering: bool = False      # what is spawned here is a member of a gather
    live: list = field(default_factory=list)      # marks for the tasks that this one has started in the scopes around
    is_scope: bool = True           # whether the block is a scope, or what it starts belongs to the scope around it
    is_busy: bool = False           # scopes around this one have live tasks
    hurried: bool = False           # cleanup may not sleep: see may_sleep
    shielded: bool = False          # in a shield, in cleanup, or perhaps: in a function
    ends_script: bool = False       # `exit` follows: cleanup does not fail
    unheard: bool = False           # the oracle may lose what this task raises while it is stopped: see failure

    def inner(self, **changes):
        """A block inside that is a scope: what is declared and started there is not known outside."""
        known = {name: list(getattr(self, name)) for name in ("own", "seen", "handles", "live", "tools")}
        return replace(self, **{"depth": self.depth - 1, "is_scope": True, "is_busy": bool(self.live), "is_gathering": False, **known, **changes})

    def within(self, **changes):
        """A block inside that is no scope: the body of a `try` or of a loop."""
        return self.inner(live=self.live, is_scope=False, **changes)

    def gathering(self):
        """Where the members of a `gather` are spawned: none of them is live after it."""
        return self.inner(depth=self.depth, is_busy=bool(self.live) or self.is_busy, is_gathering=True)

    def may_sleep(self, deferring):
        """Whether cleanup that stands here, a `defer` or not, may sleep.

        When a task is cancelled, all tasks in its scopes are at once (§10.2); in the oracle those of a scope when the cleanup
        in the scopes inside is done. So cleanup takes no time where outer scopes have live tasks.
        """
        return not self.hurried and not (self.is_busy if deferring and self.is_scope else self.live)

    def spawned(self, task, **changes):
        """The body of a task spawned here: it has a snapshot of the variables, and nothing may jump out of it.

        A scope that waits at its end for such a task closes a circle where the task wants a lock that is held outside, which
        the oracle does not see. A gather that waits for its members it sees.
        """
        known = {"held": ()}
        if self.is_holding and not self.is_gathering: known |= {"handles": [], "tools": [(name, kind) for name, kind in self.tools if kind not in OWNED]}
        seen = self.seen + [name for name, kind in self.own if kind != "closure"]
        hurried = self.hurried or self.is_busy
        self.live.append(task)
        repeated = self.repeated or bool(self.shifts)
        unheard = self.unheard or self.task != 0
        return self.inner(**{"task": task, "own": [], "live": [], "is_busy": False, "hurried": hurried, "unheard": unheard, "seen": seen,
                             "cleanup": False, "loop": False, "may_return": True, "repeated": repeated, **known, **changes})

    def shifted(self, name, **changes):
        """A block that runs several times: the number `name` differs each time."""
        return self.within(**{"shifts": (*self.shifts, (name, "number")), "is_gathering": self.is_gathering, **changes})

    def in_cleanup(self):
        """A cleanup of this place's: nothing may jump out of it, and nothing in it takes long."""
        return self.inner(cleanup=True, shielded=True, loop=False, depth=0, tools=[])


class Durations:
    """Mixed into the program: lengths of time of which no two sums are equal, for all practical purposes.

    All are multiples of 10 ms, so that the microsecond that a step costs in the oracle never adds up to one, drawn from a
    month: with some fifty wake-ups in a program, one in a hundred thousand programs has two at the same instant.
    Cleanup takes minutes, where it has a grace period of its own, or parts of a second (`self.is_patient` says which, for all
    cleanup of the program: when two kinds meet, the page leaves open from when the shared period counts). So it is hardly
    ever under way when something else stops the task as well, of which the page does not say how long the cleanup has then.
    """

    UNIT, LONGEST, LONGEST_CLEANUP, LONGEST_IN_GRACE = 10, 259_200_000, 20_000, 30
    lengths_in_grace = ()
    AROUND_GRACE = 900   # for act_grace: the usual grace period is 5 s

    def length(self, longest=LONGEST):
        """A literal of any length."""
        return f"{self.UNIT * self.r.randint(1, longest)}ms"

    def moment(self, place):
        """A duration of this place's own: one for each turn of the loops and each call of the function around it."""
        if place.cleanup and not self.is_patient: return self.shifted_by(place, self.length_in_grace)
        longest = self.LONGEST_CLEANUP if place.cleanup else self.LONGEST
        return self.shifted_by(place, lambda: self.length(longest))

    def length_in_grace(self):
        """There are few: those that clean up at one instant must not be given the same, so none is used twice before all have been."""
        if not self.lengths_in_grace:
            self.lengths_in_grace = list(range(1, self.LONGEST_IN_GRACE + 1))
            self.r.shuffle(self.lengths_in_grace)
        return f"{self.UNIT * self.lengths_in_grace.pop()}ms"

    def shifted_by(self, place, length):
        """A sum with a part for each of the shifts; a function gets a duration for cleanup, too."""
        kind = "quick" if place.cleanup else "slow"
        parts = [name if of == kind else f"{length()} * {name}" for name, of in place.shifts if of in (kind, "number")]
        return " + ".join([length(), *parts])

    def longer(self, place):
        """A duration in a head: in parentheses where it is a sum."""
        text = self.moment(place)
        return f"({text})" if " " in text else text
