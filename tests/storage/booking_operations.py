"""The operations of the booking machine, and what to draw for each of them."""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.storage.booking_machine import COACHES, DURATIONS, PEOPLE, Pick

Draw = Callable[[Random], Any]


def any_of(*values: Any) -> Draw:
    return lambda random: random.choice(values)


COACH, WHO, MINUTES, NTH = any_of(*COACHES), any_of(*PEOPLE), any_of(*DURATIONS), any_of(*range(60))
FORM = any_of("open", "open", "closed", "hybrid", "hybrid_v2", "hybrid_v2")
FORCE = any_of(None, None, "the board asked")
# None, or how far what the caller saw is from what is there.
EXPECTED = any_of(None, None, None, 0, 0, -1)
SOME_PEOPLE = any_of(set(), {"grace"}, {"hedy", "mary"}, set(PEOPLE))


def a_start(random: Random) -> Pick:
    """One that is listed, one beside a session that is there, or any quarter hour around the office
    hours of a day.
    """
    return random.choice(("listed", "listed", "beside", "any")), random.randrange(120)


def some_busy(random: Random) -> list[tuple[int, int, int]]:
    return [
        (random.randrange(3 * 96), random.choice((0, 0, 300, 30)), random.randrange(60, 9_000))
        for _ in range(random.randrange(4))
    ]


# Each operation, and what to draw for it.
OPERATIONS: dict[str, dict[str, Draw]] = {
    "book": {
        "coach": COACH,
        "minutes": MINUTES,
        "pick": a_start,
        "who": WHO,
        "force": FORCE,
        "nth": any_of(None, *range(10)),
    },
    "hold": {"coach": COACH, "minutes": MINUTES, "pick": a_start},
    "release": {"nth": NTH},
    "rebook": {
        "nth": NTH,
        "pick": a_start,
        "minutes": any_of(None, *DURATIONS),
        "off": EXPECTED,
        "force": FORCE,
    },
    "cancel": {"nth": NTH, "off": EXPECTED, "excused": any_of(False, False, True)},
    "create_pod": {
        "coach": COACH,
        "pick": a_start,
        "form": FORM,
        "capacity": any_of(1, 2, 3),
        "force": FORCE,
        "people": SOME_PEOPLE,
    },
    "join": {"nth": NTH, "who": WHO, "assigned": any_of(False, True)},
    "move_seat": {"nth": NTH, "other": NTH, "off": EXPECTED},
    "change_pod": {
        "nth": NTH,
        "off": EXPECTED,
        "pick": any_of(None, ("listed", 7), ("beside", 32), ("any", 90)),
        "capacity": any_of(None, 1, 2, 3),
        "force": FORCE,
    },
    "call_off": {"nth": NTH, "off": EXPECTED},
    "report": {"nth": NTH, "attended": any_of("completed", "missed"), "one": any_of(None, 0, 1, 2)},
    "read_calendar": {"coach": COACH, "busy": some_busy},
    "put_coach": {
        "coach": COACH,
        "pre": any_of(0, 0, 15, 40),
        "post": any_of(0, 0, 15, 90),
        "notice": any_of(0, 0, 60),
        "per_day": any_of(None, None, 1, 3),
    },
    "turn_the_clock": {
        "minutes": any_of(1, 5, 11, 11, 60, 240, 700, 1440),
        "reopens": any_of(False, True),
    },
}
OFTEN = ("book", "hold", "rebook", "join", "move_seat", "put_coach", "turn_the_clock")
