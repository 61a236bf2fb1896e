"""Every page that any of our apps routes to is looked at in a browser: a route that answers GET
is in exactly one table here, so that a new page without a look is red.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest
from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound

from tests.browser import laptop
from tests.browser.every_page import NAMES, paths_of
from webhooks.app import bare_app
from webhooks.demo import index_pages, postbox_pages
from webhooks.demo.index import Index
from workers.cronofy.sandbox.app import create_app as sandbox_app
from workers.cronofy.sandbox.world import World

HERE = Path(__file__).parent
APPS: Mapping[str, Flask] = {
    "product": bare_app(),
    "postbox": postbox_pages.create_app(tuple),
    "sandbox": sandbox_app(World()),
    "index": index_pages.create_app(cast(Index, None)),  # for its routes alone
}
OPS = "test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen"
LOOKED_AT = {
    "product": {
        "/": "test_the_front_and_what_is_not_there",
        "/docs": "test_the_manual_is_usable",
        "/ops": OPS,
        "/ops/audit": OPS,
        "/ops/bookings/<booking_id>": OPS,
        "/ops/causes": OPS,
        "/ops/coaches/<coach_id>/history": OPS,
        "/ops/endpoints": "test_an_endpoint_is_paused_resumed_and_tested_by_keyboard",
        "/ops/pauses": OPS,
        "/ops/requests/<request_id>": OPS,
        "/ops/sessions/<session_id>": OPS,
        "/ops/coaches/<coach_id>": OPS,
        "/ops/login": OPS,
        "/ops/outbox": OPS,
        "/ops/outbox/<outbox_id>": OPS,
        "/ops/people/<person_id>": OPS,
        "/ops/refusals": OPS,
        "/ops/storm": OPS,
        "/ops/overlaps": OPS,
        "/ops/withheld": OPS,
    }
}
"""Pages that are in no table of `paths`, and the test that looks at each."""
NO_PAGES = {
    "product": {
        "/book/bookings/<booking_id>/calendar": "a file",
        "/book/grid": "a piece of the week",
        "/brand/<colour>.css": "a sheet",
        "/brand/<digest>.png": "a picture",
        "/connect/callback": "leads on; what it may say instead is the problem page",
        "/f/<feed_token>.ics": "a file",
        "/favicon.ico": "a picture",
        "/healthz": "for machines",
        "/metrics": "for machines",
        "/openapi.json": "for machines",
        "/ops/causes/live": "a piece of its page",
        "/ops/coaches/<coach_id>/live": "a piece of its page",
        "/ops/endpoints/live": "a piece of its page",
        "/ops/find": "leads on",
        "/ops/live": "a piece of its page",
        "/ops/oidc/callback": "leads on; what it may say instead is the login page",
        "/ops/oidc/login": "leads on; what it may say instead is the login page",
        "/ops/outbox/<outbox_id>/live": "a piece of its page",
        "/ops/plots": "a piece of its page",
        "/ops/storm/live": "a piece of its page",
        "/ops/withheld/live": "a piece of its page",
        "/p/<token>": "leads on; a spent link's page is the visit's end",
        "/pages/zones/<tongue>/<version>.json": "for scripts",
        "/readyz": "for machines",
        "/settings/accounts": "a piece of its page",
        "/settings/conferencing/back/<token>": "leads on, or a page like the consent",
    },
    "postbox": {"/mails.json": "for scripts", "/mails/<int:number>/raw": "a mail as it came"},
}
MACHINES = re.compile(r"/v1/|/sandbox/|.*/static/|/static/")
"""Answered with JSON, or files."""


def routed(app: Flask) -> set[str]:
    """What may be asked by GET and is not for machines by its place."""
    rules = (rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    return {rule.rule for rule in rules if not MACHINES.match(rule.rule)}


def walked(name: str) -> set[str]:
    """The routes to which the paths of the tables lead."""
    if name == "product":
        ids: defaultdict[str, str] = defaultdict(lambda: "x", consent="/c/x")
        paths = [path for viewer in NAMES for path in paths_of(viewer, ids).values()]
    else:
        paths = list(laptop.PATHS[name].values())
    found = set()
    for path in paths:
        rule = rule_of(APPS[name], path.partition("?")[0].format(profile="x"))
        if rule is not None:
            found.add(rule)
    return found


def rule_of(app: Flask, path: str) -> str | None:
    try:
        rule, _ = app.url_map.bind("127.0.0.1").match(path, "GET", return_rule=True)
    except (NotFound, MethodNotAllowed):
        return None
    return rule.rule


@pytest.mark.parametrize("name", APPS)
def test_every_page_route_is_looked_at(name: str) -> None:
    looked_at, no_pages = LOOKED_AT.get(name, {}), NO_PAGES.get(name, {})
    told = [*walked(name), *looked_at, *no_pages]
    assert sorted(told) == sorted(routed(APPS[name]))


def test_each_look_is_a_test_that_there_is() -> None:
    tests = "\n".join(path.read_text() for path in HERE.glob("test_*.py"))
    named = {test for looks in LOOKED_AT.values() for test in looks.values()}
    assert [test for test in named if f"def {test}(" not in tests] == []


def test_a_new_page_without_a_look_is_red() -> None:
    app = postbox_pages.create_app(tuple)
    app.add_url_rule("/new", view_func=lambda: "")
    assert routed(app) - routed(APPS["postbox"]) == {"/new"}
