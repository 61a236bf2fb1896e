"""Changes of a good run that break a promise about our events in the coaches' calendars, and those
in which what coaches did there is right.
"""

from dataclasses import replace
from typing import Any

from tests.chaos import small_changes
from tests.chaos import small_world as small
from tests.chaos.controls import Change, letters
from tests.chaos.evidence import Callback, Event, Evidence, Operation, Sighting

LINK = "https://meet.example/one"
DRAGGED = {"starts": small.at(11.5), "ends": small.at(12.5)}


def difference(kind: str = "moved", token: str = "tok_1", **more: Any) -> small.Values:
    """What is known of Grace's session in Ada's calendar."""
    row = {"session_id": "ses_1", "kind": kind, "token": token, "told_token": token}
    return row | DRAGGED | more


def deed(run: Evidence, what: str = "moved", session_id: str = "ses_1") -> Evidence:
    request: small.Values = {"session_id": session_id, "what": what}
    if what == "moved":
        request |= {"start": DRAGGED["starts"], "end": DRAGGED["ends"]}
    number = len(run.operations)
    done = Operation(number, "tests", "deed", "ada", None, request, 150.0, 150.1, 200)
    return replace(run, operations=[*run.operations, done])


def asked(run: Evidence, number: int, token: str = "tok_1", topic: str = "event_moved") -> Evidence:
    """Ada is mailed of it."""
    own = {"id": "bkg_1", "session_id": "ses_1"}
    row = small.mail(number, own, topic, 2, "ada@example.test", role="coach")
    row |= {"booking_id": None, "payload": {"recipient": {"role": "coach"}, "nonce": token}}
    letter = small.letter(row, "x@example.test", 0, small.at(10), 160.0)
    run = small_changes.with_new_row(run, "outbox", row)
    return replace(run, letters=[*run.letters, letter])


def known(run: Evidence, row: small.Values) -> Evidence:
    """In the end: both times are closed, so nothing of Ada's is open."""
    tables = {**run.tables, "event_differences": [row]}
    listings = {"ada": {60: dict(run.listings["ada"][60]) | {"starts": []}}}
    return replace(run, tables=tables, listings=listings)


def stands(run: Evidence, **changes: Any) -> Evidence:
    """Grace's event, otherwise."""
    return replace(run, events=[_changed(event, changes) for event in run.events])


def _changed(event: Event, changes: Any) -> Event:
    if event.event_id != "coachcal-ses_1":
        return event
    return replace(event, **changes)


def dragged(run: Evidence) -> Evidence:
    """As it should be: Ada dragged it, was asked, and said nothing yet."""
    run = stands(run, start=DRAGGED["starts"], end=DRAGGED["ends"])
    return known(asked(deed(run), 50), difference())


def said_of_another_place(run: Evidence) -> Evidence:
    """It is known to be where she did not drag it, and it stands there."""
    run = stands(dragged(run), end=small.at(12.75))
    return known(run, difference(ends=small.at(12.75)))


def not_restored(run: Evidence) -> Evidence:
    return small_changes.with_row(dragged(run), "coaches", "ada", event_policy="restore")


def asked_twice(run: Evidence) -> Evidence:
    return asked(dragged(run), 51)


def not_asked(run: Evidence) -> Evidence:
    run = small_changes.without_row(dragged(run), "outbox", "out_m50")
    return letters(lambda sent: [each for each in sent if b"digest50@" not in each.content])(run)


def asked_of_nothing(run: Evidence) -> Evidence:
    return asked(run, 50)


def stands_elsewhere(run: Evidence) -> Evidence:
    return stands(dragged(run), start=small.at(12), end=small.at(13))


def declined_unknown(run: Evidence) -> Evidence:
    return stands(run, declined=True)


def offered_there(run: Evidence) -> Evidence:
    """Its new place is listed as open."""
    run = dragged(run)
    listing = dict(run.listings["ada"][60]) | {"starts": [small.text(small.at(11.25))]}
    return replace(run, listings={"ada": {60: listing}})


def told(run: Evidence) -> Evidence:
    """Ada dragged it, and the platform heard of it."""
    run = dragged(run)
    times = {"starts": small.at(10), "ends": small.at(11)}
    times |= {f"event_{name}": moment for name, moment in DRAGGED.items()}
    data = {name: small.text(moment) for name, moment in times.items()}
    data |= {"session_id": "ses_1", "since": clock(run, 151)}
    body = {"type": "session.event_moved", "data": data}
    return replace(run, callbacks=[*run.callbacks, Callback(155.0, "evt_1", body)])


def clock(run: Evidence, seconds: float) -> str:
    """A moment of the run's clock."""
    return small.text(int(run.clock_zero + seconds))


def listed(run: Evidence, hours: float, as_of: float = 151) -> Evidence:
    """And a reader is offered this, while it stands there still."""
    body: small.Values = {"state": "fresh", "as_of": clock(run, as_of), "duration": 60}
    body["starts"] = [small.text(small.at(hours))]
    run = small_changes.and_then(
        run, "read", {"duration": 60}, 200, body, key=None, sent=170.0, answered=170.1
    )
    seen = Sighting(180.0, {"ses_1": (DRAGGED["starts"], DRAGGED["ends"])})
    return replace(run, sightings=[seen])


def listed_beside(run: Evidence) -> Evidence:
    return listed(told(run), 9)


def listed_there(run: Evidence) -> Evidence:
    return listed(told(run), 11.25)


def listed_where_it_was(run: Evidence) -> Evidence:
    return listed(told(run), 9.5)


def listed_after_a_read(run: Evidence) -> Evidence:
    """The platform was not told, but the listing is of a read after the deed."""
    return listed(dragged(run), 11.25, as_of=165)


def by_video(run: Evidence, link: str | None = LINK, shown: str | None = LINK) -> Evidence:
    """Grace's session has a link, which her last mail tells."""
    run = small_changes.with_row(
        run, "sessions", "ses_1", place={"kind": "conferencing"}, join_url=link
    )
    run = letters(_with_link("digest3@"))(run)
    return stands(run, join_url=shown)


def _with_link(digest: str) -> Any:
    def change(sent: list[Any]) -> list[Any]:
        found = []
        for each in sent:
            content = each.content
            if digest.encode() in content:
                content = content.replace(b"Words.", f"Here: {LINK} .".encode())
            found.append(replace(each, content=content))
        return found

    return change


def link_unknown(run: Evidence) -> Evidence:
    return by_video(run, link=None)


def link_untold(run: Evidence) -> Evidence:
    return by_video(run, link="https://meet.example/two", shown="https://meet.example/two")


def link_told_twice(run: Evidence) -> Evidence:
    run = by_video(run)
    row = small.mail(52, small.GRACE, "place_changed", 2, "grace@example.test")
    row["payload"] |= {"sequence": 9}
    letter = small.letter(row, "bkg_1@example.test", 9, small.at(10), 170.0)
    run = small_changes.with_new_row(run, "outbox", row)
    run = replace(run, letters=[*run.letters, letter])
    return letters(_with_link("digest52@"))(run)


RIGHT: tuple[Change, ...] = (dragged, listed_beside, by_video)
