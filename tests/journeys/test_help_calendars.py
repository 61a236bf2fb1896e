"""The help pages on calendar settings (lines 1 to 13), each as a test that quotes it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.journeys.customer import Customer, moment, moved_in
from tests.support.booking_requests import post, refused
from tests.support.page_visitor import enter, path_of
from tests.support.settings_page import COUNT, FRAGMENT, send

SUPPORT = "help@coaching.example"


@pytest.fixture
def ada(database_url: str, redis_url: str) -> Iterator[Customer]:
    with moved_in(database_url, redis_url, support=SUPPORT) as customer:
        yield customer


def test_01_one_step_leads_to_the_settings(ada: Customer) -> None:
    """From the coach's dashboard one step leads to the calendar settings."""
    link = ada.post("/v1/links", {"purpose": "settings", "coach_id": "ada"})
    path = "/" + link["url"].split("/", 3)[3]
    answer = ada.desk.client.get(path, follow_redirects=True)
    assert (answer.status_code, answer.request.path) == (200, "/settings")


def test_02_accounts_are_added_one_after_the_other(ada: Customer) -> None:
    """ "Add calendar account" offers Office 365, Google, Apple and others; consent is given at
    Cronofy (terms, login, access); the step is repeated for more accounts.
    """
    csrf = ada.enter_settings()
    page = ada.page()
    for provider in ("Google", "Office 365", "Apple", "Exchange"):
        assert f">{provider}" in page
    ada.consents(csrf, "google")
    ada.consents(csrf, "office365")
    ada.consents(csrf, "apple")
    assert len(ada.coach()["connections"]) == 3
    assert ada.page().count('class="account') == 3


def test_03_hours_and_buffers_are_kept(ada: Customer) -> None:
    """Working hours have start and end, are drawn by dragging, and go with optional buffers before
    and after (15 minutes, say).

    (They are dragged in tests/browser/test_five_steps.py.)
    """
    csrf = ada.enter_settings()
    assert '<div id="grid" hidden' in ada.page()
    answer = send(ada.desk, csrf, hours__mon="08:30-12:15", pre="15", post="0")
    assert answer.location == "/settings?said=saved"
    kept = ada.coach()
    assert (kept["hours"]["mon"], kept["pre"], kept["post"]) == ([["08:30", "12:15"]], 15, 0)


def test_04_every_calendar_counts_and_is_followed(ada: Customer) -> None:
    """All synced calendars count: a time is open only where all of them are free. Availability
    follows the calendars live.
    """
    csrf = ada.enter_settings()
    work = ada.consents(csrf, "google")
    home = ada.consents(csrf, "apple")
    assert {"10:00", "13:00"} <= set(ada.starts())
    ada.busy(work, "2026-06-02T10:00", "2026-06-02T11:00")
    visit = ada.busy(home, "2026-06-02T13:00", "2026-06-02T14:00")
    assert {"10:00", "13:00"}.isdisjoint(ada.starts())
    ada.house.control.delete_event(visit)
    ada.look(home)
    assert "13:00" in ada.starts()
    assert "10:00" not in ada.starts()


def test_05_it_is_set_up_once_and_trouble_is_noticed(ada: Customer) -> None:
    """Set up once; nothing recurring unless an account changes (and then it is noticed)."""
    work = ada.consents(ada.enter_settings(), "google")
    # Given a calendar that goes on being read by itself, nobody is asked for anything
    for _ in range(3):
        ada.look(work)
    assert ada.coach()["synced"] is True
    assert ada.mails() == []
    # When its account loses its login, then the coach is told by mail, at the page and by the API
    ada.house.control.break_profile(work.seat.profiles[0])
    ada.look(work)
    assert ada.coach()["state"] == "disconnected"
    assert [each.recipients for each in ada.mails()] == [("ada@example.test",)]
    assert "Connect again" in ada.page() or "Reconnect" in ada.page()
    # And when it is repaired, all is as before
    ada.house.control.relink_profile(work.seat.profiles[0])
    ada.look(work)
    assert ada.coach()["synced"] is True


def test_06_the_effect_of_buffers_is_seen(ada: Customer) -> None:
    """Buffers make fewer times bookable: their effect can be seen."""
    csrf = ada.enter_settings()
    work = ada.consents(csrf, "google")
    ada.busy(work, "2026-06-02T12:00", "2026-06-02T13:00")
    counts = []
    for minutes in ("0", "15", "60"):
        shown = send(
            ada.desk, csrf, "/settings/preview", headers=FRAGMENT, pre=minutes, post=minutes
        ).text
        found = COUNT.search(shown)
        assert found is not None
        counts.append(int(found[1]))
    assert counts[0] > counts[1] > counts[2]


def test_07_a_synced_coach_carries_a_symbol(ada: Customer) -> None:
    """A coach who is synced carries a symbol (a "C") on the tile, and loses it when that is no
    longer true.
    """

    def tile() -> bool:
        (found,) = ada.desk.get("/v1/coaches?ids=ada").json["coaches"]
        picture = ada.desk.look(found["badge_url"].partition("127.0.0.1:9")[2])
        assert picture.mimetype == "image/svg+xml"
        return bool(found["synced"])

    assert tile() is False
    work = ada.consents(ada.enter_settings(), "google")
    assert tile() is True
    ada.house.control.break_profile(work.seat.profiles[0])
    ada.look(work)
    assert tile() is False


