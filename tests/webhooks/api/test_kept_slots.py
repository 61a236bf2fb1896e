"""What unchanged answers about slots cost: one question is kept once, and answered in passing as
the endpoint answers.
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from typing import cast as cast_to

import pytest
from dramatiq.brokers.stub import StubBroker
from sqlalchemy.exc import OperationalError

from storage.rows import api_keys
from tests.support import http_client as desks
from tests.support import people
from tests.support.databases import Kind
from tests.support.http_client import WEEK, Desk
from tests.webhooks.api.ada import PATH
from webhooks.http.api_key_cache import TRUSTED_SECONDS
from webhooks.http.context import EXTENSION, RawAnswer


def test_one_question_is_kept_once_however_it_is_spelled(desk: Desk, ada: str) -> None:
    first = desk.get(f"{PATH}?from=2026-06-01&to=2026-06-08&duration=60&tz=Europe/Paris")
    cache = desk.client.application.extensions[EXTENSION].response_cache
    assert len(cache) == 1
    for spelled in (
        "tz=Europe%2FParis&duration=60&to=2026-06-08&from=2026-06-01",
        "from=2026%2D06-01&to=2026-06-08&tz=%45urope/Paris&duration=%36%30",
        "from=2026-06-01&&to=2026-06-08&duration=60&tz=Europe/Paris&",
    ):
        assert desk.get(f"{PATH}?{spelled}").data == first.data
        assert len(cache) == 1
    # And what stands quoted inside of a value is none of ours
    assert (
        desk.get(
            f"{PATH}?from=2026-06-01%26to=2026-06-08%26duration=60&tz=Europe/Paris"
        ).status_code
        == 422
    )
    assert (
        desk.get(f"{PATH}?from=2026-06-01%26to=2026-06-08&duration=60&tz=Europe/Paris").status_code
        == 422
    )


def test_time_alone_changes_an_answer_when_it_said_so(
    fresh_database: Callable[[Kind], str],
) -> None:
    url = fresh_database("sqlite")
    now = people.NOW + timedelta(minutes=7)
    clock = [now]
    with desks.opened(url, broker=StubBroker(), now=people.NOW) as desk:
        people.introduce(desk.database)
        desks.connect(desk)
        object.__setattr__(desk.runtime.services, "now", lambda: clock[0])
        told = desk.get(WEEK).json
        valid_until = datetime.fromisoformat(told["valid_until"])
        assert told["starts"][0] == "2026-06-01T08:15:00Z"
        # A second before, nothing has changed
        clock[0] = valid_until - timedelta(seconds=1)
        assert desk.get(WEEK).json == told
        # And then it has
        clock[0] = valid_until
        later = desk.get(WEEK).json
        assert later["starts"] == told["starts"][1:]
        assert later["valid_until"] == "2026-06-01T08:30:01Z"


def test_who_has_the_answer_already_gets_304_without_a_body(desk: Desk, ada: str) -> None:
    answer = desk.get(WEEK)
    assert answer.headers["Cache-Control"] == "private, no-cache"
    etag = answer.headers["ETag"]
    assert etag.startswith('"')
    for known in (etag, f"W/{etag}", f'"other", {etag}'):
        unchanged = desk.get(WEEK, headers={"If-None-Match": known})
        assert (unchanged.status_code, unchanged.data, unchanged.headers["ETag"]) == (
            304,
            b"",
            etag,
        )
    assert desk.get(WEEK, headers={"If-None-Match": '"other"'}).status_code == 200
    desk.push()
    assert desk.get(WEEK, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "headers", "passes"),
    [
        ("GET", WEEK, {}, True),
        ("GET", WEEK, {"X-Request-ID": "from-coach-os"}, True),
        ("GET", WEEK, {"X-Request-ID": "with spaces"}, True),
        ("GET", WEEK, {"Authorization": "bEARER  {key} "}, True),
        ("GET", WEEK, {"Authorization": "Basic {key}"}, False),
        ("GET", WEEK, {"Authorization": "{key}"}, False),
        ("GET", WEEK, {"Authorization": "Bearer {key}x"}, False),
        ("GET", WEEK, {"Authorization": "Bearer {other}"}, False),
        ("GET", WEEK, {"Authorization": ""}, False),
        ("HEAD", WEEK, {}, False),
        ("POST", WEEK, {}, False),
        ("GET", f"{WEEK}&detail=reasons", {}, False),
        ("GET", WEEK.replace("ada", "%61da"), {}, True),
        ("GET", WEEK.replace("ada", "ben"), {}, False),
        ("GET", WEEK.replace("/slots", "/hours"), {}, False),
    ],
)
def test_what_is_answered_in_passing_is_what_the_endpoint_answers(
    desk: Desk, ada: str, method: str, path: str, headers: dict[str, str], passes: bool
) -> None:
    """Once somebody else has asked the same, that is. A wrong answer here would be a time that is
    not open.
    """
    etag = desk.get(WEEK).headers["ETag"]
    keys = {"key": desk.key("slots:read"), "other": desk.key("bookings:write")}
    sent = {"X-Request-ID": "ours"} | {
        name: value.format(**keys) for name, value in headers.items()
    }
    app = cast_to(Any, desk.client.application)
    look = app.in_passing[1]
    told: dict[str, Any] = {}

    def watched(environ: dict[str, Any]) -> RawAnswer | None:
        answer: RawAnswer | None = look(environ)
        assert (answer is not None) == passes
        return answer

    for known in (None, etag, f"W/{etag}", '"another"', "*", "not an etag"):
        asked = sent if known is None else sent | {"If-None-Match": known}
        for way, ways in (("in passing", (watched,)), ("by its endpoint", ())):
            app.in_passing = ways
            answer = desk.ask(method, path, "slots:read", headers=asked)
            its_id = answer.headers.pop("X-Request-ID")
            assert answer.headers.pop("RateLimit", "").partition(";")[0] in ('"reads"', '"writes"')
            assert (its_id == sent["X-Request-ID"]) == (" " not in sent["X-Request-ID"])
            told[way] = answer.status, answer.data, sorted(answer.headers)
        assert told["in passing"] == told["by its endpoint"]


def test_a_revoked_key_gets_no_kept_answer_either(
    desk: Desk, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = desk.key("slots:read")
    assert (
        desk.get(WEEK, "slots:read").status_code == desk.get(WEEK, "slots:read").status_code == 200
    )
    with desk.database.write() as tx:
        assert api_keys.revoke_key(tx, key.split("_")[1], now=people.NOW)
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + TRUSTED_SECONDS + 1)
    assert desk.get(WEEK, "slots:read").status_code == 401


def test_without_a_database_a_kept_answer_is_not_given(
    desk: Desk, ada: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert desk.get(WEEK).status_code == 200

    def away(*_: object, **__: object) -> None:
        raise OperationalError("", None, Exception())

    monkeypatch.setattr("storage.slots.availability.query_raw", away)
    assert desk.get(WEEK).status_code == 503


def test_another_question_about_one_coach_has_its_own_answer(desk: Desk, ada: str) -> None:
    bodies = {desk.get(f"{WEEK}{more}").data for more in ("", "&tz=UTC", "&detail=reasons")}
    bodies |= {desk.get(WEEK.replace("duration=60", "duration=30")).data}
    assert len(bodies) == 4
