"""Histories of events that were dragged, written down by hand: what is offered or given against the
promise that both times are closed meanwhile, and what may be.

Each begins alike: a session at 9 whose event Ada drags to 12 at second 10. What is offered at 11:30
lies over the one, at 9:30 over the other.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.chaos.written_histories import History

Made = Callable[[], History]
GARBLED = "cronofy garbled + kill web (ada)"


def dragged(policy: str = "ask") -> History:
    return History(policy=policy).row("a").book("a", 9, 0, 1).dragged("a", 12, 10)


def stood(policy: str = "ask") -> History:
    """It still stands there at second 90."""
    return dragged(policy).seen("a", 12, 11).seen("a", 12, 90)


def known(policy: str = "ask") -> History:
    """The platform is told of it at second 12."""
    return stood(policy).told("a", 12, 9, 12, since=11)


BROKEN: dict[str, Made] = {
    "where the event stands": lambda: known().listed(11.5, sent=20),
    "where the session is": lambda: known().listed(9.5, sent=20),
    "where the session is, though its event is to be put back": (
        lambda: known("restore").listed(9.5, sent=20)
    ),
    "where the event stands, though the session would follow": (
        lambda: known("follow").listed(12, sent=20)
    ),
    "while it is read anew": lambda: known().listed(12, sent=20, state="refreshing"),
    "while something else fails": (
        lambda: known().failing(15, 25, "database frozen").listed(12, sent=20)
    ),
    "after another coach's calendar was not to be seen": (
        lambda: known().failing(15, 18, "cronofy garbled (bea)").listed(12, sent=20)
    ),
    "as who asked for the sessions was shown": (
        lambda: stood().looked("a", 12, 9, 14, 15, since=11).listed(9.5, sent=20)
    ),
    "by a body of before that is said to hold still": (
        lambda: known().listed(12, sent=9, tag="one").unchanged("one", sent=20)
    ),
    "to who books it": lambda: known().book("b", 12, 20, 21),
    "to who books where the session is": lambda: known().book("b", 9, 20, 21),
    "to who moves another session there": (
        lambda: known().book("b", 15, 2, 3).move("b", 11.5, 20, 21, made=2)
    ),
    "to who holds it": lambda: known().hold("h", 12, 20, 21, expires=60),
    "though it was renamed": lambda: renamed(known()).listed(12, sent=20),
    "after it was dragged on": (
        lambda: (
            dragged()
            .dragged("a", 14, 20)
            .seen("a", 14, 90)
            .told("a", 14, 9, 22, since=21)
            .listed(14, sent=30)
        )
    ),
    "after it was dragged there once more": (
        lambda: (
            known()
            .dragged("a", 14, 91)
            .dragged("a", 12, 95)
            .seen("a", 12, 99)
            .told("a", 12, 9, 97, since=96)
            .listed(12, sent=98)
        )
    ),
    "after a request that was refused": (
        lambda: (
            known()
            .refused("settle", 15, 16, request={"session_id": "ses_a"}, code="difference_settled")
            .listed(12, sent=20)
        )
    ),
    "after a deed that came too late": (
        lambda: known().dragged("a", 14, 15, status=404).listed(12, sent=20)
    ),
    "after a read, of which the platform was not told": (
        lambda: stood().listed(12, sent=30, as_of=25)
    ),
    "after a read, where our write was done before": (
        lambda: stood().wrote("a", 0, 2).listed(12, sent=30, as_of=25)
    ),
    "after a read, where our write may bring it elsewhere": (
        lambda: stood().may_land("a", 9).listed(12, sent=30, as_of=25)
    ),
    "after a read, where only a link is waited for": (
        lambda: stood().may_land("a", None, token="link").listed(12, sent=30, as_of=25)
    ),
    "after a read, where our write gave way to a newer one that is done": (
        lambda: (
            stood()
            .wrote("a", 0, None, state="superseded")
            .wrote("a", 1, 2)
            .listed(12, sent=30, as_of=25)
        )
    ),
}
KEPT: dict[str, Made] = {
    "beside both times": lambda: known().listed(10, 11, 13, sent=20, as_of=19),
    "before anybody was told": lambda: known().listed(12, sent=11.5),
    "before who asked for the sessions was answered": (
        lambda: stood().looked("a", 12, 9, 14, 16, since=11).listed(9.5, 12, sent=15)
    ),
    "as who asked for the sessions was shown to be declined": (
        lambda: stood().looked("a", 12, 9, 14, 15, since=11, kind="declined").listed(12, sent=20)
    ),
    "as who asked for the sessions was shown of before": (
        lambda: stood().looked("a", 12, 9, 14, 15, since=8).listed(9.5, 12, sent=20)
    ),
    "before anybody was told, to who books it": lambda: known().book("b", 12, 11.5, 13),
    "to who had held it before": (
        lambda: known().hold("h", 12, 5, 6, expires=60).book("b", 12, 20, 21, hold_id="h")
    ),
    "to who asked before and asks again": lambda: twice(known()),
    "to who was there before and moves there": (
        lambda: known().book("b", 12, 2, 3).move("b", 12, 20, 21, made=1)
    ),
    "before it was dragged": lambda: known().listed(12, sent=9, as_of=5),
    "by a calendar that is not fresh": lambda: known().listed(12, sent=20, state="stale"),
    "by a calendar that was read before": lambda: stood().listed(12, sent=30, as_of=20),
    "by a clock that is ahead": lambda: stood().listed(12, sent=20, as_of=60),
    "by a body that is another by now": (
        lambda: known().listed(12, sent=9, tag="one").unchanged("two", sent=20)
    ),
    "after the coach moved the session there": (
        lambda: known().settled("a", 12, 15, 16, version=2).listed(9, sent=20)
    ),
    "after it was put back": (
        lambda: known().settled("a", 9, 15, 16, version=1, to="session").listed(12, sent=20)
    ),
    "after a request to settle it that nobody answered": (
        lambda: known().lost_settling("a", 15).listed(12, sent=20)
    ),
    "after the participant moved": lambda: known().move("a", 14, 15, 16, made=2).listed(9, sent=20),
    "after a move that nobody answered": (
        lambda: known().lost_move("a", 14, 15).listed(9, sent=20)
    ),
    "after a move that was under way when it was dragged": (
        lambda: known().move("a", 14, 9.5, 11, made=2).listed(9, 12, sent=20)
    ),
    "after a lost move of before": lambda: lost_before().listed(9, 12, sent=20),
    "after the participant cancelled": (
        lambda: known().cancel("a", 15, 16, version=2).listed(9, 12, sent=20)
    ),
    "after it was dragged on": lambda: known().dragged("a", 14, 15).listed(12, sent=20),
    "after a deed that came too late": (
        lambda: (
            History()
            .row("a")
            .book("a", 9, 0, 1)
            .dragged("a", 12, 10, status=404)
            .seen("a", 12, 90)
            .told("a", 12, 9, 12, since=11)
            .listed(12, sent=20)
        )
    ),
    "after a write of ours took it away": (
        lambda: (
            dragged()
            .told("a", 12, 9, 12, since=11)
            .seen("a", 9, 19)
            .seen("a", 12, 90)
            .listed(12, sent=20)
        )
    ),
    "where nobody saw it stand": (
        lambda: dragged().told("a", 12, 9, 12, since=11).listed(12, sent=20)
    ),
    "where it is put back at once": lambda: known("restore").listed(12, sent=20, as_of=19),
    "where it is put back at once, and the platform is not told": (
        lambda: stood("restore").listed(12, sent=30, as_of=25)
    ),
    "where the session was before it followed": lambda: known("follow").listed(9, sent=20),
    "where its calendar was not to be seen": (
        lambda: known().failing(15, 18, GARBLED).listed(12, sent=20)
    ),
    "where its calendar was not to be seen, and is not asked for yet": (
        lambda: known().failing(3, 5, GARBLED).listed(12, sent=60)
    ),
    "where the platform was told of another time that it stood there": (
        lambda: (
            dragged()
            .dragged("a", 14, 20)
            .dragged("a", 12, 20.4)
            .told("a", 12, 9, 22, since=20)
            .seen("a", 12, 90)
            .listed(12, sent=30)
        )
    ),
    "after a read during a write of ours": (
        lambda: stood().wrote("a", 9, 24).listed(12, sent=30, as_of=25)
    ),
    "after a read, with a write of ours that waits": (
        lambda: stood().wrote("a", 9, None, state="pending").listed(12, sent=30, as_of=25)
    ),
    "after a read, with a write of ours that was given up": (
        lambda: stood().wrote("a", 9, None, state="superseded").listed(12, sent=30, as_of=25)
    ),
    "after a read, where a late write of ours may have brought it": (
        lambda: stood().may_land("a", 12).listed(12, sent=30, as_of=25)
    ),
    "after a read, where a late write of ours may bring it anywhere": (
        lambda: stood().may_land("a", None).listed(12, sent=30, as_of=25)
    ),
}


def renamed(history: History) -> History:
    history.add("deed", (15, 15.1), {"session_id": "ses_a", "what": "renamed"}, 200)
    return history


def twice(history: History) -> History:
    """The answer to the first try was lost."""
    done = history.book("b", 12, 11, 12).operations.pop()
    first = replace(done, answered=None, status=None, answer=None)
    again = replace(done, number=done.number + 1, sent=20, answered=21)
    history.operations += [first, again]
    return history


def lost_before() -> History:
    first = History().row("a").book("a", 9, 0, 1).lost_move("a", 14, 5)
    return first.dragged("a", 12, 10).told("a", 12, 9, 12, since=11).seen("a", 12, 90)
