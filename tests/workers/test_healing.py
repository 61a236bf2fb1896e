"""What goes wrong with calendars heals by itself: against the sandbox, with the clock's
own jobs.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from storage.rows import outbox as stored
from storage.schema import tables
from tests.support import people
from tests.support.clock_work import book, drain, later
from tests.support.in_process import Connected, House
from tests.support.memory_mailer import MemoryMailer
from workers import clock
from workers.delivery import outbox
from workers.jobs import reconciling, retention
from workers.jobs.slots import recompute

SAMPLES = tables.samples.c
BACKLOG = select(SAMPLES.at, SAMPLES.value).where(SAMPLES.name == "refresh_backlog")

HOUR = timedelta(hours=1)


@pytest.fixture
def connected(house: House) -> Connected:
    """Ada's calendar, with a meeting on each of six days."""
    house.introduce(people.MAILED)
    account = house.connect()
    for day in range(2, 8):
        start = people.NOW.replace(day=day, hour=10)
        house.control.add_event(account.calendar, start, start + HOUR, notify=False)
    house.refresh(account.connection_id)
    drain(house)
    return account


def refresh(house: House, connected: Connected) -> list[str]:
    """One read that is owed. What was logged above a mere word."""
    with capture_logs() as logs:
        house.mark_dirty_with_userinfo(connected.connection_id)
        house.refresh(connected.connection_id)
    return [each["event"] for each in logs if each["log_level"] != "info"]


def is_open(house: House, day: int) -> bool:
    return people.at(day, 10) in house.listing().slots.open_starts(60)


def row(house: House, connected: Connected) -> Any:
    with house.runtime.services.database.read() as tx:
        return people.row_of(tx, connected.connection_id)


def test_a_calendar_that_vanishes_for_one_read_never_opens_a_slot(
    house: House, connected: Connected
) -> None:
    version = house.listing().version
    house.control.fault("vanish_calendar", "/v1/free_busy", calendar_id=connected.calendar)
    assert refresh(house, connected) == ["calendar_doubted"]
    assert (house.listing().version, house.listing().state, is_open(house, 2)) == (
        version,
        "refreshing",
        False,
    )
    assert house.owed(connected.connection_id)
    house.refresh(connected.connection_id)
    assert (house.listing().version, house.listing().state, is_open(house, 2)) == (
        version,
        "fresh",
        False,
    )


def test_a_calendar_that_is_really_empty_is_believed_at_the_second_read(
    house: House, connected: Connected
) -> None:
    house.control.fault("vanish_calendar", "/v1/free_busy", calendar_id=connected.calendar, times=2)
    refresh(house, connected)
    assert not is_open(house, 2)
    house.refresh(connected.connection_id)
    assert is_open(house, 2)
    assert house.listing().state == "fresh"


def test_a_calendar_that_leaves_the_list_blocks_until_that_is_said_twice(
    house: House, connected: Connected
) -> None:
    house.control.change_calendar(connected.calendar, deleted=True)
    assert refresh(house, connected) == ["calendar_doubted"]
    assert not is_open(house, 2)
    house.refresh(connected.connection_id)
    assert is_open(house, 2)


def test_a_lost_push_is_found_by_reconciling_and_counted(
    house: House, connected: Connected
) -> None:
    start = people.NOW.replace(day=8, hour=10)
    house.control.add_event(connected.calendar, start, start + HOUR, notify=False)
    later(house, minutes=15)
    assert reconciling.reconcile(house.runtime.services, house.runtime.actors) == 1
    with capture_logs() as logs:
        house.refresh(connected.connection_id)
    assert "missed_push" in [each["event"] for each in logs]
    assert not is_open(house, 8)
    found = row(house, connected)
    assert (found.missed_pushes, found.changed_at) == (1, people.NOW + timedelta(minutes=15))


def test_a_fleet_that_went_stale_together_is_read_within_half_the_budget(
    house: House, connected: Connected
) -> None:
    for _ in range(3):
        house.refresh(house.connect().connection_id)
    few = house.runtime.settings.model_copy(update={"rate_per_minute": 48})
    later(house, hours=2)
    house.runtime = replace(house.runtime, services=replace(house.runtime.services, settings=few))
    # 48 calls a minute are 12 a quarter minute; half of them, at three a read, are two reads
    counts = [reconciling.reconcile(house.runtime.services, house.runtime.actors) for _ in range(3)]
    assert counts == [2, 2, 0]


