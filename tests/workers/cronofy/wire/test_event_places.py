"""Where an event is, as it is sent to Cronofy: only what there is."""

from dataclasses import replace

import orjson
import pytest

from tests.workers.cronofy.sent_events import EVENT
from workers.cronofy.wire import request_bodies

LINK = "https://meet.example/ada"


@pytest.mark.parametrize(
    ("location", "url", "sent"),
    [
        ("", "", {}),
        ("12 High Street", "", {"location": {"description": "12 High Street"}}),
        (LINK, LINK, {"location": {"description": LINK}, "url": LINK}),
    ],
)
def test_where_it_is_is_sent_in_their_words(location: str, url: str, sent: dict[str, str]) -> None:
    body = orjson.loads(request_bodies.event(replace(EVENT, location=location, url=url)))
    plain = orjson.loads(request_bodies.event(EVENT))
    assert body == plain | sent


def test_it_is_kept_out_of_logs() -> None:
    assert "meet.example" not in repr(replace(EVENT, location=LINK, url=LINK))
