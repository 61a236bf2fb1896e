"""The sandbox's answers have the shapes of the reference's fixtures; `fixtures.json` holds those
that are compared.
"""

import json
from copy import deepcopy
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox import Control, Sandbox
from tests.workers.sandbox.api import Api, client_of
from tests.workers.sandbox.receiver import Receiver

FIXTURES: dict[str, Any] = json.loads(Path(__file__).with_name("fixtures.json").read_text())
SHARED = Path(__file__).parents[4] / "shared" / "reference" / "cronofy-fixtures"
FIELDS = {
    "location": {"description": "Room 2"},
    "organizer": {"email": "head@school.example", "display_name": "Head"},
    "attendees": [
        {"email": "mira@school.example", "display_name": "Mira Example", "status": "accepted"}
    ],
}


def same_shape(ours: Any, theirs: Any, at: str = "$") -> None:
    """Everything that the fixture has is there, with the same JSON type; ours may have more."""
    assert type(ours) is type(theirs), f"{at}: {ours!r} for {theirs!r}"
    if isinstance(theirs, dict):
        assert set(theirs) <= set(ours), f"{at}: {sorted(set(theirs) - set(ours))} missing"
        for name, value in theirs.items():
            same_shape(ours[name], value, f"{at}.{name}")
    elif isinstance(theirs, list):
        assert bool(ours) == bool(theirs), f"{at}: {ours!r} for {theirs!r}"
        for number, value in enumerate(ours):
            same_shape(value, theirs[min(number, len(theirs) - 1)], f"{at}[{number}]")


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the reference is not beside this checkout; its copies are used"
)
@pytest.mark.parametrize("name", sorted(FIXTURES))
def test_the_copies_are_those_of_the_reference(name: str) -> None:
    assert json.loads((SHARED / f"{name}.json").read_text()) == FIXTURES[name]


@pytest.fixture
def week(control: Control, calendar: str) -> str:
    """Three timed events and an all-day one: two pages of three."""
    for day in (3, 9, 10):
        control.add_event(
            calendar, f"2026-11-{day:02}T09:00:00Z", f"2026-11-{day:02}T10:00:00Z", fields=FIELDS
        )
    control.add_event(calendar, "2026-11-04", "2026-11-05", fields=FIELDS)
    return calendar


def test_identity(api: Api) -> None:
    for name in ("account", "profiles", "calendars"):
        theirs = FIXTURES[f"identity/{name}.response"]
        if name == "profiles":  # the second one is disconnected
            theirs = {"profiles": theirs["profiles"][:1]}
        same_shape(api.get(f"/v1/{name}").json(), theirs)
    same_shape(api.get("/v1/userinfo").json(), FIXTURES["identity/userinfo_connected.response"])


def test_a_profile_shows_its_relink_url_only_while_disconnected(
    api: Api, control: Control, profile: str
) -> None:
    connected, broken = FIXTURES["identity/profiles.response"]["profiles"]
    assert set(api.get("/v1/profiles").json()["profiles"][0]) == set(connected)
    control.break_profile(profile)
    [ours] = api.get("/v1/profiles").json()["profiles"]
    same_shape(ours, broken)
    assert ours["profile_connected"] is False


def test_an_initial_sync_shows(api: Api, control: Control, profile: str) -> None:
    control.begin_sync(profile)
    ours, theirs = (
        api.get("/v1/userinfo").json(),
        FIXTURES["identity/userinfo_initial_sync_pending.response"],
    )
    same_shape(ours, theirs)
    assert ours["cronofy.data"]["profiles"][0]["profile_initial_sync_required"] is True


def test_created_calendars(api: Api, profile: str) -> None:
    made = api.post("/v1/calendars", {"profile_id": profile, "name": "Lessons", "color": "#49BED8"})
    assert made.status_code == 200
    same_shape(made.json(), FIXTURES["identity/create_calendar.response"])
    again = api.post("/v1/calendars", {"profile_id": profile, "name": "Lessons"})
    assert (again.status_code, again.json()) == envelope("422_duplicate_calendar_name")


