"""Histories of requests, written down by hand: some that one order explains, and some that none
does.
"""

from collections.abc import Callable

from tests.chaos.written_histories import History, past

TO = {"to": "calendar", "start": None, "end": None}
Made = Callable[[], History]
TRUE: dict[str, Made] = {
    "a cancellation that took effect at once, and was answered late": (
        lambda: History().book("a", 9, 0, 1).cancel("a", 2, 5, version=2).book("b", 9, 3, 4)
    ),
    "a lost cancellation that was done": (
        lambda: (
            History()
            .row("a", 2, "cancelled")
            .book("a", 9, 0, 1)
            .lost_cancel("a", 2)
            .book("b", 9, 3, 4)
        )
    ),
    "a lost cancellation that was done late": (
        lambda: (
            History()
            .row("a", 2, "cancelled")
            .book("a", 9, 0, 1)
            .lost_cancel("a", 2)
            .read("a", 3, 4, version=1)
            .book("b", 9, 8, 9)
            .read("a", 10, 11, version=2, status="missed")
        )
    ),
    "a lost booking that was never done": lambda: History().lost("a", 9, 0).book("b", 9, 1, 2),
    "a lost booking that was done after the time was free again": (
        lambda: History().row("x").lost("x", 9, 0).book("b", 9, 1, 2).cancel("b", 3, 4, version=2)
    ),
    "a stale version, of a move that is not answered yet": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 9, made=2)
            .refused("move", 3, 4, request=past(version=1), code="stale_version", current=2)
        )
    ),
    "three for two seats": (
        lambda: (
            History()
            .pod(2, 0, 1)
            .join("a", 2, 9, taken=2)
            .join("b", 3, 8, taken=1)
            .refused("join", 4, 7, request={"pod_id": "ses_pod"}, code="seats_full")
        )
    ),
    "three that make room for each other at once": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .book("b", 10.25, 0, 1)
            .move("a", 10.25, 2, 9, made=2)
            .move("b", 11.5, 3, 8, made=2)
            .book("c", 9, 4, 5)
        )
    ),
    "a booking that is not there yet": lambda: History().book("a", 9, 0, 3).missing("a", 1, 2),
    "a hold that has ended": lambda: History().hold("h", 9, 0, 1, expires=60).book("b", 9, 59, 61),
    "a hold that is used": lambda: (
        History().hold("h", 9, 0, 1, expires=60).book("b", 9, 2, 3, hold_id="h")
    ),
    "two reads while it moves": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 9, made=2)
            .read("a", 3, 5, version=1)
            .read("a", 4, 8, version=2)
        )
    ),
    "a session that followed its event": (
        lambda: (
            History()
            .row("a", 3)
            .book("a", 9, 0, 1)
            .dragged("a", 12, 2)
            .followed("a", 12, 2)
            .book("b", 9, 3, 4)
            .move("a", 14, 5, 6, made=3)
        )
    ),
    "a pod with nobody in it that followed its event": (
        lambda: History(policy="follow").pod(2, 0, 1).dragged("pod", 14, 2).book("b", 10, 3, 4)
    ),
    "a session that was moved to where its event stands": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .dragged("a", 12, 2)
            .settled("a", 12, 3, 4, version=2)
            .book("b", 9, 5, 6)
            .read("a", 7, 8, version=2)
        )
    ),
    "a session that followed its event, which was put back there later": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .dragged("a", 12, 2)
            .followed("a", 12, 2)
            .book("b", 9, 3, 4)
            .settled("a", 12, 5, 6, version=2, to="session")
        )
    ),
    "a session that followed its event, and was moved to where it was already": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .dragged("a", 12, 2)
            .followed("a", 12, 2)
            .book("b", 9, 3, 4)
            .move("a", 12, 5, 6, made=2)
        )
    ),
    "a lost move that was done, of a session whose event was put back later": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .lost_move("a", 12, 2)
            .book("b", 9, 3, 4)
            .settled("a", 12, 5, 6, version=2, to="session")
        )
    ),
    "a lost move that was done, and then asked for once more": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .lost_move("a", 12, 2)
            .book("b", 9, 3, 4)
            .move("a", 12, 5, 6, made=2)
        )
    ),
    "a lost booking that was done, and moved to where its event stands": (
        lambda: (
            History()
            .row("x", 2)
            .lost("x", 9, 0)
            .dragged("x", 12, 2)
            .settled("x", 12, 3, 4, version=2)
            .book("b", 9, 5, 6)
        )
    ),
    "a lost request to move a session to an event that is gone": (
        lambda: History().book("a", 9, 0, 1).lost_settling("a", 2).book("b", 11, 3, 4)
    ),
    "a session that cannot move to its event, because nobody has a seat any more": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .refused("settle", 2, 3, request={"session_id": "ses_a"} | TO, code="booking_ended")
        )
    ),
    "a time that is closed for reasons of its own": (
        lambda: History().refused("book", 0, 1, request={}, code="slot_not_open", reason="busy")
    ),
}
FALSE: dict[str, Made] = {
    "two at once": lambda: History().book("a", 9, 0, 1).book("b", 9, 0, 1),
    "two that are too close": lambda: History().book("a", 9, 0, 1).book("b", 10 + 10 / 60, 0, 1),
    "a time that was given back only later": (
        lambda: History().book("a", 9, 0, 1).book("b", 9, 2, 3).cancel("a", 4, 5, version=2)
    ),
    "an acceptance on a stale version": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 3, made=2)
            .move("a", 13, 4, 5, made=3, version=1)
        )
    ),
    "a version twice": (
        lambda: History().book("a", 9, 0, 1).move("a", 11, 2, 9, made=2).move("a", 13, 3, 8, made=2)
    ),
    "a seat too many": (
        lambda: History().pod(1, 0, 1).join("a", 2, 9, taken=1).join("b", 3, 8, taken=2)
    ),
    "two that count one seat": (
        lambda: History().pod(2, 0, 1).join("a", 2, 9, taken=1).join("b", 3, 8, taken=1)
    ),
    "a full pod with a seat": (
        lambda: (
            History()
            .pod(2, 0, 1)
            .join("a", 2, 3, taken=1)
            .refused("join", 4, 5, request={"pod_id": "ses_pod"}, code="seats_full")
        )
    ),
    "an end after the end": (
        lambda: (
            History().book("a", 9, 0, 1).cancel("a", 2, 3, version=2).cancel("a", 4, 5, version=3)
        )
    ),
    "a move after the end": (
        lambda: (
            History().book("a", 9, 0, 1).cancel("a", 2, 3, version=2).move("a", 11, 4, 5, made=3)
        )
    ),
    "a read of what was": (
        lambda: History().book("a", 9, 0, 1).move("a", 11, 2, 3, made=2).read("a", 4, 5, version=1)
    ),
    "reads that go back": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 11, 2, 9, made=2)
            .read("a", 3, 4, version=2)
            .read("a", 5, 6, version=1)
        )
    ),
    "called ended while it stands": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .refused("move", 2, 3, request=past(), code="booking_ended", ended_as="cancelled")
        )
    ),
    "a booking that is not there": lambda: History().book("a", 9, 0, 1).missing("a", 2, 3),
    "a hold that nobody kept": lambda: History().hold("h", 9, 0, 1, expires=60).book("b", 9, 2, 3),
    "a lost move that the rows do not know": (
        lambda: History().row("a").book("a", 9, 0, 1).lost_move("a", 12, 2).book("b", 9, 3, 4)
    ),
    "a session that followed before its event was dragged": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .followed("a", 12, 2)
            .book("b", 9, 2, 3)
            .dragged("a", 12, 4)
        )
    ),
    "a session that followed into another": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .book("b", 12, 0, 1)
            .dragged("a", 12, 2)
            .followed("a", 12, 2)
            .read("a", 3, 4, version=2)
        )
    ),
    "a session that moved to its event, and is still at its old time": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .dragged("a", 12, 2)
            .settled("a", 12, 3, 4, version=2)
            .book("b", 12, 5, 6)
        )
    ),
    "a session that was put back to a version that it had before": (
        lambda: (
            History()
            .book("a", 9, 0, 1)
            .move("a", 12, 2, 3, made=2)
            .settled("a", 9, 4, 5, version=1, to="session")
        )
    ),
    "a session that was moved to another time than its event's": (
        lambda: History().book("a", 9, 0, 1).settled("a", 12, 2, 3, version=2, shown_at=13)
    ),
    "a session that was there before it moved to its event": (
        lambda: (
            History()
            .row("a", 2)
            .book("a", 9, 0, 1)
            .dragged("a", 12, 2)
            .followed("a", 12, 2)
            .read("a", 3, 4, version=2)
            .settled("a", 12, 5, 6, version=2)
        )
    ),
    "a lost booking done before it was sent": (
        lambda: History().row("x").book("a", 9, 0, 1).book("b", 9, 2, 3).lost("x", 9, 4)
    ),
}
