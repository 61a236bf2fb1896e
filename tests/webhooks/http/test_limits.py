"""Limits over HTTP: who is counted by what, what never is, what the answer says, and that others
feel nothing.
"""

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from statistics import median
from typing import Any
from typing import cast as cast_to

import pytest
from dramatiq.brokers.stub import StubBroker
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from tests.support import exposition, people
from tests.support import http_client as desks
from tests.support.databases import Kind
from tests.support.http_client import CHANGE, PUSH, SETTINGS, WEEK, Desk
from tests.support.ops_pages import log_in
from tests.webhooks.http.ways import COACH, ELSEWHERE, UNSIGNED, WAYS, WRONG_KEY, Way, hold
from webhooks.api.routes import ROUTES
from webhooks.app import App
from webhooks.http.problems import PROBLEM
from webhooks.http.versions import HEADER

FEW = 3


@pytest.fixture
def tight(fresh_database: Callable[[Kind], str], redis_url: str) -> Callable[..., Any]:
    """Opens a desk with these limits, Ada at it."""

    @contextmanager
    def opened(**limits: Any) -> Iterator[Desk]:
        with desks.opened(
            fresh_database("sqlite"), redis_url, broker=StubBroker(), **limits
        ) as desk:
            people.introduce(desk.database)
            desks.connect(desk)
            yield desk

    return opened


def statuses(ask: Callable[[], Any], times: int) -> list[int]:
    return [ask().status_code for _ in range(times)]


@pytest.mark.parametrize("name", WAYS)
def test_whoever_asks_too_often_is_told_so_and_nobody_else(
    tight: Callable[..., Any], name: str
) -> None:
    way = WAYS[name]
    with tight(**{f"limit_{way.limit}": FEW}) as desk:
        assert 429 not in statuses(lambda: way.ask(desk), FEW)
        refused = [way.ask(desk) for _ in range(3)]
        assert [answer.status_code for answer in refused] == [429] * 3
        for answer in refused:
            _check_told(answer, way)
        assert way.other(desk).status_code != 429
        counted = exposition.samples(desk.look("/metrics", **ELSEWHERE).text)
        found = {
            it.labels["kind"]: it.value for it in counted if it.name == "coachcal_limited_total"
        }
        assert found == {way.limit: 3}


def _check_told(answer: Any, way: Way) -> None:
    window = 600 if way.limit == "holds" else 60
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= window + 1
    assert f'"{way.limit}";r=0;t={wait}' in answer.headers["RateLimit"]
    assert f'"{way.limit}";q={FEW};w={window}' in answer.headers["RateLimit-Policy"]
    if way.pages:
        assert answer.mimetype == "text/html"
        assert "wait" in answer.text or "minute" in answer.text
        return
    assert answer.mimetype == PROBLEM
    assert (answer.json["code"], answer.json["status"]) == ("rate_limited", 429)
    assert answer.json["detail"].endswith(".")


def test_every_answer_says_what_is_left(tight: Callable[..., Any]) -> None:
    with tight(limit_reads=50, limit_writes=40) as desk:
        left = [desk.get(WEEK, "slots:read").headers["RateLimit"] for _ in range(12)]
        assert [int(re.findall(r'^"reads";r=(\d+);t=\d+$', told)[0]) for told in left] == list(
            range(49, 37, -1)
        )
        written = desk.put(COACH, SETTINGS)
        assert written.headers["RateLimit"].startswith('"writes";r=39;t=')
        assert written.headers["RateLimit-Policy"] == '"writes";q=40;w=60'
        assert "Retry-After" not in written.headers
        assert "RateLimit" not in desk.look("/healthz").headers


def test_health_and_signed_pushes_are_never_limited(tight: Callable[..., Any]) -> None:
    with tight(limit_reads=1, limit_writes=1, limit_wrong=1) as desk:
        assert 429 in statuses(lambda: desk.push(headers=UNSIGNED), 5)
        assert statuses(desk.push, 5) == [204] * 5
        assert statuses(lambda: desk.push(CHANGE + b" "), 5) == [204] * 5
        assert statuses(lambda: desk.look("/healthz"), 5) == [200] * 5
        assert 429 not in statuses(lambda: desk.push(path=f"{PUSH}x"), 5), (
            "signed, and of no channel of ours"
        )


def test_a_right_key_passes_whatever_others_did_at_its_address(tight: Callable[..., Any]) -> None:
    with tight(limit_wrong=1) as desk:
        assert statuses(lambda: desk.look(COACH, headers=WRONG_KEY), 3) == [401, 429, 429]
        assert desk.get(COACH, "coaches:read").status_code == 200
        assert log_in(desk.client, "cck_0_wrong").status_code == 429
        assert log_in(desk.client, desk.key("ops")).status_code == 303


def test_a_flood_of_wrong_keys_ends_before_the_database(tight: Callable[..., Any]) -> None:
    """And a key that was good here before still passes, though its trust has to be renewed."""
    with tight(limit_reads=5, limit_wrong=1) as desk:
        assert desk.get(COACH, "coaches:read").status_code == 200
        statuses(lambda: desk.look(COACH, headers=WRONG_KEY), 6)
        flood = desk.look(COACH, headers=WRONG_KEY)
        assert '"reads";r=0' in flood.headers["RateLimit"]
        assert '"wrong"' not in flood.headers["RateLimit"], "it was not even looked at"
        assert desk.get(COACH, "coaches:read").status_code == 200