def test_tokens(sandbox: Sandbox, control: Control) -> None:
    link = f"{sandbox.origin}/oauth/authorize?response_type=code&client_id={sandbox.client_id}&redirect_uri=https://a.test"
    code = control.consent(link, profile=sandbox.accounts[0].sub).partition("code=")[2]
    anyone = Api(sandbox, "None")
    asked = {
        **client_of(sandbox),
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "https://a.test",
    }
    answer = anyone.post("/oauth/token", asked)
    same_shape(
        answer.json(), FIXTURES["oauth/token_authorization_code_with_provider_service.response"]
    )
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    used = anyone.post("/oauth/token", asked)
    assert (used.status_code, used.json()) == (
        400,
        FIXTURES["oauth/token_error_invalid_grant.response"],
    )
    stranger = anyone.post("/oauth/token", asked | {"client_secret": "CRN_x"})
    assert (stranger.status_code, stranger.json()) == (
        400,
        FIXTURES["oauth/token_error_invalid_client.response"],
    )
    refresh = {"grant_type": "refresh_token", "refresh_token": answer.json()["refresh_token"]}
    same_shape(
        anyone.post("/oauth/token", client_of(sandbox) | refresh).json(),
        FIXTURES["oauth/token_refresh.response"],
    )


def test_channels(api: Api, receiver: Receiver, calendar: str) -> None:
    plain = api.post("/v1/channels", {"callback_url": receiver.url})
    same_shape(plain.json(), FIXTURES["channels/create.response"])
    filters = {"calendar_ids": [calendar], "only_managed": False}
    filtered = api.post("/v1/channels", {"callback_url": receiver.url, "filters": filters})
    same_shape(filtered.json(), FIXTURES["channels/create_filtered.response"])
    same_shape(api.get("/v1/channels").json(), FIXTURES["channels/list.response"])
    for channel in api.channels():
        closed = api.delete(f"/v1/channels/{channel}", {})
        assert (closed.status_code, closed.content) == (202, b"")
    assert api.get("/v1/channels").json() == FIXTURES["channels/list_after_close.response"]


def test_pages_of_free_busy_and_events(api: Api, week: str) -> None:
    for kind in ("free_busy", "events"):
        first = api.get(f"/v1/{kind}", tzid="UTC").json()
        same_shape(first, FIXTURES[f"{kind}/page1.response"] | {kind: first[kind]})
        same_shape(first[kind][0], FIXTURES[f"{kind}/page1.response"][kind][0])
        last = api.get(first["pages"]["next_page"]).json()
        whole_day = FIXTURES[f"{kind}/page1.response"][kind][1]
        same_shape(
            last[kind][0],
            whole_day | ({"attendees": FIELDS["attendees"]} if kind == "events" else {}),
        )
        assert last["pages"] == FIXTURES[f"{kind}/page2_last.response"]["pages"]
    nothing = api.get("/v1/free_busy", tzid="UTC", **{"from": "2030-01-01", "to": "2030-01-02"})
    assert nothing.json() == FIXTURES["free_busy/empty.response"]


@pytest.mark.parametrize("kind", ["free_busy", "events"])
def test_localized_times(api: Api, week: str, kind: str) -> None:
    items = api.all_pages(kind, localized_times="true", tzid="Europe/Paris")
    theirs = FIXTURES[f"{kind}/localized.response"][kind]
    same_shape(items[0], theirs[0])
    assert items[0]["start"] == {"time": "2026-11-03T10:00:00+01:00", "tzid": "Europe/Paris"}
    assert items[3]["start"] == {"time": "2026-11-04", "tzid": "Europe/Paris"}


def test_free_and_deleted_items_with_ids(api: Api, control: Control, week: str) -> None:
    control.delete_event(
        control.add_event(week, "2026-11-05T09:00:00Z", "2026-11-05T10:00:00Z", status="unknown")
    )
    control.add_event(week, "2026-11-06T09:00:00Z", "2026-11-06T10:00:00Z", status="free")
    items = api.free_busy(include_free="true", include_ids="true", include_deleted="true")
    same_shape(items, [FIXTURES["free_busy/include_free_and_ids.response"]["free_busy"][0]])
    assert [one["free_busy_status"] for one in items if one["deleted"]] == ["unknown"]


