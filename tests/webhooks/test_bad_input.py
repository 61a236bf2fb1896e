"""Bad input: each kind gets its stable code, the field, a next step, and writes nothing at all."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker

from tests.support.databases import copy_of
from tests.support.http_client import SETTINGS, Desk, opened
from webhooks.http.codes import CODES
from webhooks.http.problems import MOST_TOLD, PROBLEM

ADA = "/v1/coaches/ada"
SLOTS = f"{ADA}/slots"
RANGE = {"from": "2026-06-01", "to": "2026-06-08", "duration": "60"}
POOL = RANGE | {"coach_id": "ada"}


def body(**changes: Any) -> dict[str, Any]:
    return SETTINGS | changes


def week(**days: Any) -> dict[str, Any]:
    return body(hours=days)


BODIES: list[tuple[str, Any, int, str, str]] = [
    # path, body, status, code, field
    ("", body(zone="Europe/Londn"), 422, "unknown_zone", "zone"),
    ("", body(zone=""), 422, "unknown_zone", "zone"),
    ("", body(zone="../../etc/passwd"), 422, "unknown_zone", "zone"),
    ("", body(zone="Europe/London\0"), 422, "unknown_zone", "zone"),
    ("", body(zone="x" * 65), 422, "too_many", "zone"),
    ("", body(zone=None), 422, "wrong_type", "zone"),
    ("", week(mon=[["9:00", "17:00"]]), 422, "invalid_time", "hours.mon[0]"),
    ("", week(mon=[["09:00", "25:00"]]), 422, "invalid_time", "hours.mon[0]"),
    ("", week(mon=[["24:00", "02:00"]]), 422, "starts_at_24", "hours.mon[0]"),
    ("", week(mon=[["09:00", "17:00", "18:00"]]), 422, "not_a_window", "hours.mon[0]"),
    ("", week(mon=["09:00-17:00"]), 422, "not_a_window", "hours.mon[0]"),
    ("", week(mon="09:00-17:00"), 422, "not_a_list", "hours.mon"),
    ("", week(monday=[]), 422, "unknown_weekday", "hours.monday"),
    ("", week(mon=[["09:00", "17:00"]] * 25), 422, "too_many", "hours"),
    ("", body(hours=[]), 422, "wrong_type", "hours"),
    ("", body(overrides={"2026-02-30": []}), 422, "invalid_date", "overrides.2026-02-30"),
    ("", body(overrides={"24.12.2026": []}), 422, "invalid_date", "overrides.24.12.2026"),
    ("", body(overrides={"0001-01-01": []}), 422, "out_of_range", "overrides.0001-01-01"),
    ("", body(overrides={"9999-12-31": []}), 422, "out_of_range", "overrides.9999-12-31"),
    ("", body(overrides={f"20{n // 28:02}-01-{n % 28 + 1:02}": [] for n in range(401)}), 422,
     "too_many", "overrides"),
    ("", body(durations=[]), 422, "too_many", "durations"),
    ("", body(durations=[7]), 422, "not_a_multiple_of_5", "durations"),
    ("", body(durations=[0]), 422, "out_of_range", "durations"),
    ("", body(durations=[485]), 422, "out_of_range", "durations"),
    ("", body(durations=[30, 30]), 422, "not_distinct", "durations"),
    ("", body(durations=["30"]), 422, "wrong_type", "durations[0]"),
    ("", body(durations=[30.5]), 422, "wrong_type", "durations[0]"),
    ("", body(durations=[True]), 422, "wrong_type", "durations[0]"),
    ("", body(durations=[2**63 - 1]), 422, "out_of_range", "durations"),
    ("", body(pre=-1), 422, "out_of_range", "pre"),
    ("", body(post=481), 422, "out_of_range", "post"),
    ("", body(notice=-1), 422, "out_of_range", "notice"),
    ("", body(horizon_days=0), 422, "out_of_range", "horizon_days"),
    ("", body(horizon_days=181), 422, "out_of_range", "horizon_days"),
    ("", body(mode="tight"), 422, "unknown_word", "mode"),
    ("", body(per_day=-1), 422, "out_of_range", "per_day"),
    ("", body(tentative_blocks="yes"), 422, "wrong_type", "tentative_blocks"),
    ("", body(policy={"kind": "show_all"}), 422, "unknown_word", "policy.kind"),
    ("", body(policy={"kind": "hide", "until": 3}), 422, "unknown_field", "policy.until"),
    ("", body(policy={"kind": "last_known", "last_known_hours": 0}), 422, "out_of_range",
     "policy.last_known_hours"),
    ("", body(version="1"), 422, "wrong_type", "version"),
    ("", body(timezone="Europe/London"), 422, "unknown_field", "timezone"),
    ("", {"hours": {}, "durations": [30]}, 422, "missing", "zone"),
    ("", [], 422, "wrong_type", "body"),
    ("", "text", 422, "wrong_type", "body"),
    ("/hours", {"hours": {"mon": [["a", "b"]]}}, 422, "invalid_time", "hours.mon[0]"),
    ("/hours", {"hours": {}, "zone": "Mars/Base"}, 422, "unknown_zone", "zone"),
    ("/hours", {"mon": []}, 422, "missing", "hours"),
    ("/overrides", {"overrides": {"2026-06-01": [["09:00"]]}}, 422, "not_a_window",
     "overrides.2026-06-01[0]"),
]  # fmt: skip

QUERIES: list[tuple[str, dict[str, Any], int, str, str]] = [
    (SLOTS, RANGE | {"to": "2026-05-25"}, 422, "reversed_range", "to"),
    (SLOTS, RANGE | {"to": "2026-06-01"}, 422, "reversed_range", "to"),
    (SLOTS, RANGE | {"to": "2027-07-06"}, 422, "range_too_long", "to"),
    (
        SLOTS,
        RANGE | {"from": "2026-06-01T00:00Z", "to": "2026-09-01T02:00:01Z"},
        422,
        "range_too_long",
        "to",
    ),
    (SLOTS, RANGE | {"tz": "Europe/Londn"}, 422, "unknown_zone", "tz"),
    (SLOTS, RANGE | {"tz": ""}, 422, "unknown_zone", "tz"),
    (SLOTS, RANGE | {"duration": "50"}, 422, "duration_not_offered", "duration"),
    (SLOTS, RANGE | {"duration": "sixty"}, 422, "wrong_type", "duration"),
    (SLOTS, RANGE | {"duration": "0"}, 422, "duration_not_offered", "duration"),
    (SLOTS, {"from": "2026-06-01", "to": "2026-06-08"}, 422, "duration_required", "duration"),
    (SLOTS, RANGE | {"from": "yesterday"}, 422, "invalid_instant", "from"),
    (SLOTS, RANGE | {"from": "2026-06-01T09:00:00"}, 422, "invalid_instant", "from"),
    (SLOTS, RANGE | {"from": "2026-02-30"}, 422, "invalid_instant", "from"),
    (SLOTS, RANGE | {"to": "9999-12-31"}, 422, "invalid_instant", "to"),
    (SLOTS, RANGE | {"from": "1972-12-31"}, 422, "invalid_instant", "from"),
    (SLOTS, RANGE | {"from": "0001-01-01T00:00:00+14:00"}, 422, "invalid_instant", "from"),
    (SLOTS, RANGE | {"from": "2" * 41}, 422, "too_many", "from"),
    (SLOTS, {"to": "2026-06-08", "duration": "60"}, 422, "missing", "from"),
    (SLOTS, RANGE | {"from": ["2026-06-01", "2026-06-02"]}, 422, "wrong_type", "from"),
    (SLOTS, RANGE | {"detail": "titles"}, 422, "unknown_word", "detail"),
    (SLOTS, RANGE | {"until": "2026-06-08"}, 422, "unknown_field", "until"),
    ("/v1/coaches/nobody/slots", RANGE, 404, "unknown_coach", "coach_id"),
    ("/v1/coaches/a%20b/slots", RANGE, 422, "invalid_id", "coach_id"),
    ("/v1/coaches/%00/slots", RANGE, 422, "invalid_id", "coach_id"),
    ("/v1/slots", RANGE, 422, "missing", "coach_id"),
    ("/v1/slots", POOL | {"coach_id": "a\0"}, 422, "invalid_value", "coach_id[0]"),
    ("/v1/slots", POOL | {"coach_id": "nobody"}, 404, "unknown_coach", "coach_id"),
    ("/v1/slots", POOL | {"mode": "some"}, 422, "unknown_word", "mode"),
    ("/v1/slots", POOL | {"duration": "50"}, 422, "duration_not_offered", "duration"),
    ("/v1/slots", POOL | {"to": "2026-05-25"}, 422, "reversed_range", "to"),
    ("/v1/slots", POOL | {"tz": "Mars/Base"}, 422, "unknown_zone", "tz"),
]


@pytest.fixture(scope="module")
def steady(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Ada's desk, for all of these tests: none of them changes anything."""
    url = copy_of(sqlite_template, tmp_path_factory.mktemp("steady") / "db.sqlite")
    with opened(url, broker=StubBroker()) as desk:
        desk.put(ADA, SETTINGS)
        yield desk


