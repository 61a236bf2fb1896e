"""Changes of a good run, each of which breaks one promise of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.chaos import small_changes
from tests.chaos import small_world as small
from tests.chaos.evidence import Callback, Event, Evidence, Letter

EDITED, LISTED, TAG = 9, 11, '"abc"'
"""The operations that edit a calendar and list, and a tag."""
Change = Callable[[Evidence], Evidence]


def row(table: str, row_id: str, **changes: Any) -> Change:
    return lambda run: small_changes.with_row(run, table, row_id, **changes)


def gone(table: str, row_id: str) -> Change:
    return lambda run: small_changes.without_row(run, table, row_id)


def operation(number: int, **changes: Any) -> Change:
    return lambda run: small_changes.with_operation(run, number, **changes)


def too_close(run: Evidence) -> Evidence:
    """A hold ten minutes after Grace's session: its calendar and its listing are right."""
    hold = small.session("hld_1", "ada", small.at(11) + 600, kind="hold", taken=0)
    hold |= {"expires_at": (run.now + 60) * 1000}
    run = replace(run, listings={})
    return small_changes.with_new_row(run, "sessions", hold)


def two_places(run: Evidence) -> Evidence:
    return small_changes.with_row(run, "bookings", "bkg_3", participant_id="grace")


def not_modified(run: Evidence) -> Evidence:
    """The listing, as a reader is told of it who never had it."""
    request = {**run.operations[LISTED].request, "if_none_match": TAG}
    return small_changes.with_operation(
        run, LISTED, status=304, answer=None, request=request, headers={"etag": TAG}
    )


def two_bodies(run: Evidence) -> Evidence:
    read = replace(run.operations[LISTED], headers={"etag": TAG})
    again = replace(read, number=len(run.operations), answer={**read.answer, "version": 1_000})
    return replace(
        run, operations=[*run.operations[:LISTED], read, *run.operations[LISTED + 1 :], again]
    )


def stranger(run: Evidence) -> Evidence:
    """A seat in the pod that nobody asked for; all of its mails and callbacks are right."""
    row = small.booking("bkg_9", "ses_3", "eve", "cancelled", 1)
    asked = small.mail(90, row, "booked", 1, "eve@example.test")
    run = small_changes.with_new_row(run, "bookings", row | {"status": "booked"})
    run = small_changes.with_row(run, "sessions", "ses_3", taken=2)
    call = small.callback_row(asked)
    for each in (asked, call):
        run = small_changes.with_new_row(run, "outbox", each)
    letter = small.letter(asked, row["uid"], 0, small.at(10), 60.0)
    told = Callback(60.0, call["id"], call["payload"])
    return replace(run, letters=[*run.letters, letter], callbacks=[*run.callbacks, told])


def late_refusal(run: Evidence) -> Evidence:
    return small_changes.with_operation(run, 0, status=404, answer=None, sent=2.0, answered=2.1)


def with_lost_answer(run: Evidence) -> Evidence:
    """The move, operation 2, was not possible any more."""
    return small_changes.with_operation(run, 2, request={**run.operations[2].request, "version": 7})


def gone_booking(run: Evidence) -> Evidence:
    return small_changes.without_booking(run, "bkg_1", "ses_1")


def older_booking(run: Evidence) -> Evidence:
    """The move was acknowledged, and everything is as it was before."""
    run = small_changes.with_row(run, "bookings", "bkg_1", version=1)
    for row_id in ("out_m3", "out_m4", "call_out_m3"):
        run = small_changes.without_row(run, "outbox", row_id)
    run = replace(run, letters=[each for each in run.letters if b"digest3@" not in each.content])
    run = replace(run, letters=[each for each in run.letters if b"digest4@" not in each.content])
    return replace(run, callbacks=[each for each in run.callbacks if each.id != "call_out_m3"])


def other_booking(run: Evidence) -> Evidence:
    """It stands at another time than the one that was acknowledged."""
    run = small_changes.with_row(run, "sessions", "ses_1", starts=small.at(9), ends=small.at(10))
    return replace(run, events=moved_event(list(run.events)), listings={})


def newer_booking(run: Evidence) -> Evidence:
    """One version more, with all that is owed for it, and nobody asked."""
    run = small_changes.with_row(run, "bookings", "bkg_1", version=3)
    own = {"id": "bkg_1", "session_id": "ses_1"}
    told = small.mail(20, own, "rebooked", 3, "grace@example.test")
    hers = small.mail(21, own, "rebooked", 3, "ada@example.test", role="coach")
    call = small.callback_row(told)
    for each in (told, hers, call):
        run = small_changes.with_new_row(run, "outbox", each)
    sent = [
        small.letter(each, "bkg_1@example.test", 2, small.at(10), 70.0) for each in (told, hers)
    ]
    heard = Callback(70.0, call["id"], call["payload"])
    return replace(run, letters=[*run.letters, *sent], callbacks=[*run.callbacks, heard])


def unmailed(run: Evidence) -> Evidence:
    run = small_changes.without_row(run, "outbox", "out_m4")
    return letters(lambda sent: [each for each in sent if b"digest4@" not in each.content])(run)


def invented(run: Evidence) -> Evidence:
    row = small.mail(99, small.GRACE, "booked", 1, "grace@example.test")
    return replace(run, letters=[*run.letters, small.letter(row, "x", 0, 0, 80.0)])


