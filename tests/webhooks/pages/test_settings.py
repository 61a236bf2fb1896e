"""The calendar settings page without a browser: the save, its refusals, the preview, and whose
accounts these are.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dramatiq.brokers.stub import StubBroker
from flask.testing import FlaskClient

from domain.accounts import Profile
from domain.coaches import Coach, Policy
from domain.hours import WEEKDAYS
from storage.rows import coaches
from storage.schema import tables
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.in_process import House
from tests.support.page_visitor import fields, follow, path_of
from webhooks.app import create_app
from webhooks.pages import ROUTES
from workers.cronofy.sandbox import world

CSRF = re.compile(r'name="csrf" value="([\w-]+)"')
COUNT = re.compile(r'id="count">Bookable times: (\d+)')
CELLS = re.compile(r'<div class="effect".*?</div>\s*</div>', re.DOTALL)
FRAGMENT = {"X-Fragment": "week"}
FORM: dict[str, Any] = {
    "version": "1",
    "zone": "Europe/London",
    **{f"hours.{day}": "09:00-17:00" for day in ("mon", "tue", "wed", "thu", "fri")},
    "hours.sat": "",
    "hours.sun": "",
    "override_date": ["", ""],
    "override_hours": ["", ""],
    "pre": "15",
    "post": "15",
    "notice": "0",
    "notice_unit": "hours",
    "horizon_days": "28",
    "durations": ["30", "60"],
    "mode": "flexible",
}


def enter(desk: Desk, coach_id: str = "ada", **more: object) -> str:
    """The coach follows a link that Coach OS asked for. Answers the CSRF token of the
    page's forms.
    """
    link = desk.ask(
        "POST",
        "/v1/links",
        "links:write",
        json={"purpose": "settings", "coach_id": coach_id} | more,
    )
    assert link.status_code == 201, link.text
    assert follow(desk.client, path_of(link)).location == "/settings"
    found = CSRF.search(desk.client.get("/settings").text)
    assert found
    return found[1]


@pytest.fixture
def csrf(desk: Desk, ada: str) -> str:
    return enter(desk)


def send(
    desk: Desk, csrf: str, path: str = "/settings", *, headers: Any = None, **changes: object
) -> Any:
    names = {name.replace("__", "."): value for name, value in changes.items()}
    return desk.client.post(path, data=FORM | {"csrf": csrf} | names, headers=headers)


def stored(desk: Desk, coach_id: str = "ada") -> Coach:
    with desk.database.read() as tx:
        found = coaches.get(tx, coach_id)
    assert found
    return found


def connection(desk: Desk, coach_id: str = "ada") -> Any:
    (found,) = desk.get(f"/v1/coaches/{coach_id}").json["connections"]
    return found


def cells(page: str) -> str:
    """Open and closed, as drawn, and the words."""
    return page[page.index('<div class="effect"') : page.index("</table>")]


# -- what is shown
# --------------------------------------------------------------------------------------------


def test_the_page_shows_the_account_its_calendars_its_state_and_what_is_set(
    desk: Desk, csrf: str
) -> None:
    page = desk.client.get("/settings").text
    for text in (
        "Google",
        "Work",
        "Home",
        "Connected",
        "Calendars in sync",
        "09:00-17:00",
        "Europe/London",
    ):
        assert text in page, text
    assert "tokens" not in page
    assert "acc_ada" not in page


@pytest.mark.parametrize(
    ("language", "text"), [("de", "Arbeitszeiten"), ("fr", "Heures de travail"), ("xx", "Working")]
)
def test_the_page_speaks_the_language_of_its_link(
    desk: Desk, ada: str, language: str, text: str
) -> None:
    enter(desk, language=language)
    page = desk.client.get("/settings").text
    assert text in page
    assert f'<html lang="{language if language != "xx" else "en"}" dir="ltr">' in page


def test_a_coach_with_nothing_connected_is_told_what_that_means(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert "No calendar is connected yet" in page
    assert "Calendars in sync" not in page


def test_a_lost_account_offers_its_repair(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    connection_id = people.connect(one_desk.database)
    url = "https://app.cronofy.test/relink/1"
    profile = Profile("pro_1", "exchange", "office365", "ada", connected=False, relink_url=url)
    people.read(
        one_desk.database, connection_id, account=replace(people.ACCOUNT, profiles=(profile,))
    )
    enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert 'href="https://app.cronofy.test/relink/1"' in page
    assert "Needs to be connected again" in page
    assert re.search(r"<h3>Office 365 <span", page)
    # And one whose grant is gone is connected again, at the provider that it is of
    with one_desk.database.write() as tx:
        tx.execute(tables.profiles.update().values(connected=True, relink_url=None))
        tx.execute(tables.connections.update().values(trouble="revoked"))
    assert (
        '<button form="connect" class="main" name="provider" value="office365">'
        in one_desk.client.get("/settings").text
    )


def test_names_run_nothing(one_desk: Desk) -> None:
    canary = "<script>canary</script>"
    people.introduce(one_desk.database)
    connection_id = people.connect(one_desk.database)
    profile = replace(
        people.ACCOUNT.profiles[0], name=canary, relink_url="javascript:canary()", connected=False
    )
    people.read(
        one_desk.database, connection_id, account=replace(people.ACCOUNT, profiles=(profile,))
    )
    csrf = enter(one_desk)
    for page in (
        one_desk.client.get("/settings"),
        send(one_desk, csrf, hours__mon=canary, zone=canary),
    ):
        assert "<script>canary" not in page.text
        assert 'href="javascript' not in page.text
        assert " style=" not in page.text
        assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"]


# -- saving
# ------------------------------------------------------------------------------------------------


def test_a_save_changes_all_of_it_at_once_and_the_times_follow(desk: Desk, csrf: str) -> None:
    answer = send(
        desk,
        csrf,
        hours__mon="9-12, 13:00–17:30",
        hours__fri="22:00-02:00",
        hours__sat="",
        override_date=["2026-12-24", "2026-12-28", ""],
        override_hours=["", "10:00-14:00", ""],
        pre="0",
        post="30",
        notice="2",
        notice_unit="days",
        horizon_days="60",
        durations=["45", "60"],
        mode="back_to_back",
        zone="Europe/Vienna",
    )
    assert (answer.status_code, answer.location) == (303, "/settings?said=saved")
    coach = stored(desk)
    assert coach.version == 2
    assert coach.hours.zone == "Europe/Vienna"
    assert coach.hours.weekly_json() | {} == {
        "mon": [["09:00", "12:00"], ["13:00", "17:30"]],
        "tue": [["09:00", "17:00"]],
        "wed": [["09:00", "17:00"]],
        "thu": [["09:00", "17:00"]],
        "fri": [["22:00", "02:00"]],
    }
    assert coach.hours.overrides_json() == {"2026-12-24": [], "2026-12-28": [["10:00", "14:00"]]}
    assert (coach.pre, coach.post, coach.notice, coach.horizon_days) == (0, 30, 2880, 60)
    assert (coach.durations, coach.mode) == ((45, 60), "back_to_back")
    # what the form does not show is as it was
    assert (coach.policy, coach.tentative_blocks, coach.per_day) == (people.ADA.policy, True, None)
    # the set is there when the page returns, and a longer horizon wants a read
    assert people.listing(desk.database).slots.durations == (45, 60)
    assert desk.woken() == [connection(desk)["id"]]
    page = desk.client.get(answer.location).text
    assert "Saved." in page
    assert 'value="22:00-02:00"' in page
    assert 'name="notice" min="0" step="1" inputmode="numeric" required value="2"' in page


def test_a_stale_form_saves_nothing_keeps_what_was_typed_and_can_be_sent_again(
    desk: Desk, csrf: str
) -> None:
    assert send(desk, csrf, pre="20").status_code == 303
    before = desk.dump()
    answer = send(desk, csrf, pre="45")
    assert answer.status_code == 409
    assert "changed elsewhere" in answer.text
    assert 'name="version" value="2"' in answer.text
    assert 'value="45"' in answer.text
    assert desk.dump() == before
    assert send(desk, csrf, pre="45", version="2").status_code == 303
    assert stored(desk).pre == 45


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("hours__mon", "09:00-25:00", "problem-hours.mon"),
        ("hours__tue", "nine to five", "problem-hours.tue"),
        ("hours__wed", "24:00-08:00", "problem-hours.wed"),
        ("hours__thu", ",".join(["09:00-10:00"] * 25), "problem-hours.thu"),
        ("zone", "Europe/Atlantis", "problem-zone"),
        ("pre", "-1", "problem-pre"),
        ("pre", "481", "problem-pre"),
        ("post", "ten", "problem-post"),
        ("notice", "366", "problem-notice"),
        ("notice_unit", "years", "problem-notice"),
        ("horizon_days", "0", "problem-horizon_days"),
        ("horizon_days", "181", "problem-horizon_days"),
        ("durations", [], "problem-durations"),
        ("durations", ["7"], "problem-durations"),
        ("durations", ["x"], "problem-durations"),
        ("mode", "chaotic", "problem-mode"),
        ("override_date", ["24.12.2026", ""], "problem-overrides"),
        ("override_date", ["2026-12-24", "2026-12-24"], "problem-overrides"),
        ("override_hours", ["09:00-10:00", ""], "problem-overrides"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_saved(
    one_desk: Desk, name: str, value: Any, shown: str
) -> None:
    people.introduce(one_desk.database)
    csrf = enter(one_desk)
    before = one_desk.dump()
    answer = send(
        one_desk,
        csrf,
        **({"notice_unit": "days"} | {name: value, "post": value if name == "post" else "0"}),
    )
    assert answer.status_code == 422
    assert f'id="{shown}"' in answer.text
    assert answer.text.count('class="problem" id="problem-') == 1
    if isinstance(value, str) and name not in ("mode", "notice_unit"):
        assert f'value="{value}"' in answer.text
    assert one_desk.dump() == before


def test_every_wrong_field_is_told_at_once(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    answer = send(one_desk, enter(one_desk), hours__mon="x", pre="x", zone="x")
    assert answer.text.count('class="problem" id="problem-') == 3


@pytest.mark.parametrize("version", ["", "-1", "one", "9" * 30, "²"])
def test_a_form_without_a_version_of_ours_is_refused(one_desk: Desk, version: str) -> None:
    people.introduce(one_desk.database)
    assert send(one_desk, enter(one_desk), version=version).status_code == 403


def test_dates_that_are_over_are_not_shown_and_not_lost(one_desk: Desk) -> None:
    hours = replace(people.ADA.hours, overrides=())
    past = type(hours).parse("Europe/London", people.OFFICE, {"2026-05-01": [], "2026-06-01": []})
    people.introduce(one_desk.database, replace(people.ADA, hours=past))
    csrf = enter(one_desk)
    page = one_desk.client.get("/settings").text
    assert 'value="2026-06-01"' in page
    assert 'value="2026-05-01"' not in page
    send(one_desk, csrf)
    assert stored(one_desk).hours.overrides_json() == {"2026-05-01": []}


def test_a_day_is_copied_to_others_without_a_script_and_nothing_is_saved(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    csrf = enter(one_desk)
    asked = {"copy": "1", "copy_from": "mon", "copy_to": "all", "hours.mon": "10:00-11:00"}
    page = send(one_desk, csrf, "/settings/preview", **asked)
    assert page.text.count('value="10:00-11:00"') == 7
    assert "Not saved yet" in page.text
    assert stored(one_desk).version == 1


# -- the preview
# ----------------------------------------------------------------------------------------------

CHANGES: list[dict[str, Any]] = [
    {"pre": "60", "post": "60"},
    {"hours__mon": "12:00-20:00", "hours__sun": "00:00-24:00"},
    {"mode": "back_to_back", "durations": ["60"]},
    {"notice": "3", "notice_unit": "days"},
    {"horizon_days": "2"},
    {"horizon_days": "180", "hours__wed": "22:00-03:00"},
    {"zone": "Asia/Kathmandu"},
    {"zone": "Australia/Lord_Howe"},
    {"override_date": ["2026-06-03"], "override_hours": [""]},
    {"durations": ["45"]},
]


@pytest.mark.parametrize("changes", CHANGES, ids=str)
def test_the_preview_is_what_is_there_after_saving_and_writes_nothing(
    desk: Desk, csrf: str, changes: dict[str, Any]
) -> None:
    before = desk.dump()
    saved = cells(desk.client.get("/settings").text)
    preview = send(desk, csrf, "/settings/preview", headers=FRAGMENT, **changes)
    assert preview.status_code == 200
    assert "<html" not in preview.text
    assert desk.dump() == before
    assert cells(preview.text) != saved
    assert send(desk, csrf, **changes).status_code == 303
    after = desk.client.get("/settings").text
    assert cells(after) == cells(preview.text)
    assert COUNT.findall(after) == COUNT.findall(preview.text)


def test_a_coach_whose_policy_is_hours_alone_previews_hours_alone(desk: Desk) -> None:
    """While the calendars cannot be trusted."""
    coach = replace(people.MAILED, policy=Policy("hours_only", 24))
    connection_id = people.ready(desk.database, coach, (people.at(2, 9), people.at(2, 10)))
    with desk.database.write() as tx:
        mine = tables.connections.c.id == connection_id
        tx.execute(tables.connections.update().where(mine).values(trouble="revoked"))
    csrf = enter(desk)
    preview = send(desk, csrf, "/settings/preview", headers=FRAGMENT, hours__wed="")
    send(desk, csrf, hours__wed="")
    assert cells(desk.client.get("/settings").text) == cells(preview.text)
    assert COUNT.findall(preview.text) == [str(4 * 31)]


def test_the_preview_is_what_the_api_says_after_saving(desk: Desk, csrf: str) -> None:
    preview = send(desk, csrf, "/settings/preview", headers=FRAGMENT, pre="45", show="60").text
    send(desk, csrf, pre="45")
    starts = desk.get("/v1/coaches/ada/slots?from=2026-06-01&to=2026-06-08&duration=60").json[
        "starts"
    ]
    assert COUNT.findall(preview) == [str(len(starts))]
    assert "fewer than saved" in preview


def test_the_preview_of_a_length_is_asked_for_by_name(one_desk: Desk) -> None:
    people.ready(one_desk.database)
    csrf = enter(one_desk)
    counts = [
        COUNT.findall(send(one_desk, csrf, "/settings/preview", headers=FRAGMENT, show=show).text)
        for show in ("30", "60", "61", "x")
    ]
    assert counts[0] == counts[2] == counts[3]
    assert int(counts[1][0]) < int(counts[0][0])


def test_a_preview_of_what_is_not_understood_says_so_and_shows_the_rest(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    page = send(
        one_desk, enter(one_desk), "/settings/preview", headers=FRAGMENT, hours__mon="x", pre="30"
    )
    assert page.status_code == 200
    assert "count as they were saved" in page.text


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]
)
@pytest.mark.parametrize(
    "day", [datetime(2026, 10, 23, 7, 20, tzinfo=UTC), datetime(2026, 3, 6, 23, 0, tzinfo=UTC)]
)
def test_each_cell_of_the_week_is_what_the_api_says(
    fresh_database: Callable[[Kind], str], zone: str, day: datetime
) -> None:
    """In weeks when clocks change, too: some of these zones change theirs then."""
    with desks.opened(fresh_database("sqlite"), broker=StubBroker(), now=day) as desk:
        body = {
            "zone": zone,
            "hours": {it: [["00:00", "24:00"]] for it in WEEKDAYS},
            "durations": [60],
        }
        body |= {
            "policy": {"kind": "hours_only"},
            "overrides": {"2026-10-25": [["00:30", "09:00"]]},
        }
        assert desk.ask("PUT", "/v1/coaches/ada", json=body).status_code == 201
        enter(desk)
        page = desk.client.get("/settings").text
        first = day.astimezone(ZoneInfo(zone)).date()
        last = first + timedelta(days=7)
        starts = desk.get(f"/v1/coaches/ada/slots?from={first}&to={last}&duration=60").json[
            "starts"
        ]
    assert COUNT.findall(page) == [str(len(starts))]
    walls = [datetime.fromisoformat(start).astimezone(ZoneInfo(zone)) for start in starts]
    expected = {((wall.date() - first).days, wall.hour * 4 + wall.minute // 15) for wall in walls}
    columns = re.findall(r'<div class="column">.*?</div>', page)
    assert len(columns) == 7
    assert page.count("<span>00:00</span>") == 1  # the first row is midnight
    found = [re.findall(r"<i( class=o)?>", column) for column in columns]
    assert {
        (number, row) for number, its in enumerate(found) for row, open_ in enumerate(its) if open_
    } == expected


# -- accounts
# -------------------------------------------------------------------------------------------------


def test_an_account_is_disconnected_after_a_question(desk: Desk, csrf: str, ada: str) -> None:
    path = f"/settings/connections/{ada}/disconnect"
    page = desk.client.get(path)
    assert "erase everything we know" in page.text
    assert desk.owes(ada) == 0
    answer = desk.client.post(path, data={"csrf": csrf})
    assert (answer.status_code, answer.location) == (303, "/settings?said=disconnecting")
    assert desk.woken() == [ada]
    with desk.database.read() as tx:
        assert people.row_of(tx, ada).erase_due
    afterwards = desk.client.get("/settings").text
    assert "Being disconnected" in afterwards
    assert path not in afterwards


@pytest.mark.parametrize("provider", ["office365", "google", "apple", "exchange", "live_connect"])
def test_an_account_is_added_at_the_provider_that_was_chosen(one_desk: Desk, provider: str) -> None:
    people.introduce(one_desk.database)
    csrf = enter(one_desk)
    page = one_desk.client.post("/settings/connect", data={"csrf": csrf, "provider": provider})
    assert page.status_code == 200
    assert f"provider_name={provider}" in page.text
    assert provider in world.PROVIDERS
    assert 'http-equiv="refresh"' in page.text
    assert (
        one_desk.client.post(
            "/settings/connect", data={"csrf": csrf, "provider": "aol"}
        ).status_code
        == 404
    )


def test_in_a_frame_the_consent_opens_beside_it(fresh_database: Callable[[Kind], str]) -> None:
    """Providers let nobody frame their consent."""
    with desks.opened(
        fresh_database("sqlite"), broker=StubBroker(), embed_origins="https://os.test"
    ) as desk:
        people.introduce(desk.database)
        csrf = enter(desk)
        page = desk.client.post("/settings/connect", data={"csrf": csrf, "provider": "google"})
        assert 'rel="noreferrer" target="_blank"' in page.text
        assert "http-equiv" not in page.text


def test_another_coach_s_account_is_404_as_one_that_never_was(
    desk: Desk, csrf: str, ada: str
) -> None:
    people.introduce(desk.database, people.coach(id="bob"))
    other = people.connect(desk.database, "bob", sub="acc_bob")
    before = desk.dump()
    for connection_id in (other, "con_nobody"):
        path = f"/settings/connections/{connection_id}"
        assert desk.client.get(f"{path}/disconnect").status_code == 404
        assert desk.client.post(f"{path}/disconnect", data={"csrf": csrf}).status_code == 404
    assert desk.dump() == before
    assert other not in desk.client.get("/settings").text


def test_no_form_works_without_its_token_or_without_a_session(
    desk: Desk, csrf: str, ada: str
) -> None:
    before = desk.dump()
    paths = [
        rule.replace("<connection_id>", ada)
        for method, rule, _ in ROUTES
        if method == "POST" and "/settings" in rule
    ]
    assert len(paths) == 4
    for path in paths:
        for token in ("", "guessed", csrf[:-1]):
            assert send(desk, token, path, provider="google").status_code == 403, path
    desk.client.delete_cookie("coachcal-page")
    for path in paths:
        assert send(desk, csrf, path, provider="google").status_code in (401, 403), path
    for path in ("/settings", "/settings/accounts", f"/settings/connections/{ada}/disconnect"):
        assert desk.client.get(path).status_code == 401, path
    assert desk.dump() == before


# -- back from the consent
# ------------------------------------------------------------------------------------


@pytest.fixture
def at_home(house: House) -> tuple[House, Desk]:
    """Ada at her settings, beside a sandbox to connect to."""
    house.introduce()
    client: FlaskClient = create_app(house.runtime).test_client()
    return house, Desk(house.runtime, client)


@pytest.mark.parametrize(("decision", "said"), [("allow", "connected"), ("deny", "declined")])
def test_from_the_consent_the_coach_comes_back_to_the_settings(
    at_home: tuple[House, Desk], decision: Any, said: str
) -> None:
    house, desk = at_home
    csrf = enter(desk)
    seat = house.control.create_account("ada")
    page = desk.client.post("/settings/connect", data={"csrf": csrf, "provider": "google"}).text
    found = re.search(r'<a class="button main" href="([^"]+)"', page)
    assert found
    callback = house.control.consent(
        found[1].replace("&amp;", "&"), profile=seat.profiles[0], decision=decision
    )
    back = "/connect/callback?" + callback.partition("?")[2]
    answer = desk.client.get(back)
    if decision == "allow":
        sent = fields(answer) | {"answer": "yes"}
        answer = desk.client.get(desk.client.post("/connect/confirm", data=sent).location)
    assert (answer.status_code, answer.location) == (303, f"/settings?said={said}")
    page = desk.client.get(answer.location).text
    assert ("<p>Your calendar is connected" in page) is (said == "connected")
    assert ("Reading for the first time" in page) is (said == "connected")
    assert (
        desk.client.get("/connect/callback?state=guessed&code=1").location
        == "/settings?said=expired"
    )
    desk.client.delete_cookie("coachcal-page")
    assert desk.client.get("/connect/callback?state=guessed&code=1").status_code == 400