def check(answer: Any, status: int, code: str, field: str | None) -> None:
    assert (answer.status_code, answer.json["code"], answer.json.get("field")) == (
        status,
        code,
        field,
    ), answer.text
    assert answer.mimetype == PROBLEM
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["detail"].endswith(".")
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert CODES.get(code, (422,))[0] == status


@pytest.mark.parametrize(("path", "sent", "status", "code", "field"), BODIES)
def test_a_bad_body_is_refused_by_its_field(
    steady: Desk, path: str, sent: Any, status: int, code: str, field: str
) -> None:
    before = steady.dump()
    check(steady.put(ADA + path, sent), status, code, field)
    assert steady.dump() == before


@pytest.mark.parametrize(("path", "query", "status", "code", "field"), QUERIES)
def test_a_bad_query_is_refused_by_its_field(
    steady: Desk, path: str, query: Any, status: int, code: str, field: str
) -> None:
    check(steady.get(path, query_string=query), status, code, field)


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"",
        b"{'zone': 1}",
        b'{"pre": NaN}',
        b"[" * 100_000,
        b'"\\ud800"',
        b"\xff\xfe{}",
        b"{}{}",
    ],
)
def test_a_body_that_is_no_json_is_refused_with_where(steady: Desk, raw: bytes) -> None:
    before = steady.dump()
    answer = steady.ask("PUT", ADA, data=raw, content_type="application/json")
    if raw:
        check(answer, 400, "malformed_json", "body")
        assert "column" in answer.json["detail"]
    else:
        check(answer, 422, "missing", "zone")
    assert steady.dump() == before


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""]
)
def test_a_body_must_say_that_it_is_json(steady: Desk, kind: str) -> None:
    before = steady.dump()
    answer = steady.ask("PUT", ADA, data=b"zone=Europe/London", content_type=kind)
    check(answer, 415, "wrong_content_type", "Content-Type")
    assert steady.dump() == before