def misled(run: Evidence) -> Evidence:
    first = replace(run.letters[0], recipient="eve@example.test")
    return replace(run, letters=[first, *run.letters[1:]])


def twice_otherwise(run: Evidence) -> Evidence:
    """It may have been sent twice, but not with another SEQUENCE."""
    run = small_changes.with_row(run, "outbox", "out_m1", unsure=1)
    again = run.letters[0].content.replace(b"SEQUENCE:0", b"SEQUENCE:1")
    return replace(run, letters=[*run.letters, Letter(80.0, "grace@example.test", again)])


def letters(change: Callable[[list[Any]], list[Any]]) -> Change:
    return lambda run: replace(run, letters=change(list(run.letters)))


def swapped(first: int, second: int) -> Change:
    """Two letters came in each other's place."""

    def swap(sent: list[Any]) -> list[Any]:
        one, two = sent[first], sent[second]
        sent[first], sent[second] = replace(two, taken=one.taken), replace(one, taken=two.taken)
        return sent

    return letters(swap)


def reworded(old: bytes, new: bytes, number: int) -> Change:
    def change(sent: list[Any]) -> list[Any]:
        sent[number] = replace(sent[number], content=sent[number].content.replace(old, new))
        return sent

    return letters(change)


def callbacks(change: Callable[[list[Callback]], list[Callback]]) -> Change:
    return lambda run: replace(run, callbacks=change(list(run.callbacks)))


def repeated_otherwise(run: Evidence) -> Evidence:
    body = {**run.callbacks[0].body, "type": "slots.changed"}
    return replace(run, callbacks=[*run.callbacks, Callback(90.0, "call_out_m1", body)])


def told_too_much(run: Evidence) -> Evidence:
    body = {**run.callbacks[0].body, "data": {"booking_id": "bkg_7", "version": 1}}
    return replace(run, callbacks=[*run.callbacks, Callback(90.0, "call_x", body)])


def told_backwards(told: list[Callback]) -> list[Callback]:
    return [replace(each, taken=100 - each.taken) for each in told]


def events(change: Callable[[list[Event]], list[Event]]) -> Change:
    return lambda run: replace(run, events=change(list(run.events)))


def moved_event(found: list[Event]) -> list[Event]:
    found[1] = replace(found[1], start=small.at(9), end=small.at(10))
    return found


def ghost(found: list[Event]) -> list[Event]:
    return [*found, replace(found[1], event_id="coachcal-ses_2")]


def listing(**changes: Any) -> Change:
    def change(run: Evidence) -> Evidence:
        return replace(run, listings={"ada": {60: dict(run.listings["ada"][60]) | changes}})

    return change


def read(**changes: Any) -> Change:
    """The last operation, a listing, was answered otherwise."""
    return lambda run: operation(11, answer=run.operations[11].answer | changes)(run)


def later(run: Evidence) -> Evidence:
    """A read after a fault that was over long ago."""
    return small_changes.and_then(
        run, "read", {"booking_id": "bkg_1"}, 503, None, key=None, sent=400.0, answered=400.1
    )


def fell_over(run: Evidence) -> Evidence:
    return replace(run, ended=[(12.0, "clock", 1)])


def slow_refusal(run: Evidence) -> Evidence:
    run = replace(run, faults=[(300.0, 500.0, "database frozen")])
    return small_changes.and_then(
        run, "read", {"duration": 60}, 503, None, key=None, sent=400.0, answered=430.0
    )


def error(run: Evidence) -> Evidence:
    run = replace(run, faults=[(300.0, 500.0, "database frozen")])
    return small_changes.and_then(
        run, "read", {"duration": 60}, 500, None, key=None, sent=400.0, answered=400.1
    )


def waiting(run: Evidence) -> Evidence:
    """A reminder that nobody sends."""
    reminder = dict(small.MAILS[0][0]) | {"id": "out_r", "topic": "reminder", "message_id": "r"}
    return small_changes.with_new_row(
        run, "outbox", reminder | {"state": "pending", "due_at": small.STAMP - 60_000}
    )


def given_up(run: Evidence) -> Evidence:
    """The last mail to Grace does not leave, and no newer one is there."""
    run = small_changes.with_row(run, "outbox", "out_m3", state="superseded")
    return letters(lambda sent: [each for each in sent if b"digest3@" not in each.content])(run)


def unannounced(run: Evidence) -> Evidence:
    """Hedy is told of the end alone."""
    run = small_changes.with_row(run, "outbox", "out_m5", state="superseded")
    return letters(lambda sent: [each for each in sent if b"digest5@" not in each.content])(run)


def forgotten_calendar(run: Evidence) -> Evidence:
    return small_changes.without_row(run, "outbox", "out_ses_22")


def seen_late(run: Evidence) -> Evidence:
    """An edit was acknowledged while a host was cut off, and shown once that was over."""
    run = replace(run, faults=[(5.0, 200.0, "host cut off")], parted=[(5.0, 200.0)])
    return small_changes.with_operation(run, EDITED, answer={"visible": 201.0})


def both_booked(run: Evidence) -> Evidence:
    """Hedy is given 10:00 before Grace moves there, and gives it back after: the rows in the end
    are as they were.
    """
    hers = dict(run.operations[3].answer) | {
        "start": small.text(small.at(10)),
        "end": small.text(small.at(11)),
    }
    run = small_changes.with_operation(run, 3, sent=1.6, answered=1.7, answer=hers)
    return small_changes.with_operation(run, 2, sent=2.0, answered=2.5)
