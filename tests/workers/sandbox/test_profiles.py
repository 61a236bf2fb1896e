"""Profiles that break, are relinked, sync for the first time, or are given back."""

import requests

from tests.support.sandbox import Control
from tests.workers.sandbox.api import Api
from tests.workers.sandbox.receiver import Receiver


def connected(api: Api) -> bool:
    return bool(api.get("/v1/profiles").json()["profiles"][0]["profile_connected"])


def days(api: Api) -> list[str]:
    return [one["start"] for one in api.free_busy()]


def test_a_broken_profile_answers_with_what_was_held_before(
    api: Api, control: Control, receiver: Receiver, calendar: str, profile: str
) -> None:
    # Given an event, and a login that breaks
    uid = control.add_event(calendar, "2026-11-03", "2026-11-04")
    api.open_channel(receiver.url)
    receiver.wait(1)
    control.break_profile(profile)
    # When the person goes on editing
    control.move_event(uid, "2026-11-05", "2026-11-06")
    control.add_event(calendar, "2026-11-07", "2026-11-08")
    # Then reads are 200 and old, and the one push tells of the break
    assert not connected(api)
    assert days(api) == ["2026-11-03"]
    receiver.wait(2)
    control.wait_until_quiet()
    assert receiver.kinds() == ["verification", "profile_disconnected"]


def test_a_relink_brings_the_edits_to_light(
    api: Api, control: Control, receiver: Receiver, calendar: str, profile: str
) -> None:
    control.break_profile(profile)
    broken_at = control.now().replace(microsecond=0)
    control.add_event(calendar, "2026-11-07", "2026-11-08")
    api.open_channel(receiver.url)
    receiver.wait(1)
    control.advance(600)
    # When
    control.relink_profile(profile)
    # Then there is no push of its own kind: `change` starts again, from when it broke
    change = receiver.wait(2)[1]
    assert change.json["notification"] == {
        "type": "change",
        "changes_since": broken_at.isoformat().replace("+00:00", "Z"),
    }
    assert connected(api)
    assert days(api) == ["2026-11-07"]
    assert len(api.events(last_modified=change.json["notification"]["changes_since"])) == 1


def test_the_relink_url_is_a_page_where_the_person_logs_in(
    api: Api, control: Control, profile: str
) -> None:
    control.break_profile(profile)
    url = api.get("/v1/profiles").json()["profiles"][0]["profile_relink_url"]
    assert "<button>" in requests.get(url, timeout=60).text
    assert "is connected" in requests.post(url, timeout=60).text
    assert connected(api)


def test_a_break_is_found_at_the_next_access(
    api: Api, control: Control, receiver: Receiver, calendar: str, profile: str
) -> None:
    api.open_channel(receiver.url)
    receiver.wait(1)
    control.break_profile(profile, noticed=False)
    assert connected(api)  # stale, and true as far as Cronofy knows
    control.add_event(calendar, "2026-11-03", "2026-11-04")
    assert not connected(api)
    assert days(api) == []
    assert [one.kind for one in receiver.wait(2)] == ["verification", "profile_disconnected"]


def test_the_first_sync_reads_empty_until_it_is_done(
    api: Api, control: Control, receiver: Receiver, calendar: str, profile: str
) -> None:
    control.add_event(calendar, "2026-11-03", "2026-11-04")
    api.open_channel(receiver.url)
    receiver.wait(1)
    control.begin_sync(profile)
    control.add_event(calendar, "2026-11-05", "2026-11-06")
    assert days(api) == []
    assert connected(api)
    # what the application writes meanwhile is known at once
    api.upsert(calendar, event_id="s-1", summary="own", start="2026-11-09", end="2026-11-10")
    assert len(api.events(only_managed="true")) == 1
    control.finish_sync(profile)
    assert [one.kind for one in receiver.wait(2)] == [
        "verification",
        "profile_initial_sync_completed",
    ]
    assert days(api) == ["2026-11-03", "2026-11-05"]


def test_an_account_of_two_profiles_loses_one(
    api: Api, control: Control, calendar: str, profile: str
) -> None:
    apple = control.create_profile(
        api.sandbox.accounts[0].sub, provider="apple", name="mira@icloud.example"
    )
    home = control.create_calendar(apple, "Home", primary=True)
    control.add_event(home, "2026-11-03", "2026-11-04")
    control.add_event(calendar, "2026-11-05", "2026-11-06")
    assert api.post(f"/v1/profiles/{apple}/revoke").status_code == 202
    assert [one["profile_id"] for one in api.get("/v1/profiles").json()["profiles"]] == [profile]
    assert days(api) == ["2026-11-05"]
    assert api.post(f"/v1/profiles/{apple}/revoke").status_code == 404
    link = f"{control.origin}/oauth/authorize?response_type=code&client_id={api.sandbox.client_id}&redirect_uri=http://a.test"
    control.consent(link, profile=apple)
    assert days(api) == ["2026-11-05", "2026-11-03"]


def test_authorising_again_repairs_a_broken_login(api: Api, control: Control, profile: str) -> None:
    control.break_profile(profile)
    link = f"{control.origin}/oauth/authorize?response_type=code&client_id={api.sandbox.client_id}&redirect_uri=http://a.test"
    control.consent(link, profile=profile)
    assert connected(api)