def test_a_number_that_no_database_holds_is_refused(steady: Desk) -> None:
    for number in (str(2**80), "1e400", "-0.0", "1e3"):
        raw = f'{{"zone": "UTC", "hours": {{}}, "durations": [{number}]}}'.encode()
        answer = steady.ask("PUT", ADA, data=raw, content_type="application/json")
        assert answer.status_code in (400, 422), number


def test_a_body_over_the_cap_is_refused(steady: Desk) -> None:
    before = steady.dump()
    raw = b'{"zone": "' + b"x" * 300_000 + b'"}'
    check(
        steady.ask("PUT", ADA, data=raw, content_type="application/json"),
        413,
        "body_too_large",
        None,
    )
    assert steady.dump() == before


def test_every_flaw_of_a_body_is_told_at_once(steady: Desk) -> None:
    answer = steady.put(ADA, {"zone": 4, "durations": ["x", 30], "pre": -1, "colour": "blue"})
    assert [(each["field"], each["code"]) for each in answer.json["errors"]] == [
        ("zone", "wrong_type"),
        ("hours", "missing"),
        ("durations[0]", "wrong_type"),
        ("pre", "out_of_range"),
        ("colour", "unknown_field"),
    ]
    assert (answer.json["field"], answer.json["code"]) == ("zone", "wrong_type")


def test_of_more_flaws_than_anybody_reads_a_hundred_are_told(steady: Desk) -> None:
    before = steady.dump()
    answer = steady.put(ADA, SETTINGS | {f"field{number}": 1 for number in range(10_000)})
    check(answer, 422, "unknown_field", "field0")
    assert len(answer.json["errors"]) == MOST_TOLD
    assert steady.dump() == before


@pytest.mark.parametrize(
    "version", ["abc", "", '"1.5"', '"-1"', "*", '"99999999999999999999"', '"²"']
)
def test_a_version_in_a_header_must_be_one(steady: Desk, version: str) -> None:
    before = steady.dump()
    check(
        steady.put(ADA, body(pre=30), headers={"If-Match": version}),
        422,
        "invalid_value",
        "If-Match",
    )
    assert steady.dump() == before


def test_a_part_of_a_coach_who_is_not_there_cannot_be_set(desk: Desk) -> None:
    before = desk.dump()
    check(desk.put(f"{ADA}/hours", {"hours": {}}), 404, "unknown_coach", "coach_id")
    check(desk.put(f"{ADA}/overrides", {"overrides": {}}), 404, "unknown_coach", "coach_id")
    check(desk.get(f"{ADA}/hours"), 404, "unknown_coach", "coach_id")
    check(desk.get(ADA), 404, "unknown_coach", "coach_id")
    check(desk.ask("POST", f"{ADA}/connect"), 404, "unknown_coach", "coach_id")
    assert desk.dump() == before


def test_a_calendar_that_the_connection_has_not_cannot_be_chosen(desk: Desk, ada: str) -> None:
    before = desk.dump()
    path = f"{ADA}/connections/{ada}/calendars"
    check(
        desk.put(path, {"calendars": ["cal_home", "cal_of\0another"]}),
        422,
        "unknown_calendar",
        "calendars",
    )
    check(desk.put(path, {"calendars": "cal_home"}), 422, "wrong_type", "calendars")
    assert desk.dump() == before


def test_a_provider_is_a_plain_word(desk: Desk, ada: str) -> None:
    before = desk.dump()
    answer = desk.ask("POST", f"{ADA}/connect", json={"provider": "google&scope=all"})
    check(answer, 422, "invalid_value", "provider")
    assert desk.dump() == before


def test_paths_and_methods_that_are_not_there_are_problems_too(steady: Desk) -> None:
    check(steady.get("/v2/coaches"), 404, "unknown_path", None)
    answer = steady.ask("PATCH", ADA)
    check(answer, 405, "method_not_allowed", None)
    assert {"GET", "PUT"} <= set(answer.headers["Allow"].split(", "))


def test_what_is_refused_is_never_repeated_as_it_was_sent(steady: Desk) -> None:
    """A script in a field comes back in JSON that no browser takes for a page."""
    answer = steady.put(ADA, body(zone="<script>alert(1)</script>"))
    assert answer.mimetype == PROBLEM
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
