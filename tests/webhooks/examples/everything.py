"""All that is sent, in an order in which nothing is in the way of what comes after it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
from structlog.testing import capture_logs

from tests.support.http_client import Desk
from tests.webhooks.every_request import REQUESTS, About, Things
from tests.webhooks.examples import answers, imports, outages, refusals
from tests.webhooks.examples.answers import BY_NAME, FIRST
from tests.webhooks.examples.exchange import Exchange, send
from tests.webhooks.examples.states import STATES
from tests.webhooks.examples.values import VALUES
from webhooks.api.openapi import responses_of
from webhooks.api.route import Route
from webhooks.app import App

FOLLOWING = (400, 401, 403, 405, 412, 413, 415, 422)
"""Statuses that follow from how an operation is asked."""
UNREAD = {"head": "bad_request", "late": "too_slow", "large_head": "head_too_large",
          "crowded": "busy"}  # fmt: skip
NOBODY = "nobody"


def exchanges(desk: Desk) -> list[Exchange]:
    # A hundred defects on purpose: nobody reads their traces.
    with capture_logs():
        return list(_exchanges(desk))


def _exchanges(desk: Desk) -> Iterator[Exchange]:
    # What reads, and what is refused, changes nothing: one coach does for all of it.
    things = Things(desk, f"ada{next(answers.NUMBERS)}")
    yield from answers.all_of(desk, things)
    about = {name: About(FIRST[name], things) for name in BY_NAME}
    for name, route in BY_NAME.items():
        for status in FOLLOWING:
            if status in responses_of(route):
                yield from _one(refusals.by_status(status, desk, route, about[name]))
    yield from _outages(desk, about)
    for _, operation, change in VALUES:
        yield send(desk, BY_NAME[operation], about[operation], change)
    yield from _of_nobody(desk, things)
    yield imports.partly(desk)
    yield from _unread(desk)
    for case in STATES:
        request = FIRST[case.operation]
        request = replace(request, instead={**request.instead, **dict(case.instead)})
        mine = answers.about(desk, request)
        if case.before is not None:
            case.before(mine.own)
        yield send(desk, BY_NAME[case.operation], mine, case.change)


def _one(found: Exchange | None) -> Iterator[Exchange]:
    if found is not None:
        yield found


def _outages(desk: Desk, about: dict[str, About]) -> Iterator[Exchange]:
    for name, mine in about.items():  # what they are about is there
        with refusals.broken(desk, BY_NAME[name]):
            yield send(desk, BY_NAME[name], mine)
    with outages.tight(desk):
        for name, route in _refusing(429):
            yield outages.asked_too_often(desk, route, about[name])
    with outages.away(desk):
        for name, route in _refusing(503):
            yield send(desk, route, about[name])
    with outages.read_only(desk):
        yield send(desk, BY_NAME["coaches_put"], about["coaches_put"])
    with outages.clock_off(desk):
        yield send(desk, BY_NAME["coaches_put"], about["coaches_put"])


def _refusing(status: int) -> Iterator[tuple[str, Route]]:
    for name, route in BY_NAME.items():
        if status in responses_of(route):
            yield name, route


def _of_nobody(desk: Desk, own: Things) -> Iterator[Exchange]:
    for request in REQUESTS:
        for thing, (_, nobodys) in request.others.items():
            if nobodys == 404:
                mine = About(request, own, {thing: NOBODY})
                yield send(desk, BY_NAME[request.operation], mine)


def _unread(desk: Desk) -> Iterator[Exchange]:
    """What the server refuses before it is anybody's request."""
    app: Any = desk.client.application
    assert isinstance(app, App)
    for kind in UNREAD:
        line, headers, body = app.unread(kind, {})
        named = dict(headers)
        yield Exchange(
            operation="",
            method="",
            path="",
            headers={},
            body=None,
            status=int(line[:3]),
            media=named["Content-Type"],
            answer=orjson.loads(body),
            answered=named,
        )