def mailed(house: House, until: int) -> list[tuple[int, str]]:
    """Days pass, and the sweeper's mails are delivered: (day, subject)."""
    mailer = house.runtime.services.mailer
    assert isinstance(mailer, MemoryMailer)
    found = []
    for _ in range(until):
        with house.runtime.services.database.write() as tx:
            tx.execute(tables.outbox.update().values(wake_after_ms=0))
            due = stored.sweep(tx, now=house.runtime.services.now())
        before = len(mailer.sent)
        for outbox_id, _kind in due:
            outbox.deliver(house.runtime.services, outbox_id)
        day = (house.runtime.services.now() - people.NOW).days
        found += [(day, str(sent.parsed["Subject"])) for sent in mailer.sent[before:]]
        later(house, days=1)
    return found


LOST = "Your calendar is no longer connected"


def test_the_coach_is_asked_to_relink_on_five_days_with_the_provider_s_link(
    house: House, connected: Connected
) -> None:
    house.control.break_profile(connected.seat.profiles[0])
    refresh(house, connected)
    assert mailed(house, 20) == [(day, LOST) for day in (0, 1, 3, 7, 14)]
    mailer = house.runtime.services.mailer
    assert isinstance(mailer, MemoryMailer)
    link = house.profile(connected).relink_url
    assert link is not None
    bodies = [
        part.get_content()
        for part in mailer.sent[4].parsed.walk()
        if part.get_content_type() == "text/plain"
    ]
    assert link in bodies[0]


def test_the_mails_stop_when_the_calendar_is_back_and_start_anew_when_it_is_lost_again(
    house: House, connected: Connected
) -> None:
    profile = connected.seat.profiles[0]
    house.control.break_profile(profile)
    refresh(house, connected)
    assert mailed(house, 2) == [(0, LOST), (1, LOST)]
    house.control.relink_profile(profile)
    refresh(house, connected)
    assert (house.listing().state, row(house, connected).troubled_since) == ("fresh", None)
    assert mailed(house, 18) == []
    house.control.break_profile(profile)
    refresh(house, connected)
    assert mailed(house, 10) == [(20, LOST), (21, LOST), (23, LOST), (27, LOST)]


def test_a_mail_that_is_under_way_when_the_calendar_comes_back_is_not_sent(
    house: House, connected: Connected
) -> None:
    house.control.break_profile(connected.seat.profiles[0])
    refresh(house, connected)
    # As a read in another process would have it, the row not yet withdrawn
    house.set_row(connected.connection_id, trouble=None)
    assert mailed(house, 3) == []


def test_a_revoked_grant_has_no_link_and_its_mails_go_without_one(
    house: House, connected: Connected
) -> None:
    house.control.revoke_tokens(connected.seat.sub)
    refresh(house, connected)
    assert mailed(house, 2) == [(0, LOST), (1, LOST)]


def test_the_roll_tells_of_a_session_whose_local_time_moved(
    house: House, connected: Connected
) -> None:
    done = book(house)
    with house.runtime.services.database.write() as tx:
        tx.execute(tables.sessions.update().values(wall="2026-06-09T10:00 Europe/London"))
        tx.execute(tables.slot_sets.update().values(tzdata="2019c"))
    clock.roll(house.runtime.services, house.runtime.actors)
    assert drain(house) == [("recompute_slots", "ada")]
    with capture_logs() as logs:
        recompute(house.runtime.services, "ada")
    assert [(each["event"], each["session"], each["booked_for"], each["now"]) for each in logs] == [
        (
            "session_wall_moved",
            done.session.id,
            "2026-06-09T10:00 Europe/London",
            "2026-06-09T11:00 Europe/London",
        )
    ]


def test_each_minute_is_sampled_and_old_samples_are_dropped(
    house: House, connected: Connected
) -> None:
    services = house.runtime.services
    clock.sample(services, house.runtime.actors)
    with services.database.read() as tx:
        assert tx.execute(BACKLOG).all() == [(people.NOW, 0.0)]
    later(house, days=8)
    assert retention.drop(house.runtime.services, house.runtime.actors) > 0
    with services.database.read() as tx:
        assert tx.execute(BACKLOG).all() == []
