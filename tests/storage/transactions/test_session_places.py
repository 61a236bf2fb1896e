"""Where a session is: decided when it is made, kept from then on, and changed on purpose only; then
everybody with a seat is told.
"""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from domain.errors import Invalid
from domain.mail.choice import Scope
from domain.places import Place, Rule
from domain.sessions import Refused, Session
from storage.rows import coaches, places, sessions
from storage.schema import tables
from storage.schema.database import Database
from storage.slots.bookable import Wanted
from storage.transactions import bookings, coach_settings, retention, session_places
from storage.transactions.bookings import BookingChange
from storage.transactions.pods import Made
from tests.storage.kit import TEN, change, create, owed
from tests.support import people

CALL, ROOM = Place("conferencing"), Place("url", "https://meet.example/ada")
OS, DESK = Place("platform", "https://os.example/room"), Place("address", "12 High Street, Leeds")
PHONE, OTHER = Place("phone", "+44 20 7946 0018"), Place("url", "https://other.example/")


def book(database: Database, place: Place | None = None, **options: Any) -> BookingChange:
    terms = replace(people.terms(), places=options.pop("deployment", Rule("deployment")))
    wanted = Wanted("ada", options.pop("start", TEN), 60)
    context = options.pop("context", people.PROGRAMME)
    with database.write() as tx:
        return bookings.book(tx, wanted, people.GRACE, context, terms, place=place)


def hold_elsewhere(
    database: Database, session: Session, wanted: Place | None, **options: Any
) -> Made:
    terms = people.terms(options.pop("now", people.NOW))
    with database.write() as tx:
        return session_places.change(tx, session.id, wanted, terms, **options)


def say(database: Database, scope: str, name: str, **said: Any) -> None:
    with database.write() as tx:
        if scope == "coach":
            coach = coaches.get(tx, name)
            assert coach is not None
            chosen = replace(coach, place=said.get("place"))
            coach_settings.put_coach(tx, name, lambda _: chosen, expected=None, now=people.NOW)
        else:
            places.put(tx, Rule(cast(Scope, scope), name, **said))


def as_stored(database: Database, session: Session) -> Session:
    with database.read() as tx:
        return sessions.get(tx, session.id)


def mails(database: Database, version: int) -> list[Any]:
    row = tables.outbox.c
    mine = tables.outbox.select().where(row.kind == "mail", row.version == version)
    with database.read() as tx:
        return list(tx.execute(mine.order_by(row.recipient)))


NARROWER = [
    ("deployment", "", CALL),
    ("company", "acme", OS),
    ("project", "leaders", DESK),
    ("cohort", "spring", ROOM),
    ("coach", "ada", PHONE),
]


def test_the_narrowest_that_says_something_when_it_is_made_says_where_it_is(
    database: Database,
) -> None:
    people.ready(database)
    deployment = Rule("deployment", "", CALL)
    for day, (scope, name, place) in enumerate(NARROWER, start=8):
        if scope != "deployment":
            say(database, scope, name, place=place)
        start = people.at(day, 14)
        done = book(database, start=start, deployment=deployment)
        assert done.session.place == as_stored(database, done.session).place == place
    asked = book(database, OTHER, start=people.at(15, 14), deployment=deployment)
    assert as_stored(database, asked.session).place == OTHER


def test_a_default_that_changes_touches_new_sessions_only(database: Database) -> None:
    people.ready(database)
    say(database, "company", "acme", place=ROOM)
    before, pod = book(database), create(database, start=people.at(9, 10), context=people.PROGRAMME)
    say(database, "company", "acme", place=OS)
    with database.write() as tx:
        moved = bookings.rebook(tx, before.booking.id, people.at(8, 14), people.terms())
    change(database, pod, title="Another")
    after = book(database, start=people.at(9, 14))
    kept = [as_stored(database, each).place for each in (moved.session, pod.pod, after.session)]
    assert kept == [ROOM, ROOM, OS]


def test_what_is_taken_away_counts_no_more(database: Database) -> None:
    people.ready(database)
    say(database, "cohort", "spring", place=ROOM, kinds=("url", "phone"))
    with database.write() as tx:
        found = places.get(tx, "cohort", "spring")
        assert found == Rule("cohort", "spring", ROOM, ("url", "phone"))
        assert places.delete(tx, "cohort", "spring")
        assert not places.delete(tx, "cohort", "spring")
        assert places.get(tx, "cohort", "spring") is None
    assert book(database).session.place is None


def test_a_kind_that_the_company_forbids_is_refused_and_nothing_is_booked(
    database: Database,
) -> None:
    people.ready(database)
    say(database, "company", "acme", kinds=("platform",))
    with pytest.raises(Invalid, match="The company acme allows no url") as refused:
        book(database, ROOM)
    assert refused.value.code == "place_forbidden"
    with pytest.raises(Invalid, match="The company acme allows no phone"):
        create(database, people.GRACE, context=people.PROGRAMME, place=PHONE)
    assert owed(database) == Counter()
    assert create(database, context=people.PROGRAMME, place=OS).pod.place == OS


