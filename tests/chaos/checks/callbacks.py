"""What the platform was told: each change of each booking, in order, and nothing that did not
happen.
"""

from collections.abc import Iterator

from tests.chaos.checks.rows import grouped, json_of, outbox
from tests.chaos.evidence import Callback, Evidence, Violation

OF_BOOKINGS = "booking."


def callbacks(evidence: Evidence) -> Iterator[Violation]:
    """Those that the platform took (2xx), against the rows. Of other events only the latest counts,
    and rows of the earlier ones are gone: of these nothing is asked but that a repeat is the same.
    """
    rows = {row.get("event_id") or row["id"]: row for row in outbox(evidence, "callback")}
    taken = [each for each in evidence.callbacks if 200 <= each.status < 300]
    heard = grouped(taken, lambda each: each.id)
    for event_id, row in rows.items():
        if row["state"] == "sent" and event_id not in heard:
            what = f"callback {row['id']} ({row['topic']}) is sent, and never arrived"
            yield Violation("G6", what, "lost")
    for copies in heard.values():
        yield from _same(copies)
    for callback in evidence.callbacks:
        if not str(callback.body["type"]).startswith(OF_BOOKINGS):
            continue
        row = rows.get(callback.id, {"payload": None})
        if json_of(row["payload"]) != callback.body:
            what = f"{callback.body['type']} under {callback.id}"
            yield Violation("G6", f"the platform was told what is not owed: {what}")
    yield from _order(taken)


def _same(copies: list[Callback]) -> Iterator[Violation]:
    if any(each.body != copies[0].body for each in copies):
        yield Violation("G6", f"callback {copies[0].id} was repeated, and said something else")


def _order(taken: list[Callback]) -> Iterator[Violation]:
    """Each booking's changes, each at its first arrival: 1, 2, 3 and so on, each under one id."""
    of_bookings = [each for each in taken if str(each.body["type"]).startswith(OF_BOOKINGS)]
    of_bookings.sort(key=lambda each: each.taken)
    for booking_id, told in grouped(
        of_bookings, lambda each: each.body["data"]["booking_id"]
    ).items():
        firsts: dict[str, int] = {}
        for each in told:
            firsts.setdefault(each.id, each.body["data"]["version"])
        versions = list(firsts.values())
        if versions != list(range(1, len(versions) + 1)):
            what = f"the versions {versions}"
            yield Violation("G6", f"booking {booking_id}: the platform was told of {what}")
