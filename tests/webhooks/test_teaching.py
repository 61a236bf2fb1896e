"""Errors teach: they say what to send, and all of it at once."""

from collections.abc import Iterator
from typing import Any

from tests.support.http_client import SETTINGS, Desk
from webhooks.api.routes import ROUTES
from webhooks.api.schemas.requests import CLOCK_TIME
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