def test_who_has_a_seat_is_told_of_another_place_as_of_the_same_event(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, people.HEDY, place=ROOM)
    told = hold_elsewhere(database, made.pod, PHONE, expected=made.pod.version)
    assert (told.pod.place, told.pod.version) == (PHONE, made.pod.version + 1)
    wanted = {("place_changed", "grace"): 1, ("place_changed", "hedy"): 1}
    assert owed(database, 2) == Counter(wanted | {("place_changed", "ada"): 1})
    uids = {seat.id: (seat.uid, seat.sequence) for seat in made.seats}
    for seat in told.seats:
        assert (seat.uid, seat.sequence - 1) == uids[seat.id]
    for row in mails(database, 2):
        assert row.payload["place"] == PHONE.value
        assert row.payload["starts"] == TEN
    # And the reminders that are still to come name the new place, too.
    topics = Counter(row.topic for row in mails(database, 2))
    assert topics["reminder"] == 2


def test_the_coach_s_calendar_follows(database: Database) -> None:
    people.ready(database)
    done = book(database, ROOM)
    hold_elsewhere(database, done.session, DESK)
    row = tables.outbox.c
    with database.read() as tx:
        query = tables.outbox.select().where(row.kind == "calendar").order_by(row.version)
        versions = [(each.topic, each.version) for each in tx.execute(query)]
    assert versions == [("upsert", 1), ("upsert", 2)]


def test_who_says_the_same_again_changes_nothing(database: Database) -> None:
    people.ready(database)
    done = book(database, ROOM)
    again = hold_elsewhere(database, done.session, Place("url", f" {ROOM.value} "))
    assert (again.pod, again.wake) == (as_stored(database, done.session), [])
    assert again.pod.version == done.session.version
    assert mails(database, 2) == []


def test_null_is_where_a_new_session_would_be(database: Database) -> None:
    people.ready(database)
    done = book(database, ROOM)
    with pytest.raises(Invalid) as refused:
        hold_elsewhere(database, done.session, None)
    assert (refused.value.field, refused.value.code) == ("place", "no_place")
    say(database, "coach", "ada", place=PHONE)
    assert hold_elsewhere(database, done.session, None).pod.place == PHONE


def link(database: Database, session: Session, url: str) -> None:
    """As whoever found it writes it, without the coach's lock."""
    with database.write() as tx:
        values = {"join_url": url, "conferencing_state": "assigned"}
        mine = tables.sessions.c.id == session.id
        tx.execute(tables.sessions.update().where(mine).values(values))


def test_a_link_that_is_found_meanwhile_is_not_written_over(database: Database) -> None:
    people.ready(database)
    done = book(database, CALL)
    link(database, done.session, "https://zoom.example/1")
    with database.write() as tx:
        # As a caller writes it that read the session before.
        sessions.put(tx, done.session, done.session, people.NOW)
    with database.write() as tx:
        moved = bookings.rebook(tx, done.booking.id, people.at(8, 14), people.terms())
    assert moved.session.join_link == "https://zoom.example/1"
    assert as_stored(database, done.session).where == "https://zoom.example/1"


def test_the_link_of_another_place_is_forgotten(database: Database) -> None:
    people.ready(database)
    done = book(database, CALL)
    link(database, done.session, "https://zoom.example/1")
    hold_elsewhere(database, done.session, DESK)
    back = hold_elsewhere(database, done.session, CALL)
    assert (back.pod.join_url, back.pod.where) == (None, "")
    row = mails(database, 3)[0]
    assert (row.payload["place_kind"], row.payload["join_url"]) == ("conferencing", None)


@pytest.mark.parametrize(
    ("how", "code"),
    [("stale", "stale_version"), ("begun", "already_begun"), ("cancelled", "booking_ended")],
)
def test_what_cannot_be_changed_any_more_stays(database: Database, how: str, code: str) -> None:
    people.ready(database)
    done = book(database, ROOM)
    options: dict[str, Any] = {}
    if how == "stale":
        options["expected"] = done.session.version + 1
    elif how == "begun":
        options["now"] = people.NOW + timedelta(days=7, hours=2)
    else:
        with database.write() as tx:
            bookings.cancel(tx, done.booking.id, people.terms())
    with pytest.raises(Refused) as refused:
        hold_elsewhere(database, done.session, PHONE, **options)
    assert refused.value.code == code
    assert as_stored(database, done.session).place == ROOM


def test_a_group_that_was_called_off_is_held_nowhere(database: Database) -> None:
    people.ready(database)
    made = create(database, people.GRACE, place=ROOM)
    change(database, made, status="disabled")
    with pytest.raises(Refused) as refused:
        hold_elsewhere(database, made.pod, PHONE)
    assert refused.value.code == "pod_ended"


def test_where_a_1_1_was_is_forgotten_with_its_person_and_a_group_s_is_not(
    database: Database,
) -> None:
    people.ready(database)
    done = book(database, PHONE)
    pod = create(database, people.GRACE, start=people.at(9, 10), place=DESK)
    link(database, done.session, "https://zoom.example/1")
    with database.write() as tx:
        retention.anonymise(tx, tables.bookings.c.participant_id == "grace", now=people.NOW)
    gone = as_stored(database, done.session)
    assert (gone.place, gone.join_url) == (None, None)
    assert as_stored(database, pod.pod).place == DESK
