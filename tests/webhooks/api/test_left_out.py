"""What a platform leaves out of a coach stays as the coach chose it on "More settings"."""

from typing import Any

import pytest

from tests.support.http_client import SETTINGS, Desk

CHOSEN: dict[str, Any] = {
    "place": {"kind": "url", "value": "https://meet.example/ada"},
    "place_kinds": ["url", "phone"],
    "event_policy": "restore",
}
USUAL = {"place": None, "place_kinds": None, "event_policy": "ask"}


@pytest.mark.parametrize("name", CHOSEN)
def test_what_is_left_out_stays_and_what_is_sent_counts(one_desk: Desk, name: str) -> None:
    path = "/v1/coaches/ada"
    assert one_desk.put(path, SETTINGS).json[name] == USUAL[name]
    assert one_desk.put(path, SETTINGS | CHOSEN).json[name] == CHOSEN[name]
    assert one_desk.put(path, SETTINGS | {"name": "Ada"}).json[name] == CHOSEN[name]
    assert one_desk.put(path, SETTINGS | {name: USUAL[name]}).json[name] == USUAL[name]