def test_changes_since_with_deleted_events(api: Api, control: Control, week: str) -> None:
    control.advance(60)
    since = control.now()
    uid = control.add_event(week, "2026-11-05T09:00:00Z", "2026-11-05T10:00:00Z", fields=FIELDS)
    control.delete_event(uid)
    stamp = since.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    answer = api.get("/v1/events", tzid="UTC", last_modified=stamp, include_deleted="True").json()
    same_shape(
        answer,
        {
            **FIXTURES["events/changed_since_with_deleted.response"],
            "pages": {"current": 1, "total": 1},
        },
    )
    assert [(one["event_uid"], one["deleted"]) for one in answer["events"]] == [(uid, True)]


def test_pushes_have_the_bytes_of_the_fixtures(
    api: Api, control: Control, receiver: Receiver, calendar: str, profile: str
) -> None:
    channel = api.open_channel(receiver.url)
    receiver.wait(1)
    control.add_event(calendar, "2026-11-03T09:00:00Z", "2026-11-03T10:00:00Z")
    receiver.wait(2)
    control.break_profile(profile)
    receiver.wait(3)
    control.begin_sync(profile)
    control.finish_sync(profile)
    received = receiver.wait(4)
    kinds = ("verification", "change", "profile_disconnected", "profile_initial_sync_completed")
    for kind, one in zip(kinds, received, strict=True):
        theirs = deepcopy(FIXTURES[f"push/{kind}"])
        theirs["channel"] |= {"channel_id": channel, "callback_url": receiver.url}
        if kind == "change":
            moment = datetime.fromisoformat(one.json["notification"]["changes_since"])
            assert moment - datetime.fromisoformat("2026-11-02T09:24:16Z") < timedelta(minutes=1)
            theirs["notification"]["changes_since"] = one.json["notification"]["changes_since"]
        assert one.body == json.dumps(theirs, separators=(",", ":")).encode()


def test_refusals(
    api: Api, control: Control, sandbox: Sandbox, calendar: str, profile: str
) -> None:
    event = FIXTURES["writes/upsert_event_min.request"]
    nobody, reader = (
        Api(sandbox, "at_none"),
        Api(sandbox, control.grant(sandbox.accounts[0].sub, scope="read_only").access_token),
    )
    external = {**event, "event_uid": "not-one"}
    del external["event_id"]
    control.fail("/v1/account", 423, times=1)
    for name, answer in {
        "401_unauthorized": nobody.get("/v1/userinfo"),
        "403_forbidden_scope": reader.upsert(calendar, **event),
        "404_calendar_not_found": api.upsert("cal_none", **event),
        "422_event_id_required": api.upsert(calendar, **{**event, "event_id": ""}),
        "422_summary_required": api.upsert(calendar, **{**event, "summary": None}),
        "422_external_event_uid": api.upsert(calendar, **external),
        "422_invalid_calendar_ids": api.get(
            "/v1/free_busy", **{"tzid": "UTC", "calendar_ids[]": "cal_none"}
        ),
        "422_must_be_boolean": api.delete("/v1/events", {"delete_all": "perhaps"}),
        "422_tzid_required": api.get("/v1/events"),
        "423_locked": api.get("/v1/account"),
    }.items():
        status, body = envelope(name)
        assert answer.status_code == status, name
        assert (answer.json() if answer.content else None) == body, name
        assert answer.headers.get("Content-Type") == FIXTURES[f"errors/{name}"]["headers"].get(
            "Content-Type"
        ), name


def test_writes_of_the_fixtures_are_taken(api: Api, calendar: str) -> None:
    for name in ("upsert_event_full", "upsert_event_all_day", "upsert_event_min"):
        answer = api.upsert(calendar, **FIXTURES[f"writes/{name}.request"])
        assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (
            202,
            b"",
            "0",
        )
    written = {one["event_id"]: one for one in api.events(only_managed="true")}
    assert written["holiday-1"]["start"] == "2026-12-24"
    assert written["session-992"]["start"] == "2026-11-07T15:00:00Z"
    gone = api.delete(f"/v1/calendars/{calendar}/events", FIXTURES["writes/delete_event.request"])
    assert (gone.status_code, gone.content) == (202, b"")
    assert api.delete("/v1/events", FIXTURES["writes/bulk_delete_all.request"]).status_code == 202
    assert api.events(only_managed="true") == []


def envelope(name: str) -> tuple[int, Any]:
    return FIXTURES[f"errors/{name}"]["status"], FIXTURES[f"errors/{name}"]["body"]
