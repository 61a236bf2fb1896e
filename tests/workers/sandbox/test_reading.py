"""What free/busy and events show: range, switches, times, and pages that do not tear."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api


def starts(items: list[dict[str, Any]]) -> list[Any]:
    return [one["start"] for one in items]


def test_the_default_window_is_42_days_back_and_201_ahead(
    api: Api, control: Control, calendar: str
) -> None:
    for day in ("2026-09-20", "2026-09-21", "2027-05-21", "2027-05-22"):
        control.add_event(calendar, f"{day}T09:00:00Z", f"{day}T10:00:00Z")
    assert starts(api.free_busy()) == ["2026-09-21T09:00:00Z", "2027-05-21T09:00:00Z"]


def test_an_item_is_in_range_when_it_starts_before_to_and_ends_on_or_after_from(
    api: Api, control: Control, calendar: str
) -> None:
    for start, end in (
        ("02T22", "02T23"),
        ("02T23", "03T00"),
        ("03T23", "04T01"),
        ("04T00", "04T01"),
    ):
        control.add_event(calendar, f"2026-11-{start}:00:00Z", f"2026-11-{end}:00:00Z")
    items = api.free_busy(**{"from": "2026-11-03", "to": "2026-11-04"})
    assert starts(items) == ["2026-11-02T23:00:00Z", "2026-11-03T23:00:00Z"]


def test_the_zone_places_the_range_and_never_changes_utc_output(
    api: Api, control: Control, calendar: str
) -> None:
    control.add_event(calendar, "2026-11-03T16:00:00Z", "2026-11-03T17:00:00Z")
    only = {"from": "2026-11-04", "to": "2026-11-05"}
    assert starts(api.free_busy(tzid="Asia/Tokyo", **only)) == ["2026-11-03T16:00:00Z"]
    assert api.free_busy(tzid="UTC", **only) == []


def test_whole_days_are_dates_and_floating_times_belong_to_the_accounts_zone(
    api: Api, control: Control, sandbox: Sandbox, calendar: str
) -> None:
    control.add_event(calendar, "2026-11-04", "2026-11-06")
    control.add_event(calendar, "2026-07-06T09:00:00", "2026-07-06T10:00:00")
    control.add_event(
        calendar, "2026-07-06T09:00:00", "2026-07-06T10:00:00", tzid="America/New_York"
    )
    summer = {"from": "2026-07-01", "to": "2027-01-01"}
    assert starts(api.free_busy(**summer)) == [
        "2026-11-04",
        "2026-07-06T08:00:00Z",
        "2026-07-06T13:00:00Z",
    ]
    control.change_account(sandbox.accounts[0].sub, zone="Asia/Kathmandu")
    assert starts(api.free_busy(**summer))[1] == "2026-07-06T03:15:00Z"


def test_seconds_are_kept_and_fractions_never_appear(
    api: Api, control: Control, calendar: str
) -> None:
    now = datetime(2026, 11, 3, 10, 0, 30, 999_000, tzinfo=UTC)
    control.add_event(calendar, now, now + timedelta(seconds=29))
    [item] = api.free_busy()
    assert (item["start"], item["end"]) == ("2026-11-03T10:00:30Z", "2026-11-03T10:00:59Z")


def test_free_and_own_and_deleted_items_are_hidden_until_asked_for(
    api: Api, control: Control, calendar: str
) -> None:
    at = ("2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z")
    own = {"start": at[0], "end": at[1]}
    control.add_event(calendar, *at, summary="busy")
    control.add_event(calendar, *at, summary="doubtful", status="tentative")
    control.add_event(calendar, *at, summary="lunch", status="free")
    control.add_event(calendar, *at, summary="who knows", status="unknown")
    control.delete_event(control.add_event(calendar, *at, summary="gone"))
    api.upsert(calendar, event_id="s-1", summary="own", **own)
    api.upsert(calendar, event_id="s-2", summary="own, free", transparency="transparent", **own)

    def statuses(**params: str) -> list[str]:
        return [one["free_busy_status"] for one in api.free_busy(**params)]

    assert statuses() == ["busy", "tentative", "unknown"]
    assert statuses(include_free="1") == ["busy", "tentative", "free", "unknown"]
    assert statuses(include_managed="True") == ["busy", "tentative", "unknown", "busy"]
    assert statuses(include_deleted="true") == ["busy", "tentative", "unknown", "busy"]
    assert statuses(include_managed="False", include_free="") == ["busy", "tentative", "unknown"]

    def titles(**params: str) -> list[str]:
        return [one["summary"] for one in api.events(**params)]

    assert titles() == ["busy", "doubtful", "lunch", "who knows"]
    assert titles(only_managed="true") == ["own", "own, free"]
    assert titles(include_deleted="true")[-1] == "gone"
    assert [one["transparency"] for one in api.events()] == [
        "opaque",
        "opaque",
        "transparent",
        "unknown",
    ]
    assert [one["status"] for one in api.events()] == [
        "confirmed",
        "tentative",
        "confirmed",
        "unknown",
    ]


def test_a_moved_event_is_found_where_it_was_only_with_include_moved(
    api: Api, control: Control, calendar: str
) -> None:
    uid = control.add_event(calendar, "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z")
    control.move_event(uid, "2026-12-03T09:00:00Z", "2026-12-03T10:00:00Z")
    november = {"from": "2026-11-01", "to": "2026-12-01"}
    assert api.events(**november) == []
    assert starts(api.events(**november, include_moved="true")) == ["2026-12-03T09:00:00Z"]


def test_last_modified_lists_what_changed_since(api: Api, control: Control, calendar: str) -> None:
    control.add_event(calendar, "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z", summary="old")
    control.advance(600)
    control.add_event(calendar, "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z", summary="new")
    assert [one["summary"] for one in api.events(last_modified="2026-11-02T09:30:00Z")] == ["new"]
    assert len(api.free_busy(last_modified="2026-11-02T09:30:00Z")) == 1


def test_calendars_can_be_chosen_and_deleted_ones_show_nothing(
    api: Api, control: Control, calendar: str, profile: str
) -> None:
    holidays = control.create_calendar(profile, "Holidays", readonly=True)
    for one in (calendar, holidays):
        control.add_event(one, "2026-11-03", "2026-11-04")
    assert [one["calendar_id"] for one in api.free_busy()] == [calendar, holidays]
    assert [one["calendar_id"] for one in api.free_busy(**{"calendar_ids[]": holidays})] == [
        holidays
    ]
    control.change_calendar(holidays, deleted=True)
    assert [one["calendar_id"] for one in api.free_busy()] == [calendar]
    listed = api.get("/v1/calendars").json()["calendars"]
    assert [(one["calendar_readonly"], one["calendar_deleted"]) for one in listed] == [
        (False, False),
        (True, True),
    ]


def test_all_pages_belong_to_one_moment(api: Api, control: Control, calendar: str) -> None:
    # Given seven items on pages of three
    uids = [
        control.add_event(calendar, f"2026-11-{3 + n:02}", f"2026-11-{4 + n:02}") for n in range(7)
    ]
    first = api.get("/v1/free_busy", tzid="UTC").json()
    # When the calendar changes between the pages
    control.delete_event(uids[5])
    control.add_event(calendar, "2026-12-01", "2026-12-02")
    # Then the read goes on as it began
    second = api.get(first["pages"]["next_page"]).json()
    last = api.get(second["pages"]["next_page"]).json()
    assert [one["pages"]["current"] for one in (first, second, last)] == [1, 2, 3]
    assert starts(second["free_busy"] + last["free_busy"]) == [
        f"2026-11-{3 + n:02}" for n in range(3, 7)
    ]
    assert "next_page" not in last["pages"]
    assert api.get(first["pages"]["next_page"]).json() == second  # and may be read twice


def test_a_page_needs_the_bearer_of_its_account(
    api: Api, control: Control, sandbox: Sandbox, calendar: str
) -> None:
    for day in range(3, 8):
        control.add_event(calendar, f"2026-11-{day:02}", f"2026-11-{day + 1:02}")
    next_page = api.get("/v1/free_busy", tzid="UTC").json()["pages"]["next_page"]
    assert next_page.startswith(f"{sandbox.origin}/v1/free_busy/pages/")
    stranger = Api(sandbox, control.create_account("Stranger").access_token)
    assert stranger.get(next_page).status_code == 404
    assert Api(sandbox, "at_none").get(next_page).status_code == 401
    assert api.get(next_page.replace("free_busy", "events")).status_code == 404


def test_the_page_size_is_a_switch(api: Api, control: Control, calendar: str) -> None:
    for day in range(3, 8):
        control.add_event(calendar, f"2026-11-{day:02}", f"2026-11-{day + 1:02}")
    control.set_page_size(100)
    assert api.get("/v1/free_busy", tzid="UTC").json()["pages"] == {"current": 1, "total": 1}


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"tzid": ""}, "tzid"),
        ({"tzid": "Mars/Olympus"}, "tzid"),
        ({"tzid": "Europe"}, "tzid"),
        ({"tzid": "../../etc/passwd"}, "tzid"),
        ({"from": "tomorrow"}, "from"),
        ({"to": "2026-13-01"}, "to"),
        ({"last_modified": "2026-11-02T09:24:16.5Z"}, "last_modified"),
        ({"include_managed": "perhaps"}, "include_managed"),
    ],
)
def test_a_wrong_parameter_is_422_and_named(api: Api, params: dict[str, str], field: str) -> None:
    answer = api.get("/v1/free_busy", **{"tzid": "UTC"} | params)
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {field}


def test_events_of_a_provider_without_timestamps_have_the_year_0(
    api: Api, sandbox: Sandbox, calendar: str
) -> None:
    from dataclasses import replace

    held = sandbox.world.calendar(calendar).events
    uid = sandbox.control.add_event(calendar, "2026-11-03", "2026-11-04")
    held[uid] = replace(held[uid], created=None, updated=None)
    [event] = api.events()
    assert event["created"] == event["updated"] == "0000-12-29T00:00:00Z"