def test_08_coaches_set_this_up_themselves(ada: Customer) -> None:
    """Coaches set this up themselves and turn to a support address; programme managers and ops do
    not set it up for them and refer them there. Both are told so where they look.
    """
    ada.enter_settings()
    assert SUPPORT in ada.page()
    manager = enter(ada.desk, viewer="manager", context={"company": "acme"})
    page = manager.get("/book").text
    assert "The coach connects one in the calendar settings" in page
    assert SUPPORT in page
    # Nor does a manager's link lead to the settings
    assert manager.get("/settings").status_code != 200
    answer = post(
        ada.desk, "/v1/links", {"purpose": "settings", "coach_id": "ada", "viewer": "manager"}
    )
    assert answer.status_code == 422


def test_09_calendars_of_any_kind_side_by_side(ada: Customer) -> None:
    """One calendar of a kind or several; a Microsoft work account beside private ones."""
    csrf = ada.enter_settings()
    ada.consents(csrf, "office365", calendars=("Work", "Board"))
    ada.consents(csrf, "google")
    ada.consents(csrf, "apple")
    providers = []
    calendars = 0
    for connection in ada.coach()["connections"]:
        for profile in connection["profiles"]:
            providers.append(profile["provider"])
            calendars += len(profile["calendars"])
    assert len(providers) == 3
    assert calendars >= 4
    assert ada.coach()["synced"] is True


def test_10_nobody_sees_titles(ada: Customer) -> None:
    """What is seen of a calendar's content by whom: times only, nobody sees titles."""
    secret = "Cardiologist in Hull"
    work = ada.consents(ada.enter_settings(), "google")
    ada.busy(work, "2026-06-02T10:00", "2026-06-02T11:00", summary=secret)
    pages = [ada.page(), ada.page("/settings?said=saved")]
    for viewer in ("participant", "coach", "manager"):
        guest = enter(ada.desk, viewer=viewer, context={"company": "acme"})
        pages.append(guest.get("/book?week=2026-06-01&duration=60").text)
    query = "from=2026-06-01&to=2026-06-08&duration=60&reasons=true"
    pages.append(ada.desk.get(f"/v1/coaches/ada/slots?{query}").text)
    pages.append(str(ada.desk.dump()))
    for page in pages:
        assert "Cardiologist" not in page


def test_11_a_date_is_opened_or_closed(ada: Customer) -> None:
    """Working hours need no weekly upkeep. A time outside them can be opened for a date; a working
    time can be closed.
    """
    csrf = ada.enter_settings()
    ada.consents(csrf, "google")
    version = str(ada.coach()["version"])
    saturday, tuesday = "2026-06-06", "2026-06-02"
    assert ada.starts(day=saturday) == []
    send(
        ada.desk,
        csrf,
        version=version,
        override_date=[saturday, tuesday],
        override_hours=["10:00-12:00", ""],
    )
    assert ada.starts(day=saturday)[0] == "09:00"  # ten in London
    assert ada.starts(day=tuesday) == []
    assert ada.starts(day="2026-06-09") != []


def test_12_what_closes_and_how_days_are_packed(ada: Customer) -> None:
    """Out of office closes; an entry marked free leaves open; "flexible" offers every quarter hour,
    "back to back" packs; prep time is before and after.
    """
    csrf = ada.enter_settings()
    work = ada.consents(csrf, "google")
    ada.busy(work, "2026-06-03T07:00", "2026-06-03T18:00", summary="Out of office")
    ada.busy(work, "2026-06-04T10:00", "2026-06-04T11:00", status="free")
    assert ada.starts(day="2026-06-03") == []
    assert "10:00" in ada.starts(day="2026-06-04")
    flexible = ada.starts()
    assert flexible[:3] == ["08:00", "08:15", "08:30"]
    send(ada.desk, csrf, version=str(ada.coach()["version"]), mode="back_to_back")
    assert ada.starts()[:3] == ["08:00", "09:15", "10:30"]
    send(ada.desk, csrf, version=str(ada.coach()["version"]), pre="30", post="15")
    ada.busy(work, "2026-06-02T12:00", "2026-06-02T13:00")
    # An hour that ends a quarter before it, and one that begins half an hour after it
    assert "10:45" in ada.starts()
    assert "11:00" not in ada.starts()
    assert "13:15" not in ada.starts()
    assert "13:30" in ada.starts()


def test_13_the_past_is_never_booked_and_a_busy_time_by_force(ada: Customer) -> None:
    """Nobody books into the past. A 1:1 can be forced over a busy time by who may."""
    work = ada.consents(ada.enter_settings(), "google")
    ada.busy(work, "2026-06-02T10:00", "2026-06-02T11:00")
    order = {
        "coach_id": "ada",
        "start": "2026-06-02T10:00:00Z",
        "duration": 60,
        "participant": {"id": "g", "name": "G", "email": "g@example.test", "zone": "UTC"},
    }
    assert refused(post(ada.desk, "/v1/bookings", order), 409, "slot_not_open")["reason"] == "busy"
    forced = order | {"force": {"reason": "we agreed on the telephone"}}
    for scopes, status in ((("bookings:write",), 403), (("bookings:write", "bookings:force"), 201)):
        assert post(ada.desk, "/v1/bookings", forced, *scopes).status_code == status
    past = forced | {"start": (moment("2026-06-01T08:00") - timedelta(hours=1)).isoformat()}
    assert refused(post(ada.desk, "/v1/bookings", past), 409, "slot_not_open")["reason"] == "past"


def test_the_link_is_for_one_browser(ada: Customer) -> None:
    """What the first line rests on: whoever is sent the link later finds it used."""
    made = ada.desk.ask("POST", "/v1/links", json={"purpose": "settings", "coach_id": "ada"})
    assert ada.desk.client.get(path_of(made), follow_redirects=True).status_code == 200
    other = ada.desk.client.application.test_client()
    assert "/settings" not in str(other.get(path_of(made), follow_redirects=True).request.path)