def test_a_limited_write_changes_nothing_and_can_be_repeated(tight: Callable[..., Any]) -> None:
    with tight(limit_holds=1) as desk:
        hold(desk, "grace")
        before = desk.dump()
        assert hold(desk, "grace", 2).status_code == 429
        assert desk.dump() == before


@pytest.mark.parametrize("kind", ["reads", "writes", "holds", "wrong"])
def test_nought_is_no_limit(tight: Callable[..., Any], kind: str) -> None:
    way = next(way for way in WAYS.values() if way.limit == kind)
    with tight(**{f"limit_{kind}": 0}) as desk:
        assert 429 not in statuses(lambda: way.ask(desk), 40)


def test_without_redis_nobody_is_limited(one_desk: Desk) -> None:
    people.introduce(one_desk.database)
    assert statuses(lambda: one_desk.look(COACH, headers=WRONG_KEY), 40) == [401] * 40


def test_the_document_tells_429_of_each_route_with_its_headers(one_desk: Desk) -> None:
    paths = one_desk.look("/openapi.json").json["paths"]
    for route in ROUTES:
        if not route.documented:
            continue
        responses = paths[re.sub(r"<(\w+)>", r"{\1}", route.path)][route.method.lower()][
            "responses"
        ]
        assert ("429" in responses) is (route.path != "/healthz"), route
        if "429" in responses:
            told = set(responses["429"]["headers"]) - {HEADER, "Deprecation", "Sunset"}
            assert told == {
                "RateLimit",
                "RateLimit-Policy",
                "Retry-After",
                "X-Request-ID",
            }


def test_one_client_at_its_limit_leaves_another_as_quick_as_it_was(
    tight: Callable[..., Any],
) -> None:
    """Coarse: one interpreter serves both here. Two threads ask on and on, and are refused."""
    with tight(limit_reads=600) as desk:
        app = cast_to(Any, desk.client.application)
        loud, quiet = asking(desk, "coaches:read"), asking(desk)
        before, done = took(app, quiet), threading.Event()
        while asked(app, loud) != 429:
            pass

        told: list[int] = []

        def shout() -> None:
            while not done.wait(0.002):  # the network between them
                told.append(asked(app, loud))

        with ThreadPoolExecutor(2) as pool:
            shouts = [pool.submit(shout) for _ in range(2)]
            try:
                # Others on this machine come and go: whom the loud one starves is slow each time
                after = [took(app, quiet)[-2] for _ in range(3)]
                while told.count(429) <= 20 and not any(each.done() for each in shouts):
                    done.wait(0.01)
            finally:
                done.set()
        assert [each.result() for each in shouts] == [None, None]
        assert told.count(429) > 20
        assert min(after) <= before[-2] * 3 + 0.1


def test_a_refusal_costs_a_fraction_of_an_answer(tight: Callable[..., Any]) -> None:
    with tight(limit_reads=100) as desk:
        app, environ = cast_to(Any, desk.client.application), asking(desk, "coaches:read")
        spent: dict[int, list[float]] = {200: [], 429: []}
        while len(spent[429]) < 90:
            began = time.thread_time()
            status = asked(app, environ)
            spent[status].append(time.thread_time() - began)
        assert median(spent[429]) < median(spent[200]) / 3


def asking(desk: Desk, *scopes: str) -> dict[str, Any]:
    builder = EnvironBuilder(
        COACH, headers=Headers({"Authorization": f"Bearer {desk.key(*scopes)}"})
    )
    return builder.get_environ()


def asked(app: App, environ: dict[str, Any]) -> int:
    """The status of the answer; without a client's own work around it."""
    said: list[str] = []
    for _ in app.wsgi_app(dict(environ), lambda status, *_: said.append(status)):
        pass
    return int(said[0][:3])


def took(app: App, environ: dict[str, Any]) -> list[float]:
    """Seconds, the longest last, of a hundred that are answered."""
    found = list[float]()
    for _ in range(100):
        began = time.monotonic()
        assert asked(app, environ) == 200
        found.append(time.monotonic() - began)
    return sorted(found)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_is_refused_in_passing_is_what_the_endpoint_refuses(
    tight: Callable[..., Any], method: str
) -> None:
    with tight(limit_reads=1) as desk:
        statuses(lambda: desk.get(COACH, "coaches:read"), 2)
        app: Any = desk.client.application
        told = []
        for ways in (app.in_passing, ()):
            app.in_passing = ways
            answer = desk.ask(method, COACH, "coaches:read", headers={"X-Request-ID": "ours"})
            body = answer.json if answer.data else None
            assert body is None or body["request_id"] == "ours"
            answer.headers.pop("Content-Length")
            told.append((answer.status, body, sorted(answer.headers)))
        assert told[0] == told[1]
        assert (told[0][1] is None) is (method == "HEAD")
