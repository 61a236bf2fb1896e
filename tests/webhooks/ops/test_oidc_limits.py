"""What the login provider is asked at most through us, whoever comes and however it answers."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from dramatiq.brokers.stub import StubBroker
from werkzeug.wrappers import Request, Response

from tests.support import http_client as desks
from tests.support import made_up_provider as made_up
from tests.support.databases import Kind
from tests.support.http_client import Desk
from tests.support.made_up_provider import MadeUpProvider, as_json
from workers.oidc import exchanges
from workers.oidc import provider as providers

METADATA = "/.well-known/openid-configuration"
LONG = 60.0
"""Seconds: the test has failed by then."""
Opened = Callable[..., Any]


@pytest.fixture
def provider() -> Iterator[MadeUpProvider]:
    with made_up.provided() as provider:
        yield provider


@pytest.fixture
def opened(
    fresh_database: Callable[[Kind], str], provider: MadeUpProvider, redis_url: str
) -> Opened:
    """Opens a desk with such a limit on what is wrong."""

    @contextmanager
    def opening(limit_wrong: int) -> Iterator[Desk]:
        url, settings = fresh_database("sqlite"), provider.settings
        with desks.opened(
            url, redis_url, broker=StubBroker(), limit_wrong=limit_wrong, **settings
        ) as desk:
            yield desk

    return opening


class Hanging:
    """An answer that does not come until it is `released`."""

    def __init__(self) -> None:
        self.released = threading.Event()
        self.held = threading.Semaphore(0)

    def __call__(self, _request: Request) -> Response:
        self.held.release()
        self.released.wait(LONG)
        return Response("", 500)

    @contextmanager
    def asked_by(self, ask: Callable[[], Any]) -> Iterator[list[Any]]:
        """As many ask as may at once, and hang in here. The answers stand there afterwards."""
        answers: list[Any] = []
        waiting = []
        for _ in range(exchanges.AT_ONCE):
            waiting.append(threading.Thread(target=lambda: answers.append(ask())))
        try:
            for each in waiting:
                each.start()
            for _ in waiting:
                assert self.held.acquire(timeout=LONG)
            yield answers
        finally:
            self.released.set()
            for each in waiting:
                each.join()


def is_away(answer: Any) -> bool:
    return answer.status_code == 503 and "<code>oidc_provider_away</code>" in answer.text


def test_a_provider_that_hangs_holds_two_threads_and_is_left_alone_for_a_while(
    opened: Opened, provider: MadeUpProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given one that does not answer
    monkeypatch.setattr(exchanges, "PATIENCE_SECONDS", 0.01)
    monkeypatch.setattr(providers, "AFTER_FAILURE_SECONDS", LONG)
    provider.answers[METADATA] = hanging = Hanging()
    with opened(limit_wrong=0) as desk:

        def ask() -> Any:
            client = desk.client.application.test_client()
            return client.get("/ops/oidc/login").status_code

        with hanging.asked_by(ask) as answers:
            # When one more comes: it is told at once, and nobody else is asked
            assert is_away(desk.client.get("/ops/oidc/login"))
        assert answers == [503, 503]
        # And after that failure it is left alone for some seconds
        assert is_away(desk.client.get("/ops/oidc/login"))
    assert provider.asked == [METADATA] * exchanges.AT_ONCE


def test_a_login_begins_while_others_hold_every_place(
    opened: Opened, provider: MadeUpProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given metadata that are known, and codes that the provider thinks about for long
    monkeypatch.setattr(exchanges, "PATIENCE_SECONDS", 0.01)
    provider.answers["/token"] = hanging = Hanging()
    with opened(limit_wrong=0) as desk:
        query = provider.authorise(desk.client.get("/ops/oidc/login").location or "")
        kept = desk.client.get_cookie("coachcal-ops-login")
        assert kept is not None

        def ask() -> Any:
            client = desk.client.application.test_client()
            client.set_cookie(kept.key, kept.value)
            return client.get("/ops/oidc/callback", query_string=query).status_code

        with hanging.asked_by(ask):
            # When somebody begins a login, then they are sent there, and nobody is asked
            other = desk.client.application.test_client()
            assert other.get("/ops/oidc/login").status_code == 303
    assert provider.asked.count(METADATA) == 1


def test_whoever_tries_often_is_held_off(opened: Opened, provider: MadeUpProvider) -> None:
    with opened(limit_wrong=3) as desk:
        codes = []
        for _ in range(4):
            codes.append(provider.log_in(desk.client, state="wrong").status_code)
    assert codes == [403, 403, 403, 429]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (lambda _: as_json({"error": "invalid_grant"}, 400), 403),
        (lambda _: as_json({"error": "invalid_client"}, 401), 502),
        (lambda _: Response("<html>", 400), 502),
    ],
)
def test_codes_that_are_made_up_are_not_taken_to_the_provider_past_the_limit(
    opened: Opened, provider: MadeUpProvider, answer: made_up.Answer, status: int
) -> None:
    # Given a login that was begun, whose cookie its browser shows as often as it likes
    provider.answers["/token"] = answer
    with opened(limit_wrong=3) as desk:
        query = provider.authorise(desk.client.get("/ops/oidc/login").location or "")
        kept = desk.client.get_cookie("coachcal-ops-login")
        assert kept is not None

        def came_back(code: str) -> Any:
            desk.client.set_cookie(kept.key, kept.value)
            return desk.client.get("/ops/oidc/callback", query_string=query | {"code": code})

        # When it makes up codes until the limit is found
        codes = [came_back(f"junk-{number}").status_code for number in range(4)]
        assert codes == [status] * 3 + [429]
        asked = provider.asked.count("/token")
        # Then the provider is asked no more, and the answer says how long
        for number in range(5):
            refused = came_back(f"more-{number}")
            assert refused.status_code == 429
            assert int(refused.headers["Retry-After"]) > 0
        assert provider.asked.count("/token") == asked
        # And at another address the same login goes on
        provider.answers.clear()
        desk.client.set_cookie(kept.key, kept.value)
        there = {"REMOTE_ADDR": "192.0.2.7"}
        right = desk.client.get("/ops/oidc/callback", query_string=query, environ_overrides=there)
        assert right.status_code == 303
