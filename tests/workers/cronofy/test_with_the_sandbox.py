"""The client and the sandbox were written apart, from the same reference: here they meet over a
socket.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from domain.freebusy import BUSY, TENTATIVE, Reading
from tests.support.sandbox import Control, Sandbox
from workers.budget import LocalBudget
from workers.cronofy import errors
from workers.cronofy.calls import ClientLimits
from workers.cronofy.client import Cronofy
from workers.cronofy.sandbox.control import ReadyAccount
from workers.cronofy.wire import ManagedEvent, Written

NOW = datetime.fromisoformat("2026-11-02T09:00:00Z")
CALLBACK = "http://127.0.0.1:9/connect/callback"
HOOK = "http://127.0.0.1:9/hooks/1"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(now=NOW, seeds=(), page_size=3) as running:
        yield running


@pytest.fixture
def control(sandbox: Sandbox) -> Iterator[Control]:
    yield sandbox.control
    sandbox.control.clear_faults()


@pytest.fixture
def mira(control: Control) -> ReadyAccount:
    return control.create_account("Mira", calendars=("Mira", "Lessons"))


def connected(sandbox: Sandbox, *, secret: str | None = None, deadline: float = 20.0) -> Cronofy:
    return Cronofy(
        sandbox.origin,
        sandbox.origin,
        sandbox.client_id,
        secret or sandbox.client_secret,
        LocalBudget(per_second=1_000, per_minute=10_000),
        limits=ClientLimits(deadline=deadline),
        sleep=lambda _: None,
    )


@pytest.fixture
def cronofy(sandbox: Sandbox) -> Iterator[Cronofy]:
    client = connected(sandbox)
    yield client
    client.close()


def read(cronofy: Cronofy, seat: ReadyAccount) -> Reading:
    return cronofy.free_busy(
        seat.access_token, since=date(2026, 11, 1), until=date(2027, 1, 1), zone="Europe/London"
    )


def fill(control: Control, seat: ReadyAccount, events: int = 7) -> list[tuple[int, int]]:
    """Events of an hour, one a day, and when they are."""
    starts = [NOW + timedelta(days=number) for number in range(events)]
    for place, start in enumerate(starts):
        control.add_event(seat.calendars[place % 2], start, start + timedelta(hours=1))
    return [(int(start.timestamp()), int(start.timestamp()) + 3600) for start in starts]


def spans(reading: Reading) -> list[tuple[int, int]]:
    return sorted(zip(reading.start.tolist(), reading.end.tolist(), strict=True))


def test_a_person_connects_and_their_tokens_work(
    sandbox: Sandbox, control: Control, cronofy: Cronofy
) -> None:
    url = cronofy.authorize_url(CALLBACK, "state-1", scope="read_write", provider="google")
    answer = control.consent(url)
    code = answer.partition("code=")[2].partition("&")[0]
    grant = cronofy.exchange(code, CALLBACK)
    account = cronofy.userinfo(grant.access_token)
    assert account.sub == grant.sub
    assert account.profiles[0].calendars
    with pytest.raises(errors.InvalidGrant):
        cronofy.exchange(code, CALLBACK)
    renewed = cronofy.refresh(grant.refresh_token)
    assert cronofy.userinfo(renewed.access_token).sub == grant.sub
    cronofy.revoke(grant.refresh_token)
    cronofy.revoke(grant.refresh_token)
    with pytest.raises(errors.InvalidGrant):
        cronofy.refresh(grant.refresh_token)


def test_pages_small_as_they_are_make_the_whole_reading(
    control: Control, cronofy: Cronofy, mira: ReadyAccount
) -> None:
    meant = fill(control, mira)
    control.clear_calls()
    reading = read(cronofy, mira)
    assert spans(reading) == meant
    assert set(reading.calendars) == set(mira.calendars)
    assert sum(control.counts().values()) == 3


def test_whole_days_and_doubt_arrive_as_such(
    control: Control, cronofy: Cronofy, mira: ReadyAccount
) -> None:
    control.add_event(mira.calendars[0], date(2026, 11, 10), date(2026, 11, 12))
    control.add_event(
        mira.calendars[0], NOW, NOW + timedelta(minutes=17, seconds=30), status="tentative"
    )
    reading = read(cronofy, mira)
    by_start = sorted(
        zip(
            reading.all_day.tolist(),
            reading.status.tolist(),
            (reading.end - reading.start).tolist(),
            strict=True,
        )
    )
    assert by_start == [(False, TENTATIVE, 1050), (True, BUSY, 2 * 86_400)]


def test_a_broken_profile_and_a_running_first_sync_are_seen(
    control: Control, cronofy: Cronofy, mira: ReadyAccount
) -> None:
    control.begin_sync(mira.profiles[0])
    assert cronofy.userinfo(mira.access_token).trouble == "initial_sync"
    control.finish_sync(mira.profiles[0])
    control.break_profile(mira.profiles[0])
    account = cronofy.userinfo(mira.access_token)
    assert account.trouble == "disconnected"
    assert account.profiles[0].relink_url


def test_channels_are_opened_once_listed_and_closed(
    control: Control, cronofy: Cronofy, mira: ReadyAccount
) -> None:
    channel = cronofy.open_channel(mira.access_token, HOOK)
    assert cronofy.open_channel(mira.access_token, HOOK) == channel
    assert cronofy.channels(mira.access_token) == (channel,)
    cronofy.close_channel(mira.access_token, channel.id)
    cronofy.close_channel(mira.access_token, channel.id)
    assert cronofy.channels(mira.access_token) == ()


def test_an_expired_token_asks_to_be_refreshed(
    control: Control, cronofy: Cronofy, mira: ReadyAccount
) -> None:
    control.expire_tokens(mira.sub)
    with pytest.raises(errors.Unauthorised):
        read(cronofy, mira)
    fresh = cronofy.refresh(mira.refresh_token)
    assert cronofy.userinfo(fresh.access_token).sub == mira.sub


def test_credentials_can_be_checked_without_an_account(sandbox: Sandbox, cronofy: Cronofy) -> None:
    cronofy.ping()
    wrong = connected(sandbox, secret="wrong")
    with pytest.raises(errors.InvalidClient):
        wrong.ping()
    wrong.close()


@pytest.mark.parametrize(
    ("kind", "how"),
    [
        ("status", {"status": 500}),
        ("status", {"status": 503, "body": {"error": "busy"}}),
        ("status", {"status": 429, "retry_after": 0}),
        ("hang_up", {}),
        ("half", {}),
    ],
)
def test_trouble_that_passes_costs_a_try(
    control: Control, cronofy: Cronofy, mira: ReadyAccount, kind: str, how: dict[str, Any]
) -> None:
    meant = fill(control, mira, 4)
    control.fault(kind, "/v1/free_busy/pages", times=2, **how)
    assert spans(read(cronofy, mira)) == meant


@pytest.mark.parametrize(
    ("kind", "path", "how"),
    [
        ("status", "/v1/free_busy/pages", {"status": 500}),
        ("status", "/v1/free_busy", {"status": 429, "retry_after": 300}),
        ("half", "/v1/free_busy/pages", {}),
        ("malformed", "/v1/free_busy/pages", {}),
        ("foreign_next_page", "/v1/free_busy", {}),
        ("trickle", "/v1/free_busy", {"seconds": 60}),
        ("delay", "/v1/free_busy", {"seconds": 2}),
    ],
)
def test_trouble_that_stays_drops_the_whole_read(
    sandbox: Sandbox,
    control: Control,
    mira: ReadyAccount,
    kind: str,
    path: str,
    how: dict[str, Any],
) -> None:
    fill(control, mira, 4)
    control.fault(kind, path, times=None, **how)
    deadline = 0.6
    if "retry_after" in how:  # which is an answer, and comes when the machine gets to it
        deadline = 20.0
    cronofy = connected(sandbox, deadline=deadline)
    with pytest.raises(errors.CronofyError) as caught:
        read(cronofy, mira)
    assert not caught.value.permanent
    assert caught.value.retry_after == how.get("retry_after")
    cronofy.close()


SESSION = ManagedEvent(
    "coachcal-ses_1",
    "Session",
    "",
    int(NOW.timestamp()),
    int(NOW.timestamp()) + 3600,
    "Europe/London",
)


def ours(cronofy: Cronofy, seat: ReadyAccount) -> tuple[Written, ...]:
    return cronofy.managed_events(
        seat.access_token, since=date(2026, 11, 1), until=date(2026, 11, 10)
    )


def test_what_we_write_is_read_back_moved_and_deleted_and_is_never_busy(
    cronofy: Cronofy, mira: ReadyAccount
) -> None:
    token, calendar = mira.access_token, mira.calendars[0]
    for _ in range(2):
        cronofy.upsert_event(token, calendar, SESSION)
    assert ours(cronofy, mira) == (Written(SESSION.id, calendar, SESSION.start, SESSION.end),)
    assert len(read(cronofy, mira)) == 0
    cronofy.upsert_event(token, calendar, replace(SESSION, start=SESSION.start + 900))
    assert [event.start for event in ours(cronofy, mira)] == [SESSION.start + 900]
    for _ in range(2):
        cronofy.delete_event(token, calendar, SESSION.id)
    assert ours(cronofy, mira) == ()


def test_calendars_that_take_no_events_say_so(
    control: Control, cronofy: Cronofy, mira: ReadyAccount
) -> None:
    readonly = control.create_calendar(mira.profiles[0], "Holidays", readonly=True)
    for calendar, kind in ((readonly, errors.Rejected), ("cal_none", errors.NotFound)):
        with pytest.raises(kind):
            cronofy.upsert_event(mira.access_token, calendar, SESSION)
    control.break_profile(mira.profiles[0])
    with pytest.raises(errors.Locked):
        cronofy.upsert_event(mira.access_token, mira.calendars[0], SESSION)
