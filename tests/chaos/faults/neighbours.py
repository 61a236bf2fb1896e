"""Neighbours that answer, and wrongly: the mail server, the platform, Cronofy."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.chaos.faults.base import Fault, Turn
from tests.chaos.people import COACHES, PARTICIPANTS, participant
from tests.support.mail_server import HANG_UP

SLOW_SECONDS = 1.5
LATE_SECONDS = 4.0
STORM = 30


@contextmanager
def smtp_refuses(turn: Turn) -> Iterator[str]:
    """Everybody's mail for now, or for a reason that is not the recipient's; or one mailbox that is
    not there.
    """
    reply = turn.one_of(
        "451 4.3.0 try later", "554 5.7.1 blocked, see our policy", "550 5.1.1 no such user"
    )
    gone = participant(PARTICIPANTS - 1)["email"] if "5.1.1" in reply else None
    turn.scene.office.refuse(reply, to=gone, times=None)
    yield reply[:9]
    turn.scene.office.relent()


@contextmanager
def smtp_hangs_up(turn: Turn) -> Iterator[None]:
    """It takes mails and is gone before it says so: nobody can know."""
    turn.scene.office.refuse(HANG_UP, stage="DATA", times=4)
    yield
    turn.scene.office.relent()


@contextmanager
def smtp_slow(turn: Turn) -> Iterator[None]:
    turn.scene.office.on_data = lambda: time.sleep(SLOW_SECONDS)
    yield
    turn.scene.office.on_data = None


@contextmanager
def platform_refuses(turn: Turn) -> Iterator[str]:
    told = turn.scene.platform
    told.usually = 503 if turn.number % 2 else told.ask_for(429, "1")
    yield "503" if turn.number % 2 else "429"
    told.usually = 204


@contextmanager
def cronofy_fails(turn: Turn) -> Iterator[None]:
    control = turn.scene.control
    control.fail("/v1/", 429, times=3, retry_after=1)
    control.fail("/v1/", 500, times=3)
    control.fail("/oauth/", 503, times=2)
    control.fault("hang_up", "/v1/", times=2)
    control.delay("/v1/", 1.0, times=4)
    yield
    control.clear_faults()


@contextmanager
def cronofy_garbled(turn: Turn) -> Iterator[str]:
    control = turn.scene.control
    coach = turn.scene.coaches[turn.one_of(*COACHES)]
    control.fault("malformed", "/v1/free_busy", times=3)
    control.fault("half", "/v1/free_busy", times=3, skip=3)
    control.fault("trickle", "/v1/free_busy", times=2, seconds=1.5)
    control.fault("foreign_next_page", "/v1/free_busy", times=2, skip=2)
    control.fault("vanish_calendar", "/v1/", times=2, calendar_id=coach.calendar_id)
    yield coach.id
    control.clear_faults()


@contextmanager
def cronofy_writes_late(turn: Turn) -> Iterator[None]:
    """Writes are carried out seconds after whoever asked for them was cut off."""
    turn.scene.control.delay("/v1/calendars", LATE_SECONDS)
    yield
    turn.scene.spoil("cronofy", "cut")
    turn.scene.mend("cronofy")
    turn.scene.control.clear_faults()


@contextmanager
def pushes_storm(turn: Turn) -> Iterator[None]:
    """Copies, late ones, in the wrong order, and some are lost."""
    control = turn.scene.control
    control.pushes(duplicate=2, reorder=5, drop=2)
    for number in range(STORM):
        control.notify(turn.scene.coaches[COACHES[number % len(COACHES)]].sub, "change")
    yield
    control.pushes(duplicate=0, reorder=0, drop=0)


NEIGHBOURS = (
    Fault("mail refused", "F9", 2.0, frozenset({"smtp"}), smtp_refuses),
    Fault("mail hangs up", "F9", 2.0, frozenset({"smtp"}), smtp_hangs_up),
    Fault("mail slow", "F9", 3.0, frozenset({"smtp"}), smtp_slow),
    Fault("platform refuses", "F9", 2.0, frozenset({"platform"}), platform_refuses),
    Fault("cronofy fails", "F8", 2.5, frozenset({"cronofy"}), cronofy_fails),
    Fault("cronofy garbled", "F8", 2.5, frozenset({"cronofy"}), cronofy_garbled),
    Fault("cronofy late", "F8", 2.5, frozenset({"cronofy", "network"}), cronofy_writes_late),
    Fault("push storm", "F10", 2.0, frozenset({"cronofy"}), pushes_storm),
)
