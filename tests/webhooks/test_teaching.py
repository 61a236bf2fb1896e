"""Errors teach: they say what to send, and all of it at once."""

from collections.abc import Iterator
from typing import Any

from tests.support.http_client import SETTINGS, Desk
from webhooks.api.routes import ROUTES
from webhooks.api.schemas.hours import CLOCK_TIME
from webhooks.http.patterns import LANGUAGE, NO_NUL, SENTENCES

ADA = "/v1/coaches/ada"


def patterns_in(schema: Any) -> Iterator[str]:
    """Those that a text of a request is held against."""
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        for each in schema.values():
            yield from patterns_in(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from patterns_in(each)


def test_nobody_is_answered_a_pattern(one_desk: Desk) -> None:
    models = {route.body for route in ROUTES} | {route.query for route in ROUTES}
    found = set[str]()
    for model in models - {None}:
        assert model is not None
        found |= set(patterns_in(model.model_json_schema()))
    # Times of day are read by the domain, which says so in its own words.
    found -= {CLOCK_TIME["pattern"]}
    assert found == set(SENTENCES)
    for detail in SENTENCES.values():
        assert detail.endswith(".")
    answer = one_desk.put(ADA, SETTINGS | {"language": "German", "name": "x\0"})
    told = {each["field"]: each["detail"] for each in answer.json["errors"]}
    assert told == {"language": SENTENCES[LANGUAGE], "name": SENTENCES[NO_NUL]}


def flaws(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422
    return [(each["field"], each["code"]) for each in answer.json["errors"]]


def test_rules_are_told_together_with_shapes_and_each_of_them(one_desk: Desk) -> None:
    # Given a coach of whom the zone, four windows, a date, a length, a place and a trip are wrong
    week = {"mon": [["9:00", "17:00"], ["08:00", "09:00"], "noon"], "tue": 4, "monday": []}
    sent = SETTINGS | {
        "zone": "Europe/Londn",
        "hours": week,
        "overrides": {"2026-02-30": []},
        "durations": [7],
        "pre": -1,
        "place": {"kind": "url", "value": "ftp://example.com"},
        "travel": [{"first": "2026-05-01", "last": "2026-04-01", "zone": "Asia/Tokyo"}],
    }
    # When all of it is sent, then all of it is told
    assert flaws(one_desk.put(ADA, sent)) == [
        ("zone", "unknown_zone"),
        ("hours.mon[0]", "invalid_time"),
        ("hours.mon[2]", "not_a_window"),
        ("hours.tue", "not_a_list"),
        ("hours.monday", "unknown_weekday"),
        ("overrides.2026-02-30", "invalid_date"),
        ("durations", "not_a_multiple_of_5"),
        ("pre", "out_of_range"),
        ("place.value", "not_a_link"),
        ("travel[0].last", "reversed_range"),
    ]
    assert one_desk.get(ADA).status_code == 404


def test_of_a_booking_and_of_a_text_all_that_is_wrong_is_told(one_desk: Desk) -> None:
    who = {"id": "g g", "name": "Grace", "email": "grace", "zone": "Mars/Base"}
    sent = {"participant": who, "coach_id": "ada", "start": "tomorrow", "duration": 60}
    answer = one_desk.ask("POST", "/v1/bookings", json=sent)
    assert flaws(answer) == [
        ("participant.id", "invalid_value"),
        ("participant.email", "not_an_address"),
        ("participant.zone", "unknown_zone"),
        ("start", "invalid_instant"),
    ]
    text = {"subject": "{coach_name}", "text": "{{coach}}", "html": "<script>"}
    answer = one_desk.put("/v1/mailers/company/acme/booked/en", text)
    assert flaws(answer) == [
        ("text", "unknown_token"),
        ("subject", "single_brace"),
        ("html", "refused_tag"),
    ]
    brand = {"sender_name": "a@b", "support": "nowhere", "colour": "red"}
    assert flaws(one_desk.put("/v1/brands/acme", brand)) == [
        ("sender_name", "holds_an_address"),
        ("support", "not_reachable"),
        ("colour", "not_a_colour"),
    ]


def test_of_a_query_all_that_is_wrong_is_told(one_desk: Desk) -> None:
    query = {
        "from": "June",
        "to": "2026-13-01",
        "tz": "Mars",
        "duration": "long",
        "coach_id": "a b",
    }
    assert sorted(flaws(one_desk.get("/v1/slots", query_string=query))) == [
        ("coach_id[0]", "invalid_value"),
        ("duration", "wrong_type"),
        ("from", "invalid_instant"),
        ("to", "invalid_instant"),
        ("tz", "unknown_zone"),
    ]
